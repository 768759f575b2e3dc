//! Events that systems send: taken durably before the sender is told so, each once, and then a run for each flow that
//! waits for them.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::audit::Actor;
use domain::hook::{Hook, InboxEvent, Mark, Raw};
use domain::run::{Cause, RunStatus};
use domain::{CorrelationId, FlowName, InboxId, TenantId, Timestamp};
use store::{Commit, Expect, FlowStates as _, Flows as _, Inbox as _, Paging, Runs as _, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::PipelineError;
use crate::room::Room;
use crate::trigger::{TRIES_MAX, trigger};

/// For so long a count of what waits is believed; what was taken since is added to it.
const COUNT_BELIEVED: Duration = Duration::from_millis(500);
/// A flow whose last run came to no good end is not run again for its events before this.
const AFTER_FAILURE_MS: u64 = 30_000;

/// An event whose signature is good.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// By what it is known again; one that is known is enough to make it a repetition.
    pub marks: Vec<Mark>,
    pub event_id: Option<String>,
    /// Those that the connector may see.
    pub headers: Vec<(String, Raw)>,
    pub body: Raw,
    pub correlation: CorrelationId,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is on the disk.
    New,
    /// It was taken before.
    Again,
}

/// What the parts of a process tell each other about events. Everything that counts is in the store.
#[derive(Debug)]
pub(crate) struct Bell {
    /// Flows that have events and perhaps no run. A hint that is lost is found again at the next tick.
    hints: Mutex<BTreeSet<(TenantId, FlowName)>>,
    /// Counts arrivals, so that a run that waits for something else looks again.
    pub(crate) arrived: watch::Sender<u64>,
    counts: Mutex<HashMap<TenantId, (u64, Instant)>>,
    order: AtomicU32,
}

