//! Whose signature a tenant wants under an upload: one row a tenant.

use domain::TenantId;
use domain::signing::Signers as Policy;

use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait Signers {
    fn signers(&self, tenant: &TenantId) -> Result<Option<Versioned<Policy>>, StoreError>;
}

impl Signers for Store {
    fn signers(&self, tenant: &TenantId) -> Result<Option<Versioned<Policy>>, StoreError> {
        self.read(&keys::signers(tenant))
    }
}

impl Change {
    pub fn put_signers(&mut self, tenant: &TenantId, signers: &Policy, expect: Expect) {
        self.commit.put(keys::signers(tenant), signers, expect);
    }
}

impl Commit {
    /// For what was judged by the row as it was read.
    pub fn require_signers(&mut self, tenant: &TenantId, expect: Expect) {
        self.require(keys::signers(tenant), expect);
    }
}
