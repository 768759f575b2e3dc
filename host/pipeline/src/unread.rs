//! Events that a connector could not read: dead letters that keep what arrived, and their way back into the inbox.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::dead_letter::{DeadLetter, DeadLetterState, Step};
use domain::flow::Flow;
use domain::hook::InboxEvent;
use domain::replay_job::ReplayJob;
use domain::run::{Attempt, Cause, Failure};
use domain::{DeadLetterId, RecordKey, RunId, TenantId};
use serde_json::json;
use store::{Commit, DeadLetters as _, Expect, FlowStates as _, Versioned};

use crate::ends::Side;
use crate::error::PipelineError;
use crate::key::idempotency_key;
use crate::lease::{Halt, Held};
use crate::room::Room;
use crate::trigger::{open_run, queued, usable};

/// Parks the event with everything that arrived.
pub(crate) fn bury(
    held: &Held,
    flow: &Flow,
    source: &Side,
    event: &InboxEvent,
    (attempt, cause): (&Attempt, &Failure),
    commit: &mut Commit,
) -> Result<(), Halt> {
    let room = &held.room;
    let mut attempts = event.attempts.clone();
    attempts.push(attempt.clone());
    if let Some(mut letter) = replayed(held, event)? {
        letter.state = DeadLetterState::Parked;
        letter.cause = cause.clone();
        letter.attempts = attempts;
        commit.put_dead_letter(&held.tenant, &letter, Expect::Any);
        return Ok(());
    }
    let key = key_of(event)?;
    let letter = DeadLetter {
        id: DeadLetterId::make(room.clock.as_ref(), room.randomness.as_ref()),
        flow: flow.name.clone(),
        run: held.run.id.clone(),
        flow_version: Some(flow.version),
        source: flow.source.profile.clone(),
        destination: flow.destination.profile.clone(),
        connector: source.ready.profile.connector.clone(),
        idempotency_key: idempotency_key(&held.tenant, &flow.name, &key),
        key,
        body: json!({
            "hook": event.hook, "trigger": event.trigger, "event_id": event.event_id, "bytes": event.body.0.len(),
        }),
        cause: cause.clone(),
        attempts,
        correlation: event.correlation.clone(),
        buried_at: room.now(),
        step: Step::Record,
        digest: Some(source.ready.connector.digest.clone()),
        edited: None,
        mapped: None,
        exchange: None,
        former_keys: Vec::new(),
        key_since: None,
        trace_state: None,
        first_failed_at: None,
        last_failed_at: Some(room.now()),
        times: 1,
        note: None,
        expires_at: Some(room.now().plus_ms(room.options.letters_kept_ms)),
        state: DeadLetterState::Parked,
        replays: 0,
        event: Some(Box::new(InboxEvent { attempts: Vec::new(), ..event.clone() })),
    };
    commit.put_dead_letter(&held.tenant, &letter, Expect::Absent);
    Ok(())
}

/// Names it among the records of its flow.
fn key_of(event: &InboxEvent) -> Result<RecordKey, Halt> {
    // Letters and digits: it is always a key.
    format!("event/{}", event.id).parse().map_err(|_| Halt::Conflict)
}

/// A replayed event that was read leaves its dead letter behind.
pub(crate) fn resolve(held: &Held, event: &InboxEvent, commit: &mut Commit) -> Result<(), Halt> {
    let Some(mut letter) = replayed(held, event)? else { return Ok(()) };
    let by = match letter.state {
        DeadLetterState::Replaying { by, .. } => by,
        _ => None,
    };
    let now = held.room.now();
    letter.state = DeadLetterState::Resolved { run: held.run.id.clone(), at: now, by };
    letter.expires_at = Some(now.plus_ms(held.room.options.letters_ended_kept_ms));
    commit.put_dead_letter(&held.tenant, &letter, Expect::Any);
    Ok(())
}

fn replayed(held: &Held, event: &InboxEvent) -> Result<Option<DeadLetter>, Halt> {
    let Some(id) = &event.replay_of else { return Ok(None) };
    Ok(held.room.store.dead_letter(&held.tenant, id)?.map(|row| row.value))
}

/// Puts the event of a dead letter back into the inbox, with a run that reads it unless one is open. None: somebody was
/// faster, and it has to be decided again.
pub(crate) async fn replay(
    room: &Room,
    tenant: &TenantId,
    row: Versioned<DeadLetter>,
    actor: &Actor,
    job: Option<&Versioned<ReplayJob>>,
) -> Result<Option<RunId>, PipelineError> {
    let mut letter = row.value;
    let Some(event) = letter.event.clone() else { return Ok(None) };
    let flow = usable(room, tenant, &letter.flow)?;
    let now = room.now();
    let mut commit = Commit::new();
    let run = match open_run(room, tenant, &flow.name)? {
        Some(open) => open,
        None => {
            let state = room.store.flow_state(tenant, &flow.name)?;
            let mut moved = state.value;
            moved.last_run_at = Some(now);
            commit.put_flow_state(tenant, &flow.name, &moved, Expect::Version(state.version));
            let mut run = queued(room, &flow, Cause::Webhook, None, now);
            run.correlation = event.correlation.clone();
            commit.put_run(tenant, &run, Expect::Absent);
            run.id
        }
    };
    let again = InboxEvent { next_at: now, replay_of: Some(letter.id.clone()), ..*event };
    commit.put_event(tenant, &flow.name, &again, Expect::Absent);
    letter.state = DeadLetterState::Replaying { run: run.clone(), by: Some(actor.to_string()) };
    letter.replays = letter.replays.saturating_add(1);
    commit.put_dead_letter(tenant, &letter, Expect::Version(row.version));
    if let Some(job) = job {
        commit.put_replay_job(tenant, &job.value, Expect::Version(job.version));
    }
    let subject = Subject::dead_letter(&letter.id);
    let replayed = Happening::new(now, actor.clone(), Verb::DeadLetterReplayed, subject);
    commit.record(Chain::Tenant(tenant.clone()), replayed);
    match room.store.commit(commit).await {
        Ok(()) => {
            room.bell.ring(tenant, std::slice::from_ref(&flow.name));
            Ok(Some(run))
        }
        Err(error) if error.is_conflict() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
