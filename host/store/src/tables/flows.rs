//! Definitions of flows.

use domain::flow::Flow;
use domain::{FlowName, TenantId};

use crate::backend::Order;
use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait Flows {
    fn flow(&self, tenant: &TenantId, name: &FlowName) -> Result<Option<Versioned<Flow>>, StoreError>;
    /// By name.
    fn flows(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Flow>>, StoreError>;
}

impl Flows for Store {
    fn flow(&self, tenant: &TenantId, name: &FlowName) -> Result<Option<Versioned<Flow>>, StoreError> {
        self.read(&keys::flow(tenant, name))
    }

    fn flows(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Flow>>, StoreError> {
        self.list(&keys::flows(tenant), Order::Ascending, paging)
    }
}

impl Change {
    pub fn put_flow(&mut self, tenant: &TenantId, flow: &Flow, expect: Expect) {
        self.commit.put(keys::flow(tenant, &flow.name), flow, expect);
    }

    pub fn delete_flow(&mut self, tenant: &TenantId, name: &FlowName, expect: Expect) {
        self.commit.delete(keys::flow(tenant, name), expect);
    }
}

impl Commit {
    pub fn require_flow(&mut self, tenant: &TenantId, name: &FlowName, expect: Expect) {
        self.require(keys::flow(tenant, name), expect);
    }
}
