//! The end of a run: its last row, what becomes of what it leaves, and what it has learnt about its profiles.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::event::Event;
use domain::profile::CallOutcome;
use domain::run::{Cause, Failure, Run, RunStatus};
use domain::{ProfileName, TenantId};
use store::{Commit, Events as _, Profiles as _, StoreError};

use crate::lease::{Halt, Held};
use crate::outbox::Waiting;
use crate::room::Room;
use crate::settle::park_again;

/// How often a note on a profile is written again because the profile changed meanwhile.
const TRIES_MAX: u32 = 5;

/// How a run ends.
pub(crate) enum Ending {
    /// Everything that was read has met its fate.
    Done,
    /// It cannot go on. What waits in the outbox is the next run's; a replayed record is parked again.
    Stopped(Failure),
    /// It could not even begin.
    Blocked(Failure),
}

pub(crate) async fn end(held: &mut Held, ending: Ending) -> Result<(), Halt> {
    let mut commit = Commit::new();
    let mut run = held.run.clone();
    let failure = match &ending {
        Ending::Done => None,
        Ending::Stopped(failure) | Ending::Blocked(failure) => Some(failure),
    };
    if let Some(failure) = failure {
        if run.cause == Cause::Replay {
            let waiting = Waiting { store: &held.room.store, tenant: &held.tenant, run: &held.run };
            for parcel in waiting.all()? {
                park_again(held, &mut commit, &parcel, failure)?;
                run.counts.dead_lettered += 1;
            }
        }
        run.failure = Some(failure.clone());
    }
    run.status = match ending {
        Ending::Blocked(_) => RunStatus::Blocked,
        Ending::Stopped(_) => RunStatus::Failed,
        Ending::Done if run.failure.is_some() => RunStatus::Failed,
        Ending::Done if run.counts.dead_lettered > 0 => RunStatus::Partial,
        Ending::Done => RunStatus::Succeeded,
    };
    let now = held.room.now();
    run.finished_at = Some(now);
    tell(held, &mut commit, &run)?;
    let ended = Happening::new(now, Actor::Host, Verb::RunEnded, Subject::run(&run.flow, &run.id));
    let ended = match (&run.failure, run.status) {
        (Some(failure), _) => ended.failed(&failure.code),
        (None, RunStatus::Succeeded) => ended,
        (None, _) => ended.failed("partial"),
    };
    commit.record(Chain::Tenant(held.tenant.clone()), ended);
    held.end(commit, |row| {
        row.status = run.status;
        row.counts = run.counts;
        row.failure = run.failure;
        row.finished_at = run.finished_at;
        row.source_done = true;
    })
    .await
}

/// What of a run's end somebody may want to be told.
fn tell(held: &Held, commit: &mut Commit, run: &Run) -> Result<(), Halt> {
    let (room, now) = (&held.room, held.room.now());
    if let Some(event) = Event::of_run(room.event_id(), now, run) {
        room.store.tell(commit, &held.tenant, &event)?;
    }
    if run.counts.dead_lettered > 0 {
        let event = Event::dead_letters(room.event_id(), now, run, run.counts.dead_lettered);
        room.store.tell(commit, &held.tenant, &event)?;
    }
    Ok(())
}

/// Best effort: a note that is lost is made again by the next run.
pub(crate) async fn note(
    room: &Room,
    tenant: &TenantId,
    profile: &ProfileName,
    outcome: &CallOutcome,
) -> Result<(), StoreError> {
    let store = &room.store;
    for _ in 0..TRIES_MAX {
        let Some(row) = store.profile(tenant, profile)? else { return Ok(()) };
        let mut noted = row.value.clone();
        noted.note(outcome.clone());
        let change = noted.restand(outcome.at);
        let mut commit = Commit::new();
        if let Some(change) = change {
            let event = Event::status_changed(room.event_id(), &noted, &change);
            store.tell(&mut commit, tenant, &event)?;
        }
        commit.put_health(tenant, &row, noted);
        match store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    Ok(())
}
