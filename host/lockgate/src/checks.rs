//! The verification call of a profile: soon over, one at a time, and never made twice because a remote is busy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::audit::{Subject, Verb};
use domain::call::GuestError;
use domain::profile::{LastExchange, OutcomeFailure, Profile};
use domain::{ProfileKey, ProfileName};
use pipeline::Ready;
use store::{Commit, Profiles as _};
use tokio::sync::OnceCell;

use crate::calls::{counted, to_its_end};
use crate::error::Error;
use crate::tenant::Tenant;

/// A check that takes longer says by that how its profile fares.
const CHECK_MS_MAX: u64 = 10_000;

type Outcome = Result<Result<(), GuestError>, Error>;

/// Checks under way: whoever asks meanwhile gets the same answer.
#[derive(Default)]
pub(crate) struct Checks(Mutex<HashMap<ProfileKey, Arc<OnceCell<Outcome>>>>);

/// A profile after its status was worked out anew.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// As it is now.
    pub profile: Profile,
    /// How the verification call went.
    pub outcome: Result<(), GuestError>,
}

impl Checks {
    fn join(&self, key: &ProfileKey) -> Arc<OnceCell<Outcome>> {
        self.lock().entry(key.clone()).or_default().clone()
    }

    fn leave(&self, key: &ProfileKey, cell: &Arc<OnceCell<Outcome>>) {
        let mut under_way = self.lock();
        if under_way.get(key).is_some_and(|current| Arc::ptr_eq(current, cell)) {
            under_way.remove(key);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProfileKey, Arc<OnceCell<Outcome>>>> {
        // A map that somebody panicked over holds whole entries all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    /// Verifies that a profile's target and credential work, and remembers the outcome for its status. Whoever asks while
    /// it is being verified gets the same outcome.
    pub async fn check(&self, profile: &ProfileName) -> Outcome {
        let key = ProfileKey { tenant: self.id.clone(), profile: profile.clone() };
        let cell = self.rooms.checks.join(&key);
        let (tenant, name) = (self.clone(), profile.clone());
        let call = || to_its_end(async move { Box::pin(tenant.check_now(&name)).await });
        let outcome = cell.get_or_init(call).await.clone();
        self.rooms.checks.leave(&key, &cell);
        outcome
    }

    /// Verifies a profile now, and gives it with the status that follows.
    pub async fn refresh(&self, profile: &ProfileName) -> Result<Refreshed, Error> {
        let outcome = self.check(profile).await?;
        self.restand(profile).await?;
        Ok(Refreshed { profile: self.profile(profile)?, outcome })
    }

    async fn check_now(&self, profile: &ProfileName) -> Outcome {
        self.rooms.store.takes_writes()?;
        let row = self.profile(profile)?;
        let _place = self.place_for_a_call()?;
        let prepared = self.prepare(&row).await?;
        // It finds out more about a refused credential than any other call could.
        Ready::for_a_check(&self.rooms.store, &self.id, profile, self.now()).await?;
        let correlation = self.correlation();
        let mut call = prepared.call_for(&correlation);
        call.limits.wall_ms = call.limits.wall_ms.min(CHECK_MS_MAX);
        let report = prepared.linked.check(&call).await;
        // Whoever asks now is a probe, whatever the circuit says, and a good answer closes it.
        let of = ProfileKey { tenant: self.id.clone(), profile: profile.clone() };
        let circuits = self.rooms.connectors.circuits();
        match &report.outcome {
            Ok(Ok(())) => circuits.close(&of),
            _ => {
                circuits.note(&of, &report.exchanges, self.now());
            }
        }
        prepared.note(&report.exchanges).await;
        prepared.keep(report.cassette.as_deref(), &correlation).await;
        let last = LastExchange::of(&report.exchanges);
        let (code, told) = match &report.outcome {
            Ok(Ok(())) => (None, Some(None)),
            Ok(Err(error)) => {
                let failure = OutcomeFailure::counted(error.code(), error.blame(), last);
                (Some(error.code()), failure.map(Some))
            }
            Err(failure) => (Some(failure.fault.code()), counted(failure, last).map(Some)),
        };
        let checked = self.happening(Verb::ProfileChecked, Subject::profile(profile));
        let checked = match code {
            Some(code) => checked.failed(code),
            None => checked,
        };
        self.keep_log(&row, &report, "check", &correlation, checked).await?;
        if let Some(failure) = told {
            self.note(profile, failure).await?;
        }
        if matches!(report.outcome, Ok(Ok(()))) {
            self.wake_waiting(profile).await;
        }
        Ok(report.outcome?)
    }

    /// Writes down how a profile fares now.
    async fn restand(&self, profile: &ProfileName) -> Result<(), Error> {
        let Some(row) = self.rooms.store.profile(&self.id, profile)? else { return Ok(()) };
        let mut seen = row.value.clone();
        let change = seen.restand(self.now());
        if seen == row.value {
            return Ok(());
        }
        let mut commit = Commit::new();
        self.tell_status(&mut commit, &seen, change)?;
        commit.put_health(&self.id, &row, seen);
        match self.rooms.store.commit(commit).await {
            // Whoever was faster has written it down too.
            Err(error) if error.is_conflict() => Ok(()),
            other => Ok(other?),
        }
    }
}
