//! What the connector of a profile tried while it was watched: one row a profile.

use domain::observation::Observation;
use domain::{ProfileName, TenantId};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait Observations {
    fn observation(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<Observation>>, StoreError>;
}

impl Observations for Store {
    fn observation(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<Observation>>, StoreError> {
        self.read(&keys::observation(tenant, profile))
    }
}

impl Commit {
    pub fn put_observation(
        &mut self,
        tenant: &TenantId,
        profile: &ProfileName,
        observation: &Observation,
        expect: Expect,
    ) {
        self.put(keys::observation(tenant, profile), observation, expect);
    }

    pub fn delete_observation(&mut self, tenant: &TenantId, profile: &ProfileName) {
        self.delete(keys::observation(tenant, profile), Expect::Any);
    }
}
