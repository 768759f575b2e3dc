//! Definitions of flows.

use domain::flow::Flow;
use domain::{FlowName, ProfileName, TenantId};

use crate::backend::Order;
use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

/// Versions of one flow that runs can still follow.
const FLOW_VERSIONS_KEPT: u64 = 50;

pub trait Flows {
    fn flow(&self, tenant: &TenantId, name: &FlowName) -> Result<Option<Versioned<Flow>>, StoreError>;
    /// The definition of a flow as it was in an earlier version, or is; none where it is no longer kept.
    fn flow_version(
        &self,
        tenant: &TenantId,
        name: &FlowName,
        version: u64,
    ) -> Result<Option<Flow>, StoreError>;
    /// By name.
    fn flows(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Flow>>, StoreError>;
    /// Those that get their records from one trigger of a profile.
    fn flows_from(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        trigger: &str,
    ) -> Result<Vec<FlowName>, StoreError>;
}

impl Flows for Store {
    fn flow(&self, tenant: &TenantId, name: &FlowName) -> Result<Option<Versioned<Flow>>, StoreError> {
        self.read(&keys::flow(tenant, name))
    }

    fn flow_version(
        &self,
        tenant: &TenantId,
        name: &FlowName,
        version: u64,
    ) -> Result<Option<Flow>, StoreError> {
        Ok(self.read(&keys::flow_version(tenant, name, version))?.map(|row| row.value))
    }

    fn flows(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Flow>>, StoreError> {
        self.list(&keys::flows(tenant), Order::Ascending, paging)
    }

    fn flows_from(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        trigger: &str,
    ) -> Result<Vec<FlowName>, StoreError> {
        let mut from = Vec::new();
        for name in self.indexed::<FlowName>(&keys::flows_by_source(tenant, profile, trigger))? {
            // A flow that was changed may have had this source before.
            let source = self.flow(tenant, &name)?.map(|row| row.value.source);
            if source.is_some_and(|source| source.profile == *profile && source.trigger == trigger) {
                from.push(name);
            }
        }
        Ok(from)
    }
}

impl Change {
    pub fn put_flow(&mut self, tenant: &TenantId, flow: &Flow, expect: Expect) {
        self.commit.put(keys::flow(tenant, &flow.name), flow, expect);
        // Runs stay with the version that they began with.
        self.commit.put(keys::flow_version(tenant, &flow.name, flow.version), flow, Expect::Any);
        if let Some(forgotten) = flow.version.checked_sub(FLOW_VERSIONS_KEPT) {
            self.commit.delete(keys::flow_version(tenant, &flow.name, forgotten), Expect::Any);
        }
        if flow.enabled && flow.schedule.is_some() {
            self.commit.look_at_flow(tenant, &flow.name);
        }
        let source = &flow.source;
        self.commit.ensure(keys::flow_by_source(tenant, &source.profile, &source.trigger, &flow.name));
    }

    /// With the versions that are kept of it.
    pub fn delete_flow(&mut self, tenant: &TenantId, flow: &Flow, expect: Expect) {
        self.commit.delete(keys::flow(tenant, &flow.name), expect);
        let source = &flow.source;
        let from = keys::flow_by_source(tenant, &source.profile, &source.trigger, &flow.name);
        self.commit.delete(from, Expect::Any);
        for version in flow.version.saturating_sub(FLOW_VERSIONS_KEPT)..=flow.version {
            self.commit.delete(keys::flow_version(tenant, &flow.name, version), Expect::Any);
        }
    }
}

impl Commit {
    pub fn require_flow(&mut self, tenant: &TenantId, name: &FlowName, expect: Expect) {
        self.require(keys::flow(tenant, name), expect);
    }
}
