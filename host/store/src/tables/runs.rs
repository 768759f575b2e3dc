//! Executions of flows, with two indexes that every put keeps true: by flow, and those that are not over.

use domain::run::Run;
use domain::{FlowName, RunId, TenantId};

use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait Runs {
    fn run(&self, tenant: &TenantId, id: &RunId) -> Result<Option<Versioned<Run>>, StoreError>;
    /// Newest first.
    fn runs(
        &self,
        tenant: &TenantId,
        flow: Option<&FlowName>,
        paging: &Paging,
    ) -> Result<Page<Versioned<Run>>, StoreError>;
    /// Those that are queued or running, oldest first.
    fn open_runs(&self, tenant: &TenantId) -> Result<Vec<Versioned<Run>>, StoreError>;
}

impl Runs for Store {
    fn run(&self, tenant: &TenantId, id: &RunId) -> Result<Option<Versioned<Run>>, StoreError> {
        self.read(&keys::run(tenant, id))
    }

    fn runs(
        &self,
        tenant: &TenantId,
        flow: Option<&FlowName>,
        paging: &Paging,
    ) -> Result<Page<Versioned<Run>>, StoreError> {
        match flow {
            None => self.list(&keys::runs(tenant), Order::Descending, paging),
            Some(flow) => {
                let index = keys::runs_by_flow(tenant, flow);
                self.list_indexed(&index, Order::Descending, paging, |id| self.run(tenant, &id))
            }
        }
    }

    fn open_runs(&self, tenant: &TenantId) -> Result<Vec<Versioned<Run>>, StoreError> {
        let mut open = Vec::new();
        for id in self.indexed::<RunId>(&keys::open_runs(tenant))? {
            // A run may end between the look at the index and the look at its row.
            open.extend(self.run(tenant, &id)?.filter(|run| !run.value.status.is_final()));
        }
        Ok(open)
    }
}

impl Commit {
    pub fn put_run(&mut self, tenant: &TenantId, run: &Run, expect: Expect) {
        self.put(keys::run(tenant, &run.id), run, expect);
        self.ensure(keys::run_by_flow(tenant, &run.flow, &run.id));
        if run.status.is_final() {
            self.delete(keys::open_run(tenant, &run.id), Expect::Any);
        } else {
            self.ensure(keys::open_run(tenant, &run.id));
        }
    }

    pub fn require_run(&mut self, tenant: &TenantId, id: &RunId, expect: Expect) {
        self.require(keys::run(tenant, id), expect);
    }
}
