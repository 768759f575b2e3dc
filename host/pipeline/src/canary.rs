//! Counts how a version that is tried fares beside the one in use, and gives it up where it fails more often.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::canary::{Tally, Trial};
use domain::event::Event;
use domain::profile::Profile;
use domain::{EventId, TenantId, Timestamp};
use store::{Change, Commit, Events as _, Expect, Profiles as _, Store, StoreError, Trials as _};

use crate::room::Room;

/// Runs and calls of one profile that end together write to one row; each failure is somebody else's progress.
const TRIES_MAX: usize = 64;

/// The outcome of an entry that the host makes by itself.
const FAILED_MORE: &str = "failed_more_often";

/// What was tried with one version, as a flow or a person called it.
pub(crate) struct Tried<'a> {
    pub(crate) tenant: &'a TenantId,
    /// As it was called: its connector is of the version that was.
    pub(crate) profile: &'a Profile,
    pub(crate) tally: Tally,
    pub(crate) at: Timestamp,
}

/// The same for a run's own calls.
pub(crate) async fn note(
    room: &Room,
    tenant: &TenantId,
    profile: &Profile,
    tally: Tally,
) -> Result<(), StoreError> {
    let tried = Tried { tenant, profile, tally, at: room.now() };
    count(&room.store, tried, || room.event_id()).await
}

/// Adds what was tried with one version. Where the profile tries nothing, this costs nothing.
///
/// A version that is given up is gone, audited and told in the one commit that says so.
pub(crate) async fn count(
    store: &Store,
    tried: Tried<'_>,
    event_id: impl Fn() -> EventId,
) -> Result<(), StoreError> {
    let Tried { tenant, profile, tally, at: now } = tried;
    let Some(begun) = profile.canary.as_ref().filter(|_| tally.tries > 0) else { return Ok(()) };
    for _ in 0..TRIES_MAX {
        let Some(row) = store.profile(tenant, &profile.name)? else { return Ok(()) };
        let Some(canary) = row.value.canary.as_ref().filter(|canary| canary.since == begun.since) else {
            return Ok(());
        };
        let found = store.trial(tenant, &profile.name)?;
        let expect = found.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
        let mut trial = Trial::following(found.map(|found| found.value), canary);
        if profile.connector.version == canary.version {
            trial.canary.add(tally);
        } else {
            trial.in_use.add(tally);
        }
        let commit = if trial.has_failed() {
            trial.rolled_back_at = Some(now);
            let (tried, ours) = (trial.canary, trial.in_use);
            tracing::warn!(%tenant, profile = %profile.name, version = %canary.version, ?tried, ?ours, "a canary is rolled back");
            let subject = Subject::profile(&profile.name);
            let told = Happening::new(now, Actor::Host, Verb::CanaryRolledBack, subject)
                .changing(&["canary"])
                .failed(FAILED_MORE);
            let mut change = Change::new(Chain::Tenant(tenant.clone()), told);
            let restored = Profile { canary: None, updated_at: now, ..row.value.clone() };
            change.put_profile(tenant, &restored, Expect::Version(row.version));
            let event = Event::rolled_back(event_id(), now, &row.value, &trial);
            store.tell(change.commit(), tenant, &event)?;
            change.commit().put_trial(tenant, &profile.name, &trial, expect);
            Commit::from(change)
        } else {
            let mut commit = Commit::new();
            commit.put_trial(tenant, &profile.name, &trial, expect);
            commit
        };
        match store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    tracing::warn!(%tenant, profile = %profile.name, "how a canary fares is being written by too many at once");
    Ok(())
}
