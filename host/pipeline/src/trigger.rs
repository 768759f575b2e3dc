//! The start of a run: a row, on the disk before anybody is told of it.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::event::Event;
use domain::flow::Flow;
use domain::run::{Cause, Counts, Failure, Run, RunStatus};
use domain::trace::Trace;
use domain::{CorrelationId, FlowName, RunId, TenantId, Timestamp};
use store::{
    Commit, DueFlow, Events as _, Expect, FlowStates as _, Flows as _, Paging, Runs as _, StoreError,
};

use crate::ends::may_begin;
use crate::error::PipelineError;
use crate::inbox;
use crate::room::Room;

/// How often a trigger is decided again because somebody was faster.
pub(crate) const TRIES_MAX: u32 = 20;

/// A time of the flow's schedule that has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Come {
    /// As the flow's state has it.
    pub(crate) due_at: Option<Timestamp>,
    /// The row of the index that led here.
    pub(crate) row_at: Timestamp,
    pub(crate) next: Option<Timestamp>,
}

/// A flow that cannot begin leaves a run as well: blocked, with the reason. A flow that is being run is not run twice.
///
/// This is the one way in: by hand, by a schedule, by events from outside.
pub(crate) async fn trigger(
    room: &Room,
    tenant: &TenantId,
    name: &FlowName,
    cause: Cause,
    actor: &Actor,
    trace: Option<&Trace>,
) -> Result<RunId, PipelineError> {
    start(room, tenant, name, cause, actor, trace, None).await
}

pub(crate) async fn start(
    room: &Room,
    tenant: &TenantId,
    name: &FlowName,
    cause: Cause,
    actor: &Actor,
    trace: Option<&Trace>,
    come: Option<Come>,
) -> Result<RunId, PipelineError> {
    for _ in 0..TRIES_MAX {
        // Every trigger writes this row, so that of two at the same time one finds it changed and decides again.
        let state = room.store.flow_state(tenant, name)?;
        let flow = usable(room, tenant, name)?;
        if let Some(paused) = &state.value.paused {
            return Err(PipelineError::FlowPaused { flow: flow.name, key: paused.key.clone() });
        }
        if come.is_some_and(|come| come.due_at != state.value.due_at) {
            // Somebody else has seen to this time.
            return Err(PipelineError::Contended(flow.name));
        }
        if let Some(open) = open_run(room, tenant, name)? {
            return Err(PipelineError::RunOpen { flow: flow.name, run: open });
        }
        let now = room.now();
        let mut run = queued(room, &flow, cause, trace, now);
        if cause == Cause::Webhook
            && let Some(trace) = inbox::correlation(room, tenant, name)?
        {
            run.correlation = trace;
        }
        let mut repeated = None;
        match may_begin(&room.store, tenant, &flow, cause, &run.id) {
            Ok(pins) => run.pins = Some(pins),
            Err(reason) => {
                block(&mut run, Failure::from(&reason), now);
                repeated = blocked_before(room, tenant, &run)?;
            }
        }
        let mut moved = state.value;
        let due_before = moved.due_at;
        moved.last_run_at = Some(now);
        moved.due_at = match (come, &flow.schedule) {
            (Some(come), _) => come.next,
            (None, Some(schedule)) => schedule.after_other_run(due_before, now),
            (None, None) => None,
        };
        let mut commit = Commit::new();
        commit.put_flow_state(tenant, name, &moved, Expect::Version(state.version));
        let row = |at| DueFlow { at, tenant: tenant.clone(), flow: name.clone() };
        for at in [come.map(|come| come.row_at), due_before].into_iter().flatten() {
            commit.delete_due_flow(&row(at));
        }
        if let Some(at) = moved.due_at {
            commit.put_due_flow(&row(at));
        }
        let id = match repeated {
            // The row of the schedule's earlier attempt says it already.
            Some(earlier) => earlier,
            None => {
                commit.put_run(tenant, &run, Expect::Absent);
                if let Some(event) = Event::of_run(room.event_id(), now, &run) {
                    room.store.tell(&mut commit, tenant, &event)?;
                }
                let subject = Subject::run(name, &run.id);
                let started = Happening::new(now, actor.clone(), Verb::RunStarted, subject);
                let started = match &run.failure {
                    Some(failure) => started.failed(&failure.code),
                    None => started,
                };
                commit.record(Chain::Tenant(tenant.clone()), started);
                run.id
            }
        };
        match room.store.commit(commit).await {
            Ok(()) => return Ok(id),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(PipelineError::Contended(name.clone()))
}

pub(crate) fn usable(room: &Room, tenant: &TenantId, name: &FlowName) -> Result<Flow, PipelineError> {
    let row = room.store.flow(tenant, name)?.ok_or_else(|| PipelineError::UnknownFlow(name.clone()))?;
    if row.value.enabled { Ok(row.value) } else { Err(PipelineError::FlowDisabled(name.clone())) }
}

/// A run of a caller's trace goes on under its id, any other begins one.
pub(crate) fn queued(room: &Room, flow: &Flow, cause: Cause, trace: Option<&Trace>, now: Timestamp) -> Run {
    let new = || CorrelationId::make(room.randomness.as_ref());
    Run {
        id: RunId::make(room.clock.as_ref(), room.randomness.as_ref()),
        flow: flow.name.clone(),
        cause,
        status: RunStatus::Queued,
        counts: Counts::default(),
        correlation: trace.map_or_else(new, |trace| trace.correlation.clone()),
        trace_state: trace.and_then(|trace| trace.state.clone()),
        queued_at: now,
        started_at: None,
        finished_at: None,
        failure: None,
        lease: None,
        source_done: cause == Cause::Replay,
        flow_version: flow.version,
        pins: None,
        suspension: None,
        deadline_at: flow.delivery.deadline_ms.map(|ms| now.plus_ms(ms)),
        first_seq: 0,
        pages: 0,
        polls: Vec::new(),
    }
}

pub(crate) fn block(run: &mut Run, failure: Failure, now: Timestamp) {
    run.status = RunStatus::Blocked;
    run.failure = Some(failure);
    run.finished_at = Some(now);
}

/// The run that is working on a flow, replays aside: these have their own records and do not get in its way.
pub(crate) fn open_run(room: &Room, tenant: &TenantId, flow: &FlowName) -> Result<Option<RunId>, StoreError> {
    let mut open = room.store.open_runs_of(tenant, flow)?.into_iter().map(|row| row.value);
    Ok(open.find(|run| run.cause != Cause::Replay).map(|run| run.id))
}

/// The last run, if the schedule was blocked then by just what blocks it now: one row tells it, not one every second.
fn blocked_before(room: &Room, tenant: &TenantId, run: &Run) -> Result<Option<RunId>, StoreError> {
    let last = room.store.runs(tenant, Some(&run.flow), &Paging::first(1))?.items.into_iter().next();
    let same = |last: &Run| {
        let by_itself = matches!(run.cause, Cause::Schedule | Cause::Webhook) && last.cause == run.cause;
        by_itself && last.status == RunStatus::Blocked && last.failure == run.failure
    };
    Ok(last.map(|row| row.value).filter(same).map(|run| run.id))
}
