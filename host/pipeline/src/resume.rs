//! The way on for a flow that stands still: with the same record, under the same key, and with new attempts.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::{FlowName, RunId, TenantId};
use store::{Commit, Expect, FlowStates as _, Outbox as _};

use crate::error::PipelineError;
use crate::room::Room;
use crate::trigger::{TRIES_MAX, trigger, usable};

/// The flow goes on with a run that begins now. What the record has been through stays with it, and counts no more.
pub(crate) async fn resume(
    room: &Room,
    tenant: &TenantId,
    name: &FlowName,
    actor: &Actor,
) -> Result<RunId, PipelineError> {
    for _ in 0..TRIES_MAX {
        let flow = usable(room, tenant, name)?;
        let state = room.store.flow_state(tenant, name)?;
        let Some(paused) = state.value.paused.clone() else {
            return Err(PipelineError::NotPaused(name.clone()));
        };
        let now = room.now();
        let mut commit = Commit::new();
        if let Some(row) = room.store.parcel(tenant, name, paused.seq)? {
            let mut parcel = row.value;
            parcel.forgiven = u32::try_from(parcel.attempts.len()).unwrap_or(u32::MAX);
            parcel.next_at = now;
            commit.put_parcel(tenant, name, &parcel, Expect::Version(row.version));
        }
        let mut moved = state.value;
        moved.paused = None;
        commit.put_flow_state(tenant, name, &moved, Expect::Version(state.version));
        if flow.schedule.is_some() {
            commit.look_at_flow(tenant, name);
        }
        let resumed = Happening::new(now, actor.clone(), Verb::FlowResumed, Subject::flow(name));
        commit.record(Chain::Tenant(tenant.clone()), resumed);
        match room.store.commit(commit).await {
            Ok(()) => {
                let run = trigger(room, tenant, name, domain::run::Cause::Manual, actor, None).await;
                return match run {
                    Err(PipelineError::RunOpen { run, .. }) => Ok(run),
                    other => other,
                };
            }
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(PipelineError::Contended(name.clone()))
}
