//! Looks once at every open run and every schedule, so that none is forgotten: at the start, and when the clock was set
//! back.
//!
//! The indexes by which work is found are written with the rows that they are made of. This is for rows of before there
//! were indexes, and for times that were worked out by a clock that was wrong. It goes through the rows a few at a time.

use std::sync::Arc;

use domain::run::{Run, RunStatus};
use domain::schedule::Spread;
use domain::{TenantId, Timestamp};
use store::{Commit, DueFlow, FlowStates as _, Flows as _, Paging, Runs as _, StoreError};

use crate::lease::is_free;
use crate::room::Room;
use crate::schedule::tenants;

/// Rows in one step. Between two steps others have their turn.
const STEP: usize = 100;

pub(crate) async fn relook(room: Arc<Room>) -> Result<(), StoreError> {
    for tenant in tenants(&room.store)? {
        runs(&room, &tenant).await?;
        flows(&room, &tenant).await?;
    }
    Ok(())
}

async fn runs(room: &Room, tenant: &TenantId) -> Result<(), StoreError> {
    let mut behind = None;
    loop {
        let ids = room.store.open_runs_behind(tenant, behind.as_ref(), STEP)?;
        let mut commit = Commit::new();
        for id in &ids {
            if let Some(run) = room.store.run(tenant, id)?.filter(|run| !run.value.status.is_final()) {
                commit.index_open_run(tenant, &run.value);
                find_again(room, &mut commit, tenant, &run.value);
            }
        }
        room.store.commit(commit).await?;
        tokio::task::yield_now().await;
        if ids.len() < STEP {
            return Ok(());
        }
        behind = ids.into_iter().next_back();
    }
}

fn find_again(room: &Room, commit: &mut Commit, tenant: &TenantId, run: &Run) {
    let now = room.now();
    match (&run.suspension, run.status) {
        // It began to sleep in a future that is no more.
        (Some(suspension), RunStatus::Suspended) if suspension.since > now => {
            commit.wake_run(tenant, &run.id, suspension);
        }
        (Some(suspension), RunStatus::Suspended) => commit.sleep_run(tenant, run, suspension),
        _ if is_free(room, run, now) => commit.ready_run(tenant, &run.id),
        _ => commit.hold_run(tenant, &run.id),
    }
}

async fn flows(room: &Room, tenant: &TenantId) -> Result<(), StoreError> {
    let mut paging = Paging::first(STEP);
    loop {
        let page = room.store.flows(tenant, &paging)?;
        let mut commit = Commit::new();
        for flow in page.items.into_iter().map(|row| row.value).filter(|flow| flow.enabled) {
            let Some(schedule) = &flow.schedule else { continue };
            let state = room.store.flow_state(tenant, &flow.name)?.value;
            if state.paused.is_some() {
                continue;
            }
            let (now, spread) = (room.now(), Spread::of(tenant, &flow.name));
            let at = state.due_at.filter(|at| schedule.is_plausible(*at, now, spread));
            let at = at.unwrap_or(Timestamp::from_ms(0));
            commit.put_due_flow(&DueFlow { at, tenant: tenant.clone(), flow: flow.name });
        }
        room.store.commit(commit).await?;
        tokio::task::yield_now().await;
        match page.next {
            Some(next) => paging = Paging::after(next, STEP),
            None => return Ok(()),
        }
    }
}
