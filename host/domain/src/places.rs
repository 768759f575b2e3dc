//! Places that are counted, so many in all and so many for one tenant: whoever fills its own takes none of the others'.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ids::TenantId;

pub struct Places {
    max: u64,
    per_tenant_max: u64,
    /// Held only to count, never across an await.
    taken: Mutex<HashMap<TenantId, u64>>,
}

/// Given back when it is dropped, also when what it was taken for is cancelled.
pub struct Place {
    places: Arc<Places>,
    tenant: TenantId,
}

impl Places {
    pub fn new(max: u64, per_tenant_max: u64) -> Self {
        Self { max, per_tenant_max, taken: Mutex::default() }
    }

    /// As many as there are tenants to take them.
    pub fn for_each_tenant(per_tenant_max: u64) -> Self {
        Self::new(u64::MAX, per_tenant_max)
    }

    /// A place, unless all are taken or the tenant has all of its own: a caller that has to wait should wait at home.
    pub fn take(self: &Arc<Self>, tenant: &TenantId) -> Option<Place> {
        let mut taken = self.lock();
        let all: u64 = taken.values().sum();
        let own = taken.get(tenant).copied().unwrap_or(0);
        if all >= self.max || own >= self.per_tenant_max {
            return None;
        }
        taken.insert(tenant.clone(), own + 1);
        Some(Place { places: self.clone(), tenant: tenant.clone() })
    }

    pub fn taken(&self, tenant: &TenantId) -> u64 {
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

    fn tenants() -> (TenantId, TenantId) {
        ("a".parse().unwrap(), "b".parse().unwrap())
    }

    #[test]
    fn a_tenant_fills_its_own_places_and_they_come_back() {
        let places = Arc::new(Places::for_each_tenant(2));
        let (a, b) = tenants();
        let first = places.take(&a).unwrap();
        let _second = places.take(&a).unwrap();
        assert!(places.take(&a).is_none());
        assert!(places.take(&b).is_some());
        drop(first);
        assert_eq!((places.taken(&a), places.taken(&b)), (1, 0));
        assert!(places.take(&a).is_some());
    }

    #[test]
    fn all_are_taken_when_several_tenants_have_them() {
        let places = Arc::new(Places::new(3, 2));
        let (a, b) = tenants();
        let first = places.take(&a).unwrap();
        let _second = places.take(&a).unwrap();
        let _third = places.take(&b).unwrap();
        assert!(places.take(&b).is_none());
        drop(first);
        assert!(places.take(&b).is_some());
    }
}
