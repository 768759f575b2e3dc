//! The way back of a dead letter: a run of its own, with the same record under the same key.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::dead_letter::DeadLetterState;
use domain::flow::Parcel;
use domain::replay_job::ReplayJob;
use domain::run::{Cause, Failure};
use domain::trace::Trace;
use domain::{DeadLetterId, RunId, TenantId};
use store::{Commit, DeadLetters as _, Expect, FlowStates as _, Runs as _, Versioned};

use crate::dead_letters::is_parked;
use crate::ends::may_begin;
use crate::error::PipelineError;
use crate::key::new_key;
use crate::room::Room;
use crate::trigger::{TRIES_MAX, block, queued, usable};

/// Replays of one flow that may be under way at once, so that a run still finds its own parcels among theirs.
pub(crate) const REPLAYS_MAX: usize = 100;

/// How a letter is sent on its way again.
#[derive(Clone, Copy, Debug, Default)]
pub struct How<'a> {
    /// Under a new idempotency key: the remote takes it for another record.
    pub as_new: bool,
    /// The caller's trace.
    pub trace: Option<&'a Trace>,
    /// The work that it is a part of, as the same commit leaves it.
    pub job: Option<&'a Versioned<ReplayJob>>,
}

pub(crate) async fn replay(
    room: &Room,
    tenant: &TenantId,
    id: &DeadLetterId,
    actor: &Actor,
    how: How<'_>,
) -> Result<RunId, PipelineError> {
    let unknown = || PipelineError::UnknownDeadLetter(id.clone());
    for _ in 0..TRIES_MAX {
        let row = room.store.dead_letter(tenant, id)?.ok_or_else(unknown)?;
        let mut letter = row.value;
        is_parked(&letter)?;
        if letter.replays >= room.options.replays_max {
            // A program that replays whatever comes back would otherwise do so for ever.
            return Err(PipelineError::ReplayedTooOften { id: id.clone(), replays: letter.replays });
        }
        if letter.event.is_some() {
            // Not a record yet: its way back begins at the inbox.
            let letter = Versioned { version: row.version, value: letter };
            match crate::unread::replay(room, tenant, letter, actor, how.job).await? {
                Some(run) => return Ok(run),
                None => continue,
            }
        }
        let flow = usable(room, tenant, &letter.flow)?;
        let open = room.store.open_runs_of(tenant, &flow.name)?;
        let replays = open.iter().filter(|run| run.value.cause == Cause::Replay);
        if replays.count() >= REPLAYS_MAX {
            return Err(PipelineError::TooManyReplays(flow.name));
        }
        let now = room.now();
        let mut run = queued(room, &flow, Cause::Replay, how.trace, now);
        let mut commit = Commit::new();
        let mut replayed =
            Happening::new(now, actor.clone(), Verb::DeadLetterReplayed, Subject::dead_letter(id));
        match may_begin(&room.store, tenant, &flow, Cause::Replay, &run.id) {
            Err(reason) => {
                // The dead letter stays where it is; the row says why.
                let failure = Failure::from(&reason);
                replayed = replayed.failed(&failure.code);
                block(&mut run, failure, now);
            }
            Ok(pins) => {
                if how.as_new {
                    letter.former_keys.push(std::mem::take(&mut letter.idempotency_key));
                    letter.idempotency_key = new_key(&letter);
                    letter.key_since = Some(now);
                    replayed = replayed.changing(&["idempotency_key"]);
                }
                run.pins = Some(pins);
                let state = room.store.flow_state(tenant, &flow.name)?;
                let parcel = Parcel {
                    seq: state.value.next_seq,
                    run: run.id.clone(),
                    key: letter.key.clone(),
                    idempotency_key: letter.idempotency_key.clone(),
                    body: letter.sent_body().clone(),
                    accepted_at: now,
                    attempts: Vec::new(),
                    forgiven: 0,
                    next_at: now,
                    replay_of: Some(id.clone()),
                };
                run.first_seq = state.value.next_seq;
                let mut moved = state.value;
                moved.next_seq += 1;
                run.counts.read = 1;
                letter.state =
                    DeadLetterState::Replaying { run: run.id.clone(), by: Some(actor.to_string()) };
                letter.replays = letter.replays.saturating_add(1);
                commit.put_parcel(tenant, &flow.name, &parcel, Expect::Absent);
                commit.put_flow_state(tenant, &flow.name, &moved, Expect::Version(state.version));
                commit.put_dead_letter(tenant, &letter, Expect::Version(row.version));
            }
        }
        commit.put_run(tenant, &run, Expect::Absent);
        if let Some(job) = how.job {
            commit.put_replay_job(tenant, &job.value, Expect::Version(job.version));
        }
        commit.record(Chain::Tenant(tenant.clone()), replayed);
        match room.store.commit(commit).await {
            Ok(()) => return Ok(run.id),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let row = room.store.dead_letter(tenant, id)?.ok_or_else(unknown)?;
    Err(PipelineError::Contended(row.value.flow))
}
