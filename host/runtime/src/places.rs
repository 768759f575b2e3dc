//! Places for calls: as many as the pool has room for, and of these no more than a share for any one tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use domain::call::{CallFailure, Fault};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::gauges::{Meter, Share};

/// Tenants that are remembered while none of their calls is under way.
const IDLE_MAX: usize = 1_024;

pub(crate) struct Places {
    /// Of the whole process.
    all: Arc<Semaphore>,
    per_tenant: usize,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

/// A place in the pool. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    // Given back in this order: the pool's place before the tenant's turn, so that a tenant never has more than its share.
    _place: OwnedSemaphorePermit,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(crate) fn new(all: Arc<Semaphore>, per_tenant: u32) -> Self {
        let per_tenant = (per_tenant.max(1) as usize).min(Semaphore::MAX_PERMITS);
        Self { all, per_tenant, tenants: Mutex::default() }
    }

    /// Waits for a place. The tenant's turn comes first, so that a tenant whose calls never end waits for itself and
    /// not in the queue of the others. A call for nobody, at admission, is bounded by its upload.
    pub(crate) async fn take(
        &self,
        tenant: Option<&TenantId>,
        meter: &Arc<Meter>,
    ) -> Result<Place, CallFailure> {
        let _waiting = Share::of(meter, |meter| &meter.calls_waiting, 1);
        let turn = match tenant {
            Some(tenant) => Some(taken(self.of(tenant)).await?),
            None => None,
        };
        Ok(Place { _place: taken(Arc::clone(&self.all)).await?, _turn: turn })
    }

    fn of(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = tenants.get(tenant) {
            return Arc::clone(turns);
        }
        if tenants.len() >= IDLE_MAX {
            // A turn that is taken or waited for holds another reference.
            tenants.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = Arc::new(Semaphore::new(self.per_tenant));
        tenants.insert(tenant.clone(), Arc::clone(&turns));
        turns
    }
}

async fn taken(of: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, CallFailure> {
    of.acquire_owned().await.map_err(|_| CallFailure::new(Fault::Host, "the host is shutting down"))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn tenant(name: &str) -> TenantId {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn a_tenant_that_gives_nothing_back_waits_for_itself_alone() {
        let (places, meter) = (Places::new(Arc::new(Semaphore::new(8)), 3), Arc::default());
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(places.take(Some(&tenant("mallory")), &meter).await.unwrap());
        }
        assert!(places.take(Some(&tenant("mallory")), &meter).now_or_never().is_none());
        assert!(places.take(Some(&tenant("acme")), &meter).now_or_never().is_some());
        assert!(places.take(None, &meter).now_or_never().is_some());
        taken.pop();
        assert!(places.take(Some(&tenant("mallory")), &meter).now_or_never().is_some());
        assert_eq!(meter.read(crate::PoolGauges::default()).calls_waiting, 0);
    }

    #[tokio::test]
    async fn tenants_without_a_call_are_forgotten() {
        let (places, meter) = (Places::new(Arc::new(Semaphore::new(8)), 3), Arc::default());
        let busy = places.take(Some(&tenant("busy")), &meter).await.unwrap();
        for n in 0..2 * IDLE_MAX {
            places.take(Some(&tenant(&format!("t{n}"))), &meter).await.unwrap();
        }
        let tenants = places.tenants.lock().unwrap();
        assert!(tenants.len() <= IDLE_MAX && tenants.contains_key(&tenant("busy")));
        drop(busy);
    }
}
