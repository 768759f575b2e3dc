//! The end of a run: its last row, what becomes of what it leaves, and what it has learnt about its profiles.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::event::Event;
use domain::flow::Paused;
use domain::profile::CallOutcome;
use domain::run::{Cause, Failure, Run, RunStatus};
use domain::{Blame, ProfileName, TenantId};
use store::{Commit, Events as _, Expect, FlowStates as _, Flows as _, Profiles as _, StoreError};

use crate::lease::{Halt, Held};
use crate::outbox::left_by;
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
    /// Somebody asked for its end. What waits in the outbox is the next run's.
    Cancelled,
    /// The flow stands still from now on, until somebody resumes it.
    Paused(Paused),
}

/// A time that comes this soon may have come for somebody else, who then left it to the end of this run.
const SOON_MS: u64 = 60_000;

/// A row beside the run's own may change meanwhile; then it is decided again.
pub(crate) async fn end(held: &mut Held, ending: Ending) -> Result<(), Halt> {
    for _ in 1..TRIES_MAX {
        match try_end(held, &ending).await {
            Err(Halt::Conflict) => {}
            other => return other,
        }
    }
    try_end(held, &ending).await
}

async fn try_end(held: &mut Held, ending: &Ending) -> Result<(), Halt> {
    let mut commit = Commit::new();
    let mut run = held.run.clone();
    let failure = match ending {
        Ending::Done => None,
        Ending::Stopped(failure) | Ending::Blocked(failure) => Some(failure.clone()),
        Ending::Cancelled => Some(Failure {
            blame: Blame::Operator,
            code: "cancelled".to_owned(),
            message: "somebody asked for its end; what was accepted waits for the next run".to_owned(),
        }),
        Ending::Paused(paused) => Some(paused_at(paused)),
    };
    if let Some(failure) = failure {
        if run.cause == Cause::Replay {
            for parcel in left_by(&held.room.store, &held.tenant, &held.run)? {
                park_again(held, &mut commit, &parcel, &failure, None)?;
                run.counts.dead_lettered += 1;
            }
        }
        run.failure = Some(failure);
    }
    run.status = match ending {
        Ending::Blocked(_) => RunStatus::Blocked,
        Ending::Cancelled => RunStatus::Cancelled,
        Ending::Stopped(_) | Ending::Paused(_) => RunStatus::Failed,
        Ending::Done if run.failure.is_some() => RunStatus::Failed,
        Ending::Done if run.counts.dead_lettered > 0 => RunStatus::Partial,
        Ending::Done => RunStatus::Succeeded,
    };
    leave(held, &mut commit, ending)?;
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
        (row.suspension, row.polls) = (None, Vec::new());
    })
    .await
}

/// What the end of a run means for its flow: that it stands still, or that a time which came meanwhile is looked at again.
fn leave(held: &Held, commit: &mut Commit, ending: &Ending) -> Result<(), Halt> {
    let (store, tenant, name) = (&held.room.store, &held.tenant, &held.run.flow);
    if held.run.cause == Cause::Replay {
        return Ok(());
    }
    let state = store.flow_state(tenant, name)?;
    if let Ending::Paused(paused) = ending {
        let mut moved = state.value;
        moved.paused = Some(paused.clone());
        commit.put_flow_state(tenant, name, &moved, Expect::Version(state.version));
        return Ok(());
    }
    let soon = held.room.now().plus_ms(SOON_MS);
    if state.value.due_at.is_some_and(|at| at <= soon)
        && store.flow(tenant, name)?.is_some_and(|flow| flow.value.enabled && flow.value.schedule.is_some())
    {
        commit.look_at_flow(tenant, name);
    }
    Ok(())
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

fn paused_at(paused: &Paused) -> Failure {
    let Paused { key, reason, .. } = paused;
    let message = format!(
        "the flow stands still at the record {key} ({}: {}); mend what refuses it, then `lockgate flows resume`",
        reason.code, reason.message
    );
    Failure { blame: reason.blame, code: "flow_paused".to_owned(), message }
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
