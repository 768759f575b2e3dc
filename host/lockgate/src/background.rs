//! What the host does by itself beside its flows: it looks at how profiles fare, and sends out events.
//!
//! The tasks hold the floors that they work with and not the host, so they end with its last handle. What one of them is
//! in the middle of is done again after the next start.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::egress::Ceiling;
use domain::{Clock, Credentials, EventId, Randomness, TenantId, Timestamp};
use egress::Egress;
use store::{Change, PAGE_ITEMS_MAX, Paging, Store, StoreError, Tenants as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::events::courier;
use crate::upkeep;

/// How the host looks after profiles and events by itself.
#[derive(Clone, Debug)]
pub struct UpkeepOptions {
    /// How often it is asked whether something is due.
    pub tick_ms: u64,
    /// How often the status of every profile is worked out again, on the host's clock. Nothing is called for it.
    pub recompute_ms: u64,
    /// How long an endpoint may take to answer to one event.
    pub answer_ms: u64,
    /// Events of each tenant that are kept to be listed.
    pub events_kept: usize,
}

impl Default for UpkeepOptions {
    fn default() -> Self {
        Self {
            tick_ms: 1_000,
            recompute_ms: 60_000,
            answer_ms: 10_000,
            events_kept: domain::event::EVENTS_KEPT,
        }
    }
}

/// The floors below, for who works without a caller.
pub(crate) struct Floor {
    pub(crate) store: Store,
    pub(crate) egress: Egress,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) ceiling: Arc<Ceiling>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) options: UpkeepOptions,
}

impl Floor {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId::make(&*self.clock, &*self.randomness)
    }

    pub(crate) fn chance(&self) -> u64 {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    pub(crate) fn tick(&self) -> Duration {
        Duration::from_millis(self.options.tick_ms.max(1))
    }

    /// The beginning of what the host changes by itself.
    pub(crate) fn change(
        &self,
        tenant: &TenantId,
        verb: Verb,
        subject: Subject,
        fields: &[&'static str],
    ) -> Change {
        let happening = Happening::new(self.now(), Actor::Host, verb, subject).changing(fields);
        Change::new(Chain::Tenant(tenant.clone()), happening)
    }

    pub(crate) fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let mut tenants = Vec::new();
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = self.store.tenants(&paging)?;
            tenants.extend(page.items.into_iter().map(|tenant| tenant.id));
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => return Ok(tenants),
            }
        }
    }
}

/// The tasks of one host.
pub(crate) struct Background {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    pub(crate) fn spawn(floor: Floor) -> Self {
        let (floor, stop) = (Arc::new(floor), watch::Sender::new(false));
        let tasks = vec![
            tokio::spawn(upkeep::all(Arc::clone(&floor), stop.subscribe())),
            tokio::spawn(courier::all(floor, stop.subscribe())),
        ];
        Self { stop, tasks: Mutex::new(tasks) }
    }

    pub(crate) async fn shutdown(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // One that panicked has nothing left to wait for.
            let _ended = task.await;
        }
    }
}
