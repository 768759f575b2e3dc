//! Events that were taken and not yet read, in the order in which each flow got them, and the marks by which an event is
//! known again.

use domain::hook::{InboxEvent, Mark};
use domain::{FlowName, HookId, InboxId, TenantId, Timestamp};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::PAGE_ITEMS_MAX;
use crate::{Store, keys};

/// Marks that one pruning removes at most, so that it never becomes a long write.
const PRUNED_MAX: usize = 2_000;

pub trait Inbox {
    fn event(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        id: &InboxId,
    ) -> Result<Option<Versioned<InboxEvent>>, StoreError>;
    /// The first ones of a flow that may be read now, in order; at most 500, and no more than fit into so many bytes of
    /// bodies, but at least one. Those that wait are passed over.
    fn due_events(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        now: Timestamp,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<Versioned<InboxEvent>>, StoreError>;
    /// When the next one may be read; none when none waits.
    fn next_event_at(&self, tenant: &TenantId, flow: &FlowName) -> Result<Option<Timestamp>, StoreError>;
    /// The flows that have events.
    fn flows_with_events(&self, tenant: &TenantId) -> Result<Vec<FlowName>, StoreError>;
    /// Of all flows.
    fn count_events(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    fn count_events_of(&self, tenant: &TenantId, flow: &FlowName) -> Result<u64, StoreError>;
    /// When an event with this mark was taken, if it is still remembered.
    fn marked(
        &self,
        tenant: &TenantId,
        hook: &HookId,
        mark: &Mark,
    ) -> Result<Option<Versioned<Timestamp>>, StoreError>;
    /// A commit that forgets the oldest marks from before a moment, or a part of them; an empty one when there are none.
    fn prune_marks(&self, tenant: &TenantId, before: Timestamp) -> Result<Commit, StoreError>;
}

impl Inbox for Store {
    fn event(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        id: &InboxId,
    ) -> Result<Option<Versioned<InboxEvent>>, StoreError> {
        self.read(&keys::event(tenant, flow, id))
    }

    fn due_events(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        now: Timestamp,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<Versioned<InboxEvent>>, StoreError> {
        let limit = limit.min(PAGE_ITEMS_MAX);
        let mut events: Vec<Versioned<InboxEvent>> = Vec::new();
        let mut bytes = 0_usize;
        self.each(&keys::events(tenant, flow), |event: Versioned<InboxEvent>| {
            if event.value.next_at > now {
                return true;
            }
            bytes = bytes.saturating_add(event.value.body.0.len());
            let fits = events.is_empty() || bytes <= bytes_max;
            if fits && events.len() < limit {
                events.push(event);
            }
            fits && events.len() < limit
        })?;
        Ok(events)
    }

    fn next_event_at(&self, tenant: &TenantId, flow: &FlowName) -> Result<Option<Timestamp>, StoreError> {
        let mut next: Option<Timestamp> = None;
        self.each(&keys::events(tenant, flow), |event: Versioned<InboxEvent>| {
            let at = event.value.next_at;
            next = Some(next.map_or(at, |earliest| earliest.min(at)));
            true
        })?;
        Ok(next)
    }

    fn flows_with_events(&self, tenant: &TenantId) -> Result<Vec<FlowName>, StoreError> {
        let prefix = keys::all_events(tenant);
        let mut flows: Vec<FlowName> = Vec::new();
        let mut behind = None;
        loop {
            let mut first = None;
            self.walk_behind(&prefix, behind.as_ref(), true, |key, _| {
                let rest = prefix.rest(key).and_then(|rest| std::str::from_utf8(rest).ok());
                first = rest.and_then(|rest| rest.split('\0').next()).map(str::to_owned);
                Ok(false)
            })?;
            let Some(flow) = first else { return Ok(flows) };
            behind = Some(keys::behind_events(tenant, &flow));
            flows.extend(flow.parse());
        }
    }

    fn count_events(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::all_events(tenant))
    }

    fn count_events_of(&self, tenant: &TenantId, flow: &FlowName) -> Result<u64, StoreError> {
        self.count(&keys::events(tenant, flow))
    }

    fn marked(
        &self,
        tenant: &TenantId,
        hook: &HookId,
        mark: &Mark,
    ) -> Result<Option<Versioned<Timestamp>>, StoreError> {
        self.read(&keys::hook_mark(tenant, hook, mark))
    }

    fn prune_marks(&self, tenant: &TenantId, before: Timestamp) -> Result<Commit, StoreError> {
        let before_ms = u64::try_from(before.as_ms()).unwrap_or(0);
        let mut commit = Commit::new();
        for name in self.names(&keys::hook_marks_by_time(tenant), PRUNED_MAX)? {
            let parts: Vec<&str> = name.split('\0').collect();
            let &[at, hook, mark] = parts.as_slice() else { continue };
            if keys::unsorted(at).is_some_and(|at_ms| at_ms >= before_ms) {
                break;
            }
            let row = keys::hook_mark_named(tenant, hook, mark);
            // The event may have come again since, after its first mark had lost its force.
            if self.read::<Timestamp>(&row)?.is_some_and(|mark| mark.value < before) {
                commit.delete(row, Expect::Any);
            }
            commit.delete(keys::hook_mark_by_time_named(tenant, &parts), Expect::Any);
        }
        Ok(commit)
    }
}

impl Commit {
    pub fn put_event(&mut self, tenant: &TenantId, flow: &FlowName, event: &InboxEvent, expect: Expect) {
        self.put(keys::event(tenant, flow, &event.id), event, expect);
    }

    pub fn delete_event(&mut self, tenant: &TenantId, flow: &FlowName, id: &InboxId, expect: Expect) {
        self.delete(keys::event(tenant, flow, id), expect);
    }

    /// Remembers an event, so that it is taken once.
    pub fn put_mark(&mut self, tenant: &TenantId, hook: &HookId, mark: &Mark, at: Timestamp, expect: Expect) {
        self.put(keys::hook_mark(tenant, hook, mark), &at, expect);
        self.ensure(keys::hook_mark_by_time(tenant, at, hook, mark));
    }
}
