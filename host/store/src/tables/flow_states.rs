//! Where each flow stands: its cursor, and the number of the next record.

use domain::flow::FlowState;
use domain::{FlowName, TenantId};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait FlowStates {
    /// The beginning, in version 0, for a flow that has never run.
    fn flow_state(&self, tenant: &TenantId, flow: &FlowName) -> Result<Versioned<FlowState>, StoreError>;
}

impl FlowStates for Store {
    fn flow_state(&self, tenant: &TenantId, flow: &FlowName) -> Result<Versioned<FlowState>, StoreError> {
        let found = self.read(&keys::flow_state(tenant, flow))?;
        Ok(found.unwrap_or_else(|| Versioned { version: 0, value: FlowState::default() }))
    }
}

impl Commit {
    pub fn put_flow_state(&mut self, tenant: &TenantId, flow: &FlowName, state: &FlowState, expect: Expect) {
        self.put(keys::flow_state(tenant, flow), state, expect);
    }

    pub fn delete_flow_state(&mut self, tenant: &TenantId, flow: &FlowName, expect: Expect) {
        self.delete(keys::flow_state(tenant, flow), expect);
    }

    pub fn require_flow_state(&mut self, tenant: &TenantId, flow: &FlowName, expect: Expect) {
        self.require(keys::flow_state(tenant, flow), expect);
    }
}
