//! Finds the events that are due and brings them out: one task a subscription, so that a slow endpoint delays no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{SubscriptionName, TenantId};
use store::{Events as _, StoreError, Subscriptions as _};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::MissedTickBehavior;

use super::deliver::pass;
use crate::background::Floor;

/// How long a shutdown waits for attempts under way. What is cut off is sent again after the next start.
const SHUTDOWN: Duration = Duration::from_secs(2);

type Key = (TenantId, SubscriptionName);

#[derive(Default)]
struct Courier {
    tasks: JoinSet<()>,
    under_way: HashMap<Id, Key>,
}

pub(crate) async fn all(floor: Arc<Floor>, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(floor.tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut courier = Courier::default();
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            Some(ended) = courier.tasks.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                courier.under_way.remove(&id);
            }
            _ = ticks.tick() => {
                if let Err(error) = courier.start(&floor) {
                    tracing::error!(%error, "events that are due could not be read");
                }
            }
        }
    }
    // A host that was dropped waits for nothing.
    let told = *stop.borrow();
    if told {
        let all = async { while courier.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN, all).await.is_ok() {
            return;
        }
    }
    courier.tasks.shutdown().await;
}

impl Courier {
    fn start(&mut self, floor: &Arc<Floor>) -> Result<(), StoreError> {
        let now = floor.now();
        for tenant in floor.tenants()? {
            for row in floor.store.subscriptions(&tenant)? {
                let key = (tenant.clone(), row.value.name);
                let busy = self.under_way.values().any(|under_way| *under_way == key);
                if busy || !row.value.enabled {
                    continue;
                }
                if !floor.store.due_deliveries(&key.0, &key.1, now, 1)?.is_empty() {
                    let task = pass(Arc::clone(floor), key.0.clone(), key.1.clone());
                    self.under_way.insert(self.tasks.spawn(task).id(), key);
                }
            }
        }
        Ok(())
    }
}
