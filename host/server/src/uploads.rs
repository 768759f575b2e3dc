//! Places for components on their way in: each holds one in memory, so there are few, and fewer for one tenant.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::TenantId;

pub(crate) struct Uploads {
    max: usize,
    per_tenant_max: usize,
    /// Held only to count, never across an await.
    taken: Mutex<BTreeMap<TenantId, usize>>,
}

/// Given back when it is dropped, also when the request is cancelled.
pub(crate) struct Place {
    uploads: Arc<Uploads>,
    tenant: TenantId,
}

impl Uploads {
    pub(crate) fn new(max: usize, per_tenant_max: usize) -> Self {
        Self { max, per_tenant_max, taken: Mutex::new(BTreeMap::new()) }
    }

    /// A place, unless all are taken: a caller that has to wait for one should wait at home.
    pub(crate) fn take(self: &Arc<Self>, tenant: &TenantId) -> Option<Place> {
        let mut taken = self.lock();
        let all: usize = taken.values().sum();
        let own = taken.get(tenant).copied().unwrap_or(0);
        if all >= self.max || own >= self.per_tenant_max {
            return None;
        }
        taken.insert(tenant.clone(), own + 1);
        Some(Place { uploads: self.clone(), tenant: tenant.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TenantId, usize>> {
        // Counting cannot be left half done, so a panic of another holder spoils nothing.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.uploads.lock();
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
    fn one_tenant_cannot_take_every_place_and_places_come_back() {
        let uploads = Arc::new(Uploads::new(3, 2));
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let first = uploads.take(&a).unwrap();
        let _second = uploads.take(&a).unwrap();
        assert!(uploads.take(&a).is_none());
        let _third = uploads.take(&b).unwrap();
        assert!(uploads.take(&b).is_none());
        drop(first);
        assert!(uploads.take(&b).is_some());
    }
}
