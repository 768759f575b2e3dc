//! What the policy of a profile says of a request, what its connector tried, and the least that it needs.

use std::sync::Arc;

use domain::audit::{Subject, Verb};
use domain::egress::{Explained, Request, Spent};
use domain::manifest;
use domain::observation::{Observation, Proposal};
use domain::profile::Profile;
use domain::{Gate, ProfileName};
use egress::Refusal;
use store::{Expect, Observations as _};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How often a change is tried again when a call wrote to the row meanwhile.
const CHANGE_TRIES: usize = 64;

/// What every gate says of one request.
#[derive(Debug)]
pub struct Explanation {
    /// The verdicts, in order.
    pub explained: Explained,
    /// Why no call of this profile would be made at all now, whatever the gates say.
    pub unready: Option<String>,
}

/// What a profile's connector tried, with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What was tried, and from when to when.
    pub seen: Observation,
    /// Whether it still goes on.
    pub on: bool,
    /// The least policy.
    pub proposal: Proposal,
}

impl Tenant {
    /// Asks every gate about a request of this profile. The name is looked up, so that the last gate is judged too;
    /// nothing is sent, no credential is opened and no budget is spent.
    pub async fn explain(&self, profile: &ProfileName, request: Request) -> Result<Explanation, Error> {
        let row = self.profile(profile)?;
        let connector = self.connector_of(&row)?;
        let policy = Arc::new(self.rooms.connectors.policy(&row, &connector)?);
        let explained = policy.explain(request, Spent::default());
        let looked_up = match explained.permit() {
            Some(permit) => Some(self.rooms.egress.look_up(&self.id, permit).await),
            None => None,
        };
        let explained = match looked_up {
            None => explained,
            Some(Ok(vetted)) => explained.vetted(Ok(&vetted)),
            Some(Err(Refusal::Denied(denial))) if denial.gate == Gate::Address => {
                explained.vetted(Err(denial))
            }
            // Too many of the tenant's names are being looked up.
            Some(Err(Refusal::Denied(denial))) => explained.unresolved(denial.reason),
            Some(Err(Refusal::Failed(failure))) => explained.unresolved(failure.message),
        };
        let unready = self.rooms.connectors.unready(&self.id, &row).map(|reason| reason.to_string());
        Ok(Explanation { explained, unready })
    }

    /// Takes down what the profile's connector tries, for so long from now. While it is on already, only its end moves.
    /// It lets nothing through that the grant does not.
    pub async fn observe(&self, profile: &ProfileName, for_ms: u64) -> Result<Observed, Error> {
        let now = self.now();
        self.change_observation(profile, Verb::ProfileObserved, |seen| {
            let fresh = Observation::new(now, for_ms);
            match seen {
                Some(seen) if seen.is_on(now) => Ok(Observation { until: fresh.until, ..seen }),
                _ => Ok(fresh),
            }
        })
        .await
    }

    /// Ends an observation. What it has seen stays until the next one begins.
    pub async fn stop_observing(&self, profile: &ProfileName) -> Result<Observed, Error> {
        let now = self.now();
        self.change_observation(profile, Verb::ProfileObservationEnded, |seen| match seen {
            Some(seen) => Ok(Observation { until: seen.until.min(now), ..seen }),
            None => Err(never(profile)),
        })
        .await
    }

    /// What was tried in the profile's last observation, and the least policy that covers it.
    pub fn observed(&self, profile: &ProfileName) -> Result<Observed, Error> {
        let row = self.profile(profile)?;
        let seen = self.rooms.store.observation(&self.id, profile)?;
        self.shown(&row, seen.ok_or_else(|| never(profile))?.value)
    }

    fn shown(&self, row: &Profile, seen: Observation) -> Result<Observed, Error> {
        let requested = manifest::requested_hosts(&self.connector_of(row)?.manifest, &row.config)?;
        let proposal = Proposal::new(&seen, &requested, &row.grant);
        Ok(Observed { on: seen.is_on(self.now()), proposal, seen })
    }

    async fn change_observation(
        &self,
        profile: &ProfileName,
        verb: Verb,
        change: impl Fn(Option<Observation>) -> Result<Observation, Error>,
    ) -> Result<Observed, Error> {
        let row = self.profile(profile)?;
        for _ in 0..CHANGE_TRIES {
            let found = self.rooms.store.observation(&self.id, profile)?;
            let expect = found.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
            let seen = change(found.map(|found| found.value))?;
            let mut told = self.change(verb, Subject::profile(profile), &["observation"]);
            told.commit().put_observation(&self.id, profile, &seen, expect);
            match self.rooms.store.commit(told).await {
                Ok(()) => return self.shown(&row, seen),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let message =
            format!("the observation of {profile} is being written by many calls at once; try again");
        Err(Error::new(Kind::Conflict, "contended", message))
    }
}

fn never(profile: &ProfileName) -> Error {
    let message = format!(
        "{profile} has never been observed; begin with `lockgate policy observe {profile}`, and let it work"
    );
    Error::new(Kind::NotFound, "not_observed", message)
}
