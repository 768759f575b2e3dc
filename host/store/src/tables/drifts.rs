//! How far what comes from a profile's remote differs from what its connector declares: one row a profile.

use domain::drift::Drift;
use domain::{ProfileName, TenantId};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait Drifts {
    fn drift(&self, tenant: &TenantId, profile: &ProfileName)
    -> Result<Option<Versioned<Drift>>, StoreError>;
}

impl Drifts for Store {
    fn drift(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<Drift>>, StoreError> {
        self.read(&keys::drift(tenant, profile))
    }
}

impl Commit {
    pub fn put_drift(&mut self, tenant: &TenantId, profile: &ProfileName, drift: &Drift, expect: Expect) {
        self.put(keys::drift(tenant, profile), drift, expect);
    }

    pub fn delete_drift(&mut self, tenant: &TenantId, profile: &ProfileName) {
        self.delete(keys::drift(tenant, profile), Expect::Any);
    }
}
