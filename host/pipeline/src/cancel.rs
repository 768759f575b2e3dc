//! The end of a run that somebody asks for, and the end of a wait that has lost its reason.

use std::sync::Arc;

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::run::RunStatus;
use domain::{ProfileName, RunId, TenantId};
use store::{Commit, Expect, RunPlaces as _, Runs as _, StoreError};

use crate::end::{Ending, end};
use crate::error::PipelineError;
use crate::lease::{Halt, Held};
use crate::room::Room;

/// Runs that are woken in one step.
const STEP: usize = 200;
const STEPS_MAX: usize = 1_000;

/// Asks for the end of a run. One that nobody works on is ended at once; otherwise whoever works on it lets its calls
/// finish, writes down what became of them, and ends it. What it has not delivered waits for the next run.
pub(crate) async fn cancel(
    room: &Arc<Room>,
    tenant: &TenantId,
    id: &RunId,
    actor: &Actor,
) -> Result<(), PipelineError> {
    let run = room.store.run(tenant, id)?.ok_or_else(|| PipelineError::UnknownRun(id.clone()))?.value;
    if run.status.is_final() {
        return Err(PipelineError::RunOver(id.clone()));
    }
    let mut commit = Commit::new();
    commit.require_run(tenant, id, Expect::Present);
    commit.ask_to_cancel(tenant, id);
    let subject = Subject::run(&run.flow, id);
    let asked = Happening::new(room.now(), actor.clone(), Verb::RunCancelled, subject);
    commit.record(Chain::Tenant(tenant.clone()), asked);
    room.store.commit(commit).await?;
    room.cancels.send_modify(|count| *count = count.wrapping_add(1));
    if let Some(mut held) = Held::take(room, tenant, id).await? {
        match end(&mut held, Ending::Cancelled).await {
            Err(Halt::Store(error)) => return Err(error.into()),
            // Somebody else has it: he finds what was asked for.
            Ok(()) | Err(Halt::Lost | Halt::Conflict) => {}
        }
    }
    Ok(())
}

/// Wakes what waits for this profile: it has recovered, or somebody says so. Gives how many runs there were.
pub(crate) async fn wake_for(
    room: &Room,
    tenant: &TenantId,
    profile: &ProfileName,
) -> Result<usize, StoreError> {
    let mut woken = 0;
    for _ in 0..STEPS_MAX {
        let runs = room.store.sleeping_for(tenant, profile, STEP)?;
        if runs.is_empty() {
            break;
        }
        let mut commit = Commit::new();
        for id in &runs {
            let run = room.store.run(tenant, id)?;
            let sleeps = run.as_ref().filter(|run| run.value.status == RunStatus::Suspended);
            match sleeps.and_then(|run| run.value.suspension.as_ref()) {
                Some(suspension) => {
                    commit.wake_run(tenant, id, suspension);
                    woken += 1;
                }
                None => commit.forget_sleeper_for(tenant, profile, id),
            }
        }
        room.store.commit(commit).await?;
    }
    Ok(woken)
}
