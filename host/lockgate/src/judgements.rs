//! Another version of a profile's connector, judged before it is promoted: it plays what calls of the profile left behind.
//!
//! It plays them in the sandbox of every other call and reaches nothing: no request leaves, no secret is opened, and
//! nothing is kept but the audit entry. Only what the owner of this very profile lets be recorded is played.

use std::sync::Arc;
use std::time::Duration;

use domain::ProfileName;
use domain::audit::{Subject, Verb};
use domain::call::Limits;
use domain::cassette::{Chosen, Judged, Judgement, KEPT_MAX, Kept, Mode, Tally, Verdict};
use domain::connector::{Connector, ConnectorRef};
use runtime::{Linked, Patience};
use store::Cassettes as _;
use tokio::time::Instant;

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// What one judgement may take, so that it is over before its caller hangs up.
const TIME_MAX: Duration = Duration::from_secs(60);

/// The end of a call that nobody could answer.
const UNKNOWN: &str = "unknown";

/// What another version makes of the calls that were recorded.
#[derive(Clone, Debug)]
pub struct Judgements {
    /// The version that the profile uses.
    pub in_use: ConnectorRef,
    /// The one that is judged.
    pub version: ConnectorRef,
    /// One for each cassette that was played, the newest first.
    pub cassettes: Vec<JudgedCassette>,
    /// How many of each.
    pub tally: Tally,
    /// What it comes to.
    pub verdict: Verdict,
    /// There was no time for so many.
    pub not_played: usize,
    /// So many older ones are kept too.
    pub left_out: usize,
    /// So many cannot be played, because more happened in the call than a cassette may hold.
    pub truncated: usize,
}

/// What another version makes of one call.
#[derive(Clone, Debug)]
pub struct JudgedCassette {
    /// The call as it was.
    pub kept: Kept,
    /// How it ended this time: `ok`, the class of the guest's error, or how it broke; `unknown` where it asked for
    /// something that was not recorded.
    pub outcome: &'static str,
    /// The verdict, and what differs.
    pub judged: Judged,
}

impl Tenant {
    /// Plays cassettes of the profile's calls, the newest first and at most `most`, to another version of its connector:
    /// this one, or the highest. Refused unless the owner's consent to record the profile stands.
    pub async fn judge(
        &self,
        profile: &ProfileName,
        version: Option<&str>,
        most: Option<usize>,
    ) -> Result<Judgements, Error> {
        self.rooms.store.takes_writes()?;
        let row = self.profile(profile)?;
        let (old, new) = self.both(&row, version)?;
        if !self.recording(profile)?.is_on(self.now()) {
            let message = format!(
                "the consent to record {profile} is over, so nothing that it left behind is used; an owner consents again \
                 with `lockgate profiles record {profile}`"
            );
            return Err(Error::new(Kind::Conflict, "recording_ended", message));
        }
        let kept = self.rooms.store.cassettes(&self.id)?;
        let most = most.unwrap_or(KEPT_MAX).clamp(1, KEPT_MAX);
        let chosen = Chosen::of(kept, profile, &new.name, most);
        if chosen.cassettes.is_empty() {
            let message = format!(
                "no call of {profile} is recorded that could be played; `lockgate profiles record {profile} --all` keeps \
                 those to come"
            );
            return Err(Error::new(Kind::Conflict, "nothing_to_judge", message));
        }
        let _place = self.place_for_a_call()?;
        // What the cassettes hold is about to be used, whoever waits for the end of it.
        self.record(self.happening(Verb::ProfileJudged, Subject::profile(profile))).await?;
        let linked = self.rooms.connectors.version(&new).await?;
        let Chosen { cassettes, truncated, left_out } = chosen;
        let (all, judged) = (cassettes.len(), self.play_all(&linked, cassettes).await?);
        let mut tally = Tally::default();
        judged.iter().for_each(|one| tally.count(one.judged.judgement));
        let not_played = all.saturating_sub(judged.len());
        let verdict = tally.verdict(not_played);
        let (in_use, version) = (reference(&old), reference(&new));
        Ok(Judgements { in_use, version, cassettes: judged, tally, verdict, not_played, left_out, truncated })
    }

    /// One after the other, as long as there is time.
    async fn play_all(&self, linked: &Linked, cassettes: Vec<Kept>) -> Result<Vec<JudgedCassette>, Error> {
        let until = Instant::now() + TIME_MAX;
        let host = self.rooms.connectors.limits();
        let mut all = Vec::with_capacity(cassettes.len());
        for kept in cassettes {
            let left_ms = u64::try_from(until.duration_since(Instant::now()).as_millis()).unwrap_or(u64::MAX);
            if left_ms == 0 {
                break;
            }
            // A newer one may have taken its room meanwhile.
            if self.rooms.store.cassette(&self.id, &kept.id)?.is_none() {
                continue;
            }
            let cassette = match self.opened(&kept) {
                Ok(cassette) => Arc::new(cassette),
                // Of an older version of the host, perhaps: the others can be played all the same.
                Err(error) if error.code == "cassette_unreadable" => continue,
                Err(error) => return Err(error),
            };
            let limits = Limits { wall_ms: host.wall_ms.min(left_ms), ..host };
            let patience = Patience::Host(&limits);
            let played = Box::pin(linked.play(&self.id, cassette, Mode::Judge, patience)).await;
            let Some(judged) = played.judged else { continue };
            // What the host had no room or no time for says nothing of the version.
            let hosts = played.outcome.is_hosts() && judged.judgement == Judgement::Fails;
            if hosts || Instant::now() >= until {
                continue;
            }
            let outcome = match judged.judgement {
                Judgement::Unrecorded => UNKNOWN,
                _ => played.outcome.code(),
            };
            all.push(JudgedCassette { kept, outcome, judged });
        }
        Ok(all)
    }
}

fn reference(connector: &Connector) -> ConnectorRef {
    ConnectorRef { name: connector.name.clone(), version: connector.version.clone() }
}
