//! A tenant's share: so many requests under way, its own connections, its own pace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::dial::Dials;
use crate::pace::Paces;

/// Tenants that are remembered while idle. What is forgotten is warm connections and a pace at rest.
const TENANTS_MAX: usize = 1_024;

pub(crate) struct Tenants {
    in_flight_max: usize,
    /// Counts uses, so that the tenant used longest ago is known without a clock.
    uses: AtomicU64,
    known: Mutex<HashMap<TenantId, Arc<Tenant>>>,
}

pub(crate) struct Tenant {
    pub(crate) dials: Dials,
    pub(crate) paces: Paces,
    turns: Arc<Semaphore>,
    last_use: AtomicU64,
}

/// The request's time was over before its turn came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooBusy;

impl Tenants {
    pub(crate) fn new(in_flight_max: usize) -> Self {
        let in_flight_max = in_flight_max.clamp(1, Semaphore::MAX_PERMITS);
        Self { in_flight_max, uses: AtomicU64::new(0), known: Mutex::default() }
    }

    pub(crate) fn get(&self, id: &TenantId) -> Arc<Tenant> {
        let now = self.uses.fetch_add(1, Ordering::Relaxed);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = known.get(id) {
            tenant.last_use.store(now, Ordering::Relaxed);
            return Arc::clone(tenant);
        }
        if known.len() >= TENANTS_MAX {
            forget_one(&mut known);
        }
        let tenant = Arc::new(Tenant {
            dials: Dials::default(),
            paces: Paces::new(),
            turns: Arc::new(Semaphore::new(self.in_flight_max)),
            last_use: AtomicU64::new(now),
        });
        known.insert(id.clone(), Arc::clone(&tenant));
        tenant
    }
}

/// Never one that is in use: its turns must go on counting.
fn forget_one(known: &mut HashMap<TenantId, Arc<Tenant>>) {
    let idle = known.iter().filter(|(_, tenant)| Arc::strong_count(tenant) == 1);
    let oldest = idle.min_by_key(|(_, tenant)| tenant.last_use.load(Ordering::Relaxed));
    if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
        known.remove(&oldest);
    }
}

impl Tenant {
    /// One of the tenant's turns, held until the whole exchange is over.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, TooBusy> {
        match timeout_at(deadline, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(TooBusy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_tenants_are_forgotten_and_busy_ones_are_not() {
        let tenants = Tenants::new(1);
        let busy = tenants.get(&"busy".parse().unwrap());
        for at in 0..2 * TENANTS_MAX {
            tenants.get(&format!("t{at}").parse().unwrap());
        }
        assert_eq!(tenants.known.lock().unwrap().len(), TENANTS_MAX);
        assert!(Arc::ptr_eq(&busy, &tenants.get(&"busy".parse().unwrap())));
    }
}