impl Default for Bell {
    fn default() -> Self {
        Self {
            hints: Mutex::default(),
            arrived: watch::Sender::new(0),
            counts: Mutex::default(),
            order: AtomicU32::new(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Neither a set nor a map is left half changed by a panic of another holder.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bell {
    /// Whether the dispatcher has yet to hear of it.
    pub(crate) fn ring(&self, tenant: &TenantId, flows: &[FlowName]) -> bool {
        let mut hints = lock(&self.hints);
        let mut new = false;
        for flow in flows {
            new |= hints.insert((tenant.clone(), flow.clone()));
        }
        drop(hints);
        self.arrived.send_modify(|count| *count = count.wrapping_add(1));
        new
    }

    fn hinted(&self) -> Vec<(TenantId, FlowName)> {
        lock(&self.hints).iter().cloned().collect()
    }

    fn settle(&self, hint: &(TenantId, FlowName)) {
        lock(&self.hints).remove(hint);
    }
}

/// Takes an event for every flow that waits for it: all of them or none, and only once.
///
/// The answer `true` says that the dispatcher has something to do.
pub(crate) async fn accept(
    room: &Room,
    tenant: &TenantId,
    hook: &Hook,
    arrival: &Arrival,
) -> Result<(Taken, bool), PipelineError> {
    for _ in 0..TRIES_MAX {
        let now = room.now();
        let mut commit = Commit::new();
        commit.require_hook(tenant, &hook.id, Expect::Present);
        for mark in &arrival.marks {
            let expect = match room.store.marked(tenant, &hook.id, mark)? {
                Some(row) if now.ms_since(row.value) < room.options.events_remembered_ms => {
                    return Ok((Taken::Again, false));
                }
                Some(row) => Expect::Version(row.version),
                None => Expect::Absent,
            };
            commit.put_mark(tenant, &hook.id, mark, now, expect);
        }
        let flows = room.store.flows_from(tenant, &hook.profile, &hook.trigger)?;
        if flows.is_empty() {
            return Err(PipelineError::NoFlowForHook(hook.id.clone()));
        }
        has_room(room, tenant, flows.len())?;
        let order = room.bell.order.fetch_add(1, Ordering::Relaxed);
        let event = InboxEvent {
            id: InboxId::make(now, order, &*room.randomness),
            hook: hook.id.clone(),
            trigger: hook.trigger.clone(),
            event_id: arrival.event_id.clone(),
            headers: arrival.headers.clone(),
            body: arrival.body.clone(),
            received_at: now,
            correlation: arrival.correlation.clone(),
            attempts: Vec::new(),
            next_at: now,
            replay_of: None,
        };
        for flow in &flows {
            commit.require_flow(tenant, flow, Expect::Present);
            commit.put_event(tenant, flow, &event, Expect::Absent);
        }
        match room.store.commit(commit).await {
            Ok(()) => return Ok((Taken::New, room.bell.ring(tenant, &flows))),
            // The same event from another connection, or a flow that was removed.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(PipelineError::HookContended(hook.id.clone()))
}

/// Refuses before anything is written what the tenant's inbox has no room for, so that a sender tries again later.
fn has_room(room: &Room, tenant: &TenantId, adding: usize) -> Result<(), PipelineError> {
    let max = room.options.inbox_events_max;
    let adding = u64::try_from(adding).unwrap_or(u64::MAX);
    let known = lock(&room.bell.counts).get(tenant).copied();
    let believed = known.filter(|(count, at)| at.elapsed() < COUNT_BELIEVED && count + adding <= max);
    let (count, at) = match believed {
        Some(known) => known,
        None => (room.store.count_events(tenant)?, Instant::now()),
    };
    let full = count.saturating_add(adding) > max;
    let count = if full { count } else { count.saturating_add(adding) };
    let mut counts = lock(&room.bell.counts);
    counts.retain(|_, (_, at)| at.elapsed() < COUNT_BELIEVED);
    counts.insert(tenant.clone(), (count, at));
    if full { Err(PipelineError::InboxFull { held: count, max }) } else { Ok(()) }
}

/// Looks for events that no run has been told of: after a start, and after a run that came to no good end.
pub(crate) fn look_around(room: &Room, tenant: &TenantId) -> Result<(), StoreError> {
    let flows = room.store.flows_with_events(tenant)?;
    let mut hints = lock(&room.bell.hints);
    hints.extend(flows.into_iter().map(|flow| (tenant.clone(), flow)));
    Ok(())
}

/// Starts a run for every flow that has events and none open. A flow that has one keeps its hint until that has ended.
pub(crate) async fn trigger_hinted(room: &Room) -> Result<(), StoreError> {
    for hint in room.bell.hinted() {
        let (tenant, flow) = &hint;
        let due = room.store.due_events(tenant, flow, room.now(), 1, 0)?;
        if due.is_empty() || failed_lately(room, tenant, flow)? {
            room.bell.settle(&hint);
            continue;
        }
        match trigger(room, tenant, flow, Cause::Webhook, &Actor::Host, None).await {
            Ok(_) => room.bell.settle(&hint),
            // That run may be about to end without having seen the event.
            Err(PipelineError::RunOpen { .. }) => {}
            Err(PipelineError::Store(error)) => return Err(error),
            Err(reason) => {
                room.bell.settle(&hint);
                tracing::debug!(%tenant, %flow, %reason, "events wait, and no run was started for them");
            }
        }
    }
    Ok(())
}

fn failed_lately(room: &Room, tenant: &TenantId, flow: &FlowName) -> Result<bool, StoreError> {
    let last = room.store.runs(tenant, Some(flow), &Paging::first(1))?.items.into_iter().next();
    let Some(run) = last.map(|row| row.value) else { return Ok(false) };
    let failed = matches!(run.status, RunStatus::Failed | RunStatus::Blocked);
    // A flow that stays blocked has one row for it, and its state says when it was tried last.
    let tried_at = room.store.flow_state(tenant, flow)?.value.last_run_at;
    let at = run.finished_at.unwrap_or(run.queued_at).max(tried_at.unwrap_or(run.queued_at));
    Ok(failed && room.now().ms_since(at) < AFTER_FAILURE_MS)
}

/// The trace of the event that a run begins with.
pub(crate) fn correlation(
    room: &Room,
    tenant: &TenantId,
    flow: &FlowName,
) -> Result<Option<CorrelationId>, StoreError> {
    let first = room.store.due_events(tenant, flow, room.now(), 1, 0)?.into_iter().next();
    Ok(first.map(|row| row.value.correlation))
}

/// Forgets events of which no sender tries again.
pub(crate) async fn forget(room: &Room, tenant: &TenantId) -> Result<(), StoreError> {
    let kept = i64::try_from(room.options.events_remembered_ms).unwrap_or(i64::MAX);
    let before = Timestamp::from_ms(room.now().as_ms().saturating_sub(kept));
    loop {
        let commit = room.store.prune_marks(tenant, before)?;
        if commit.is_empty() {
            return Ok(());
        }
        room.store.commit(commit).await?;
    }
}
