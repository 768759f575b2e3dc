//! What a person decides about a dead letter: another body, or that it is not to be delivered.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::dead_letter::{DeadLetter, DeadLetterState, Edited};
use domain::flow::Flow;
use domain::text::inert;
use domain::{CorrelationId, DeadLetterId, TenantId};
use serde_json::Value;
use store::{Commit, DeadLetters as _, Versioned};

use crate::error::PipelineError;
use crate::inputs::Inputs;
use crate::judge::{failure_of, failure_of_fault};
use crate::ready::Ready;
use crate::room::Room;
use crate::settle::{BODIES_BYTES_MAX, bytes_of};
use crate::trigger::{TRIES_MAX, usable};

const NOTE_BYTES_MAX: usize = 1_000;

pub(crate) async fn edit(
    room: &Room,
    tenant: &TenantId,
    id: &DeadLetterId,
    body: Value,
    actor: &Actor,
) -> Result<(), PipelineError> {
    let letter = parked(room, tenant, id)?.value;
    let flow = usable(room, tenant, &letter.flow)?;
    let refused = |reason: String| PipelineError::EditRefused { id: id.clone(), reason };
    let bytes = bytes_of(&body).saturating_add(bytes_of(&letter.body));
    if bytes > BODIES_BYTES_MAX {
        let reason = format!("with the original it has {bytes} bytes; at most {BODIES_BYTES_MAX} are kept");
        return Err(refused(reason));
    }
    try_on(room, tenant, &flow, &body).await.map_err(refused)?;
    change(room, tenant, id, actor, Verb::DeadLetterEdited, |letter, now| {
        letter.edited = Some(Edited { body: body.clone(), at: now, by: actor.to_string() });
        letter.mapped = None;
    })
    .await
}

pub(crate) async fn discard(
    room: &Room,
    tenant: &TenantId,
    id: &DeadLetterId,
    reason: &str,
    actor: &Actor,
) -> Result<(), PipelineError> {
    let reason = inert(reason, NOTE_BYTES_MAX);
    let kept_ms = room.options.letters_ended_kept_ms;
    change(room, tenant, id, actor, Verb::DeadLetterDiscarded, |letter, now| {
        let by = actor.to_string();
        letter.state = DeadLetterState::Discarded { at: now, by, reason: reason.clone() };
        letter.expires_at = Some(now.plus_ms(kept_ms));
    })
    .await
}

/// What the flow would do with the body, up to the door of the destination.
async fn try_on(room: &Room, tenant: &TenantId, flow: &Flow, body: &Value) -> Result<(), String> {
    let mut text = body.to_string();
    if let Some(mapping) = &flow.mapping {
        let correlation = CorrelationId::make(room.randomness.as_ref());
        let mapped = room.sandbox.map(tenant, &correlation, &mapping.jq, vec![text]).await;
        let results = mapped.outcome.map_err(|fault| failure_of_fault(&fault).message)?;
        text = match results.into_iter().next() {
            Some(Ok(Some(text))) => text,
            Some(Ok(None)) => return Err("the mapping drops it; discard the dead letter instead".to_owned()),
            Some(Err(error)) => return Err(format!("the mapping fails: {}", failure_of(&error).message)),
            None => return Err("the mapping gives nothing".to_owned()),
        };
    }
    let ready =
        Ready::of(&room.store, tenant, &flow.destination.profile).map_err(|reason| reason.to_string())?;
    let inputs = Inputs::of(&ready, &flow.destination.action).map_err(|reason| reason.to_string())?;
    inputs.judge(&text).map_err(|failure| failure.message)
}

fn parked(room: &Room, tenant: &TenantId, id: &DeadLetterId) -> Result<Versioned<DeadLetter>, PipelineError> {
    let row = room.store.dead_letter(tenant, id)?;
    let row = row.ok_or_else(|| PipelineError::UnknownDeadLetter(id.clone()))?;
    is_parked(&row.value)?;
    Ok(row)
}

pub(crate) fn is_parked(letter: &DeadLetter) -> Result<(), PipelineError> {
    let id = letter.id.clone();
    Err(match &letter.state {
        DeadLetterState::Parked => return Ok(()),
        DeadLetterState::Replaying { run, .. } => PipelineError::Replaying { id, run: run.clone() },
        DeadLetterState::Resolved { run, .. } => PipelineError::Resolved { id, run: run.clone() },
        DeadLetterState::Discarded { reason, .. } => PipelineError::Discarded { id, reason: reason.clone() },
    })
}

async fn change(
    room: &Room,
    tenant: &TenantId,
    id: &DeadLetterId,
    actor: &Actor,
    verb: Verb,
    change: impl Fn(&mut DeadLetter, domain::Timestamp),
) -> Result<(), PipelineError> {
    for _ in 0..TRIES_MAX {
        let Versioned { version, value: mut letter } = parked(room, tenant, id)?;
        let now = room.now();
        change(&mut letter, now);
        let mut commit = Commit::new();
        commit.put_dead_letter(tenant, &letter, store::Expect::Version(version));
        let fields: &[&'static str] = if verb == Verb::DeadLetterEdited { &["body"] } else { &["state"] };
        let happening = Happening::new(now, actor.clone(), verb, Subject::dead_letter(id)).changing(fields);
        commit.record(Chain::Tenant(tenant.clone()), happening);
        match room.store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return Ok(other?),
        }
    }
    Err(PipelineError::Contended(parked(room, tenant, id)?.value.flow))
}
