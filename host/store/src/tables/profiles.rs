//! A tenant's configured uses of connectors.

use domain::profile::Profile;
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
    /// Remembers how a profile fares, as `seen` says, and changes nothing else of what was read: that needs no audit entry.
    pub fn put_health(&mut self, tenant: &TenantId, read: &Versioned<Profile>, seen: Profile) {
        let mut profile = read.value.clone();
        profile.outcomes = seen.outcomes;
        profile.healthy = seen.healthy;
        profile.probe_at = seen.probe_at;
        profile.standing = seen.standing;
        profile.history = seen.history;
        profile.needs_no_host = seen.needs_no_host;
        if let (Some(life), Some(seen)) = (&mut profile.credential.life, seen.credential.life) {
            life.told = seen.told;
        }
        self.put(keys::profile(tenant, &profile.name), &profile, Expect::Version(read.version));
    }

    pub fn require_profile(&mut self, tenant: &TenantId, name: &ProfileName, expect: Expect) {
        self.require(keys::profile(tenant, name), expect);
    }
}
