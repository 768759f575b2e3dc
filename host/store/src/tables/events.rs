//! What happened, newest first, up to a bound; and each event on its way to those who want to be told.

use domain::event::{DELIVERIES_KEPT, Delivery, Event, EventKind, WAITING_MAX};
use domain::{EventId, SubscriptionName, TenantId, Timestamp};

use super::subscriptions::Subscriptions as _;
use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::keys::Prefix;
use crate::page::{Page, Paging};
use crate::{Store, keys};

/// Rows that one pruning removes at most, so that it never becomes a long write.
const PRUNED_MAX: usize = 2_000;

/// Which events; an empty one means all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub kind: Option<EventKind>,
}

pub trait Events {
    /// Newest first.
    fn events(
        &self,
        tenant: &TenantId,
        filter: EventFilter,
        paging: &Paging,
    ) -> Result<Page<Event>, StoreError>;
    /// Adds an event to the commit of what it tells of, with one delivery for each subscription that wants it. A
    /// subscription that is made meanwhile hears of the next one.
    fn tell(&self, commit: &mut Commit, tenant: &TenantId, event: &Event) -> Result<(), StoreError>;
    /// The first ones that wait, oldest event first, due or not.
    fn waiting_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
        limit: usize,
    ) -> Result<Vec<Versioned<Delivery>>, StoreError>;
    /// The first ones whose next attempt may begin.
    fn due_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Versioned<Delivery>>, StoreError>;
    fn count_waiting_deliveries(&self, tenant: &TenantId, name: &SubscriptionName)
    -> Result<u64, StoreError>;
    /// Those that are over, newest event first.
    fn finished_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
        paging: &Paging,
    ) -> Result<Page<Delivery>, StoreError>;
    /// A commit that removes what is beyond the bounds, or a part of it; an empty one when nothing is.
    fn prune_events(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError>;
    /// Adds the removal of all deliveries of a subscription to the commit that removes it.
    fn forget_deliveries(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        name: &SubscriptionName,
    ) -> Result<(), StoreError>;
}

impl Events for Store {
    fn events(
        &self,
        tenant: &TenantId,
        filter: EventFilter,
        paging: &Paging,
    ) -> Result<Page<Event>, StoreError> {
        self.page(&keys::told_events(tenant), Order::Descending, paging, |key, row| {
            let event = self.decode::<Event>(key, row)?.value;
            Ok(filter.kind.is_none_or(|kind| kind == event.kind).then_some(event))
        })
    }

    fn tell(&self, commit: &mut Commit, tenant: &TenantId, event: &Event) -> Result<(), StoreError> {
        commit.put(keys::told_event(tenant, &event.id), event, Expect::Any);
        for row in self.subscriptions(tenant)? {
            let subscription = row.value;
            if !subscription.wants(event.kind) {
                continue;
            }
            let waiting = self.count_waiting_deliveries(tenant, &subscription.name)?;
            let delivery = if waiting < WAITING_MAX as u64 {
                Delivery::new(subscription.name, event.clone(), event.at)
            } else {
                Delivery::refused(subscription.name, event.clone(), event.at)
            };
            commit.put_delivery(tenant, &delivery, Expect::Any);
        }
        Ok(())
    }

    fn waiting_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
        limit: usize,
    ) -> Result<Vec<Versioned<Delivery>>, StoreError> {
        let mut waiting = Vec::new();
        if limit > 0 {
            self.each(&keys::event_outbox(tenant, name), |row| {
                waiting.push(row);
                waiting.len() < limit
            })?;
        }
        Ok(waiting)
    }

    fn due_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Versioned<Delivery>>, StoreError> {
        let mut due = Vec::new();
        self.each(&keys::event_outbox(tenant, name), |row: Versioned<Delivery>| {
            if row.value.is_due(now) {
                due.push(row);
            }
            due.len() < limit
        })?;
        Ok(due)
    }

    fn count_waiting_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
    ) -> Result<u64, StoreError> {
        self.count(&keys::event_outbox(tenant, name))
    }

    fn finished_deliveries(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
        paging: &Paging,
    ) -> Result<Page<Delivery>, StoreError> {
        let prefix = keys::event_deliveries(tenant, name);
        Ok(self.list::<Delivery>(&prefix, Order::Descending, paging)?.map(|row| row.value))
    }

    fn prune_events(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError> {
        let mut commit = Commit::new();
        for rest in self.surplus(&keys::told_events(tenant), keep)? {
            if let Ok(id) = rest.parse() {
                commit.delete(keys::told_event(tenant, &id), Expect::Any);
            }
        }
        for row in self.subscriptions(tenant)? {
            let name = row.value.name;
            for rest in self.surplus(&keys::event_deliveries(tenant, &name), DELIVERIES_KEPT)? {
                if let Ok(id) = rest.parse() {
                    commit.delete(keys::finished_delivery(tenant, &name, &id), Expect::Any);
                }
            }
        }
        Ok(commit)
    }

    fn forget_deliveries(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        name: &SubscriptionName,
    ) -> Result<(), StoreError> {
        for id in self.indexed::<EventId>(&keys::event_outbox(tenant, name))? {
            commit.delete(keys::waiting_delivery(tenant, name, &id), Expect::Any);
        }
        for id in self.indexed::<EventId>(&keys::event_deliveries(tenant, name))? {
            commit.delete(keys::finished_delivery(tenant, name, &id), Expect::Any);
        }
        Ok(())
    }
}

impl Store {
    /// The oldest names of a prefix beyond so many, or a part of them.
    fn surplus(&self, prefix: &Prefix, keep: usize) -> Result<Vec<String>, StoreError> {
        let surplus = self.count(prefix)?.saturating_sub(u64::try_from(keep).unwrap_or(u64::MAX));
        let surplus = usize::try_from(surplus).unwrap_or(PRUNED_MAX).min(PRUNED_MAX);
        if surplus == 0 { Ok(Vec::new()) } else { self.names(prefix, surplus) }
    }
}

impl Commit {
    /// A delivery lies where its state belongs: what is over makes no way longer for what waits.
    pub fn put_delivery(&mut self, tenant: &TenantId, delivery: &Delivery, expect: Expect) {
        let (name, event) = (&delivery.subscription, &delivery.event.id);
        let waiting = keys::waiting_delivery(tenant, name, event);
        if delivery.is_waiting() {
            self.put(waiting, delivery, expect);
        } else {
            self.delete(waiting, expect);
            self.put(keys::finished_delivery(tenant, name, event), delivery, Expect::Any);
        }
    }
}
