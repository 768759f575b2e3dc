//! Places for calls that the API runs: a tenant that calls without waiting fills its own places and no others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::TenantId;

pub(crate) struct Places {
    per_tenant_max: u64,
    /// Held only to count, never across an await.
    taken: Mutex<HashMap<TenantId, u64>>,
}

/// Given back when it is dropped, also when the call is cancelled.
pub(crate) struct Place {
    places: Arc<Places>,
    tenant: TenantId,
}

impl Places {
    pub(crate) fn new(per_tenant_max: u64) -> Self {
        Self { per_tenant_max, taken: Mutex::default() }
    }

    /// A place, unless the tenant has taken all of its own: a caller that has to wait should wait at home.
    pub(crate) fn take(self: &Arc<Self>, tenant: &TenantId) -> Option<Place> {
        let mut taken = self.lock();
        let own = taken.get(tenant).copied().unwrap_or(0);
        if own >= self.per_tenant_max {
            return None;
        }
        taken.insert(tenant.clone(), own + 1);
        Some(Place { places: self.clone(), tenant: tenant.clone() })
    }

    pub(crate) fn taken(&self, tenant: &TenantId) -> u64 {
        self.lock().get(tenant).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, u64>> {
        // Counting cannot be left half done, so a panic of another holder spoils nothing.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        match taken.get_mut(&self.tenant) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_fills_its_own_places_and_they_come_back() {
        let places = Arc::new(Places::new(2));
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let first = places.take(&a).unwrap();
        let _second = places.take(&a).unwrap();
        assert!(places.take(&a).is_none());
        assert!(places.take(&b).is_some());
        drop(first);
        assert_eq!((places.taken(&a), places.taken(&b)), (1, 0));
        assert!(places.take(&a).is_some());
    }
}
