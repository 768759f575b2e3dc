//! The tenants that exist.

use domain::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

/// That a tenant exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    pub id: TenantId,
    pub created_at: Timestamp,
}

pub trait Tenants {
    fn tenant(&self, id: &TenantId) -> Result<Option<Versioned<Tenant>>, StoreError>;
    /// By name.
    fn tenants(&self, paging: &Paging) -> Result<Page<Tenant>, StoreError>;
}

impl Tenants for Store {
    fn tenant(&self, id: &TenantId) -> Result<Option<Versioned<Tenant>>, StoreError> {
        self.read(&keys::tenant(id))
    }

    fn tenants(&self, paging: &Paging) -> Result<Page<Tenant>, StoreError> {
        Ok(self.list::<Tenant>(&keys::tenants(), Order::Ascending, paging)?.map(|row| row.value))
    }
}

impl Commit {
    pub fn put_tenant(&mut self, tenant: &Tenant, expect: Expect) {
        self.put(keys::tenant(&tenant.id), tenant, expect);
    }

    pub fn require_tenant(&mut self, id: &TenantId, expect: Expect) {
        self.require(keys::tenant(id), expect);
    }
}
