//! A tenant's configured uses of connectors.

use domain::profile::{CallOutcome, Profile};
use domain::{ProfileName, TenantId};

use crate::backend::Order;
use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait Profiles {
    fn profile(
        &self,
        tenant: &TenantId,
        name: &ProfileName,
    ) -> Result<Option<Versioned<Profile>>, StoreError>;
    /// By name.
    fn profiles(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Profile>>, StoreError>;
}

impl Profiles for Store {
    fn profile(
        &self,
        tenant: &TenantId,
        name: &ProfileName,
    ) -> Result<Option<Versioned<Profile>>, StoreError> {
        self.read(&keys::profile(tenant, name))
    }

    fn profiles(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Profile>>, StoreError> {
        self.list(&keys::profiles(tenant), Order::Ascending, paging)
    }
}

impl Change {
    pub fn put_profile(&mut self, tenant: &TenantId, profile: &Profile, expect: Expect) {
        self.commit.put(keys::profile(tenant, &profile.name), profile, expect);
    }

    /// Its secrets are rows of their own: delete them in the same commit.
    pub fn delete_profile(&mut self, tenant: &TenantId, name: &ProfileName, expect: Expect) {
        self.commit.delete(keys::profile(tenant, name), expect);
    }
}

impl Commit {
    /// Remembers what a profile's calls came to, and changes nothing else of what was read: that needs no audit entry.
    pub fn put_outcomes(&mut self, tenant: &TenantId, read: &Versioned<Profile>, outcomes: Vec<CallOutcome>) {
        let mut profile = read.value.clone();
        profile.outcomes = outcomes;
        self.put(keys::profile(tenant, &profile.name), &profile, Expect::Version(read.version));
    }

    pub fn require_profile(&mut self, tenant: &TenantId, name: &ProfileName, expect: Expect) {
        self.require(keys::profile(tenant, name), expect);
    }
}
