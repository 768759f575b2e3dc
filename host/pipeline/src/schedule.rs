//! Which flows are to run by themselves now: found by their time, and not by looking at every flow.

use std::sync::Arc;

use domain::audit::Actor;
use domain::flow::{Flow, FlowState};
use domain::run::Cause;
use domain::schedule::{Due, Schedule, Spread};
use domain::{TenantId, Timestamp};
use store::{
    Commit, DueFlow, DueFlows as _, Expect, FlowStates as _, Flows as _, PAGE_ITEMS_MAX, Paging, Runs as _,
    Store, StoreError, Tenants as _, Versioned,
};
use tokio::task::JoinSet;

use crate::error::PipelineError;
use crate::room::Room;
use crate::trigger::{Come, TRIES_MAX, start};

/// Starts that share one write to the disk.
const AT_ONCE: usize = 32;

/// Looks at the flows whose time has come, a bounded number of them. Gives how many there were.
pub(crate) async fn trigger_due(room: &Arc<Room>) -> Result<usize, StoreError> {
    let due = room.store.due_flows(room.now(), room.options.starts_per_tick_max)?;
    let count = due.len();
    let mut due = due.into_iter();
    let mut looks = JoinSet::new();
    loop {
        while looks.len() < AT_ONCE
            && let Some(row) = due.next()
        {
            let room = Arc::clone(room);
            looks.spawn(async move { look(&room, &row).await });
        }
        match looks.join_next().await {
            None => return Ok(count),
            Some(Ok(looked)) => looked?,
            Some(Err(broken)) => tracing::error!(%broken, "a due flow could not be looked at"),
        }
    }
}

/// Starts the flow, or notes when it is to be looked at next.
async fn look(room: &Room, row: &DueFlow) -> Result<(), StoreError> {
    for _ in 0..TRIES_MAX {
        match try_look(room, row).await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    // The row is still there: the next tick looks again.
    Ok(())
}

async fn try_look(room: &Room, row: &DueFlow) -> Result<(), StoreError> {
    let DueFlow { at, tenant, flow: name } = row;
    let flow = room.store.flow(tenant, name)?.map(|row| row.value).filter(|flow| flow.enabled);
    let state = room.store.flow_state(tenant, name)?;
    let Some((flow, schedule)) = flow.as_ref().and_then(|flow| Some((flow, flow.schedule.as_ref()?))) else {
        return forget(room, row, &state).await;
    };
    if state.value.paused.is_some() {
        // Whoever resumes it has it looked at again.
        return forget(room, row, &state).await;
    }
    let (now, spread) = (room.now(), Spread::of(tenant, name));
    let due_at = due_at(&state.value, flow, schedule, now, spread);
    let Some(come) = due_at.filter(|due_at| *due_at <= now) else {
        return put_off(room, row, state, due_at).await;
    };
    let Due { run, next } = schedule.come(come, now, spread);
    if !run {
        tracing::debug!(%tenant, flow = %name, missed = %come, "a time was missed, and is not caught up with");
        return put_off(room, row, state, next).await;
    }
    let come = Come { due_at: state.value.due_at, row_at: *at, next };
    match start(room, tenant, name, Cause::Schedule, &Actor::Schedule, None, Some(come)).await {
        Err(PipelineError::Store(error)) => Err(error),
        Err(PipelineError::RunOpen { run, .. }) => {
            // The end of that run has the flow looked at again.
            let Some(open) = room.store.run(tenant, &run)?.filter(|run| !run.value.status.is_final()) else {
                return Ok(());
            };
            let mut commit = Commit::new();
            commit.require_run(tenant, &run, Expect::Version(open.version));
            commit.delete_due_flow(row);
            room.store.commit(commit).await
        }
        Ok(_) => Ok(()),
        // It was changed meanwhile: the next tick looks again.
        Err(reason) => {
            tracing::debug!(%tenant, flow = %name, %reason, "a scheduled run was not started");
            Ok(())
        }
    }
}

/// When the flow is due, as its state says it; worked out where the state does not, or cannot be right.
fn due_at(
    state: &FlowState,
    flow: &Flow,
    schedule: &Schedule,
    now: Timestamp,
    spread: Spread,
) -> Option<Timestamp> {
    let noted = state.due_at.filter(|at| schedule.is_plausible(*at, now, spread));
    noted.or_else(|| {
        let last = state.last_run_at.filter(|last| *last <= now && state.due_at.is_none());
        match (schedule, last) {
            (Schedule::Every(every), Some(last)) => {
                let since = last.max(flow.updated_at.unwrap_or(last));
                Some(if since == last { last.plus_ms(every.period_ms()) } else { now })
            }
            _ => schedule.first(now, spread),
        }
    })
}

async fn put_off(
    room: &Room,
    row: &DueFlow,
    state: Versioned<FlowState>,
    next: Option<Timestamp>,
) -> Result<(), StoreError> {
    let mut commit = Commit::new();
    commit.delete_due_flow(row);
    if let Some(at) = next {
        commit.put_due_flow(&DueFlow { at, ..row.clone() });
    }
    let mut moved = state.value;
    moved.due_at = next;
    commit.put_flow_state(&row.tenant, &row.flow, &moved, Expect::Version(state.version));
    room.store.commit(commit).await
}

async fn forget(room: &Room, row: &DueFlow, state: &Versioned<FlowState>) -> Result<(), StoreError> {
    let mut commit = Commit::new();
    commit.delete_due_flow(row);
    if state.value.due_at.is_some() {
        // A schedule that is taken up again begins anew.
        let moved = FlowState { due_at: None, ..state.value.clone() };
        commit.put_flow_state(&row.tenant, &row.flow, &moved, Expect::Version(state.version));
    }
    room.store.commit(commit).await
}

pub(crate) fn tenants(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let mut tenants = Vec::new();
    let mut paging = Paging::first(PAGE_ITEMS_MAX);
    loop {
        let page = store.tenants(&paging)?;
        tenants.extend(page.items.into_iter().map(|tenant| tenant.id));
        match page.next {
            Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
            None => return Ok(tenants),
        }
    }
}
