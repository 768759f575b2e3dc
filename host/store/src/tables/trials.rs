//! How a profile's last canary has fared beside the version in use: one row a profile.

use domain::canary::Trial;
use domain::{ProfileName, TenantId};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait Trials {
    fn trial(&self, tenant: &TenantId, profile: &ProfileName)
    -> Result<Option<Versioned<Trial>>, StoreError>;
}

impl Trials for Store {
    fn trial(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<Trial>>, StoreError> {
        self.read(&keys::trial(tenant, profile))
    }
}

impl Commit {
    pub fn put_trial(&mut self, tenant: &TenantId, profile: &ProfileName, trial: &Trial, expect: Expect) {
        self.put(keys::trial(tenant, profile), trial, expect);
    }

    pub fn delete_trial(&mut self, tenant: &TenantId, profile: &ProfileName) {
        self.delete(keys::trial(tenant, profile), Expect::Any);
    }
}
