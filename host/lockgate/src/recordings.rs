//! Cassettes of calls in production: kept only while the owner of a profile consents, sealed, and given out one by one.

use domain::audit::{Subject, Verb};
use domain::cassette::{Cassette, Kept, Recording, Wanted};
use domain::{CassetteId, ProfileName, RunId};
use store::{Cassettes as _, Expect};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How often a change is tried again when somebody else changed the row meanwhile.
const CHANGE_TRIES: usize = 16;

impl Tenant {
    /// Consents to keep cassettes of the profile's calls, for so long from now and for at most 31 days. They hold what its
    /// records and remotes say, with what a name says is secret taken out, and are sealed with the tenant's key.
    pub async fn record_calls(
        &self,
        profile: &ProfileName,
        wanted: Wanted,
        for_ms: u64,
    ) -> Result<Recording, Error> {
        let recording = Recording::new(wanted, self.now(), for_ms);
        self.put_recording(profile, Verb::ProfileRecorded, |_| Ok(recording.clone())).await
    }

    /// Takes the consent back. What has been kept stays until its time is over, or the profile is deleted.
    pub async fn stop_recording(&self, profile: &ProfileName) -> Result<Recording, Error> {
        let now = self.now();
        self.put_recording(profile, Verb::ProfileRecordingEnded, |found| match found {
            Some(found) => Ok(Recording { until: found.until.min(now), ..found }),
            None => Err(never(profile)),
        })
        .await
    }

    /// The last consent, whether or not it still stands.
    pub fn recording(&self, profile: &ProfileName) -> Result<Recording, Error> {
        self.profile(profile)?;
        let found = self.rooms.store.recording(&self.id, profile)?;
        found.map(|found| found.value).ok_or_else(|| never(profile))
    }

    /// What is kept, oldest first: of all profiles or of one.
    pub fn cassettes(&self, profile: Option<&ProfileName>) -> Result<Vec<Kept>, Error> {
        let mut kept = self.rooms.store.cassettes(&self.id)?;
        kept.retain(|kept| profile.is_none_or(|profile| kept.profile == *profile));
        Ok(kept)
    }

    /// What is kept of a run's calls, oldest first.
    pub fn cassettes_of_run(&self, run: &RunId) -> Result<Vec<Kept>, Error> {
        let run = self.run(run)?;
        let mut kept = self.rooms.store.cassettes(&self.id)?;
        kept.retain(|kept| kept.correlation == run.correlation);
        Ok(kept)
    }

    /// One cassette, opened. That it was given out is in the audit trail.
    pub async fn cassette(&self, id: &CassetteId) -> Result<Cassette, Error> {
        let kept = self.rooms.store.cassette(&self.id, id)?;
        let kept = kept.ok_or_else(|| Error::not_found("cassette", id))?;
        let cassette = self.opened(&kept)?;
        self.record(self.happening(Verb::CassetteExported, Subject::profile(&kept.profile))).await?;
        Ok(cassette)
    }

    pub(crate) fn opened(&self, kept: &Kept) -> Result<Cassette, Error> {
        let file = self.rooms.store.cassette_file(&self.id, kept)?;
        Cassette::read(&file).map_err(|invalid| {
            tracing::error!(tenant = %self.id, cassette = %kept.id, %invalid, "a kept cassette cannot be read");
            Error::new(
                Kind::Internal,
                "cassette_unreadable",
                "the kept cassette cannot be read by this version",
            )
        })
    }

    async fn put_recording(
        &self,
        profile: &ProfileName,
        verb: Verb,
        change: impl Fn(Option<Recording>) -> Result<Recording, Error>,
    ) -> Result<Recording, Error> {
        // A profile that is removed meanwhile would leave a consent to whoever takes its name next.
        let _turn = self.turn().await;
        self.profile(profile)?;
        for _ in 0..CHANGE_TRIES {
            let found = self.rooms.store.recording(&self.id, profile)?;
            let expect = found.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
            let recording = change(found.map(|found| found.value))?;
            let mut told = self.change(verb, Subject::profile(profile), &["recording"]);
            told.commit().put_recording(&self.id, profile, &recording, expect);
            match self.rooms.store.commit(told).await {
                Ok(()) => return Ok(recording),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let message = format!("the recording of {profile} is being changed by others; try again");
        Err(Error::new(Kind::Conflict, "contended", message))
    }
}

fn never(profile: &ProfileName) -> Error {
    let message = format!(
        "nobody has consented to record {profile}; an owner does with `lockgate profiles record {profile}`"
    );
    Error::new(Kind::NotFound, "not_recorded", message)
}
