//! Cuts to its bound what is kept for a time: the log, runs that are over, dead letters, answers under a key. The audit
//! trail is not among it.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::cassette::RECORDED_MS_MAX;
use domain::{TenantId, Timestamp};
use store::{
    Answers as _, Cassettes as _, Commit, DeadLetters as _, Logs as _, ReplayJobs as _, Runs as _, StoreError,
};

use crate::inbox::forget;
use crate::room::Room;
use crate::schedule::tenants;

/// Replays of many dead letters that are remembered after their end.
const REPLAY_JOBS_KEPT: usize = 50;

/// As long as a consent to record may last: a cassette holds what a customer's records say.
const CASSETTES_KEPT_MS: u64 = RECORDED_MS_MAX;

pub(crate) async fn prune(room: &Room) -> Result<(), StoreError> {
    let (store, options, now) = (&room.store, &room.options, room.now());
    let before = |ms: u64| Timestamp::from_ms(now.as_ms().saturating_sub_unsigned(ms));
    for tenant in tenants(store)? {
        all_of(room, || store.prune_logs(&tenant, options.log_entries_max)).await?;
        all_of(room, || store.prune_answers(&tenant, before(options.answers_kept_ms))).await?;
        all_of(room, || store.prune_cassettes(&tenant, before(CASSETTES_KEPT_MS))).await?;
        all_of(room, || store.prune_runs(&tenant, options.runs_kept, before(options.runs_kept_ms))).await?;
        all_of(room, || store.prune_replay_jobs(&tenant, REPLAY_JOBS_KEPT)).await?;
        expire(room, &tenant, now).await?;
        forget(room, &tenant).await?;
    }
    Ok(())
}

/// A part after the other, until nothing is left. What somebody changes at the same moment is left for the next time.
async fn all_of(room: &Room, part: impl Fn() -> Result<Commit, StoreError>) -> Result<(), StoreError> {
    loop {
        let commit = part()?;
        if commit.is_empty() {
            return Ok(());
        }
        match room.store.commit(commit).await {
            Err(error) if error.is_conflict() => return Ok(()),
            other => other?,
        }
    }
}

async fn expire(room: &Room, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
    loop {
        let (mut commit, count) = room.store.prune_letters(tenant, now)?;
        if count == 0 {
            return Ok(());
        }
        tracing::info!(%tenant, count, "dead letters were removed: their time was over");
        let subject = Subject::dead_letters(tenant);
        let expired = Happening::new(now, Actor::Host, Verb::DeadLettersExpired, subject);
        commit.record(Chain::Tenant(tenant.clone()), expired);
        match room.store.commit(commit).await {
            Err(error) if error.is_conflict() => return Ok(()),
            other => other?,
        }
    }
}
