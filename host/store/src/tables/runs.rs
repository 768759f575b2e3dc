//! Executions of flows, with the indexes that a put keeps true: by flow, and those that are not over, all and by flow.
//!
//! A put of a run that begins or ends keeps them; between its first and its last row nothing of them changes, so a step
//! of a run writes its row and no more. Where an open run stands is in `run_places`.

use domain::run::{Run, RunStatus};
use domain::{FlowName, RunId, TenantId, Timestamp};

use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::envelope::damaged;
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
    /// Those that are not over, oldest first: all of them, however many there are.
    fn open_runs(&self, tenant: &TenantId) -> Result<Vec<Versioned<Run>>, StoreError>;
    /// Those of one flow, oldest first: one and its replays.
    fn open_runs_of(&self, tenant: &TenantId, flow: &FlowName) -> Result<Vec<Versioned<Run>>, StoreError>;
    /// The next ones that are not over, behind this one.
    fn open_runs_behind(
        &self,
        tenant: &TenantId,
        behind: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError>;
    /// Whether somebody has asked for the end of a run.
    fn is_cancelled(&self, tenant: &TenantId, id: &RunId) -> Result<bool, StoreError>;
    /// A commit that removes, of the runs that are over, the oldest of each flow beyond `keep` and those from before
    /// `before`, or a part of them; an empty one when there are none. The last run of a flow stays.
    fn prune_runs(&self, tenant: &TenantId, keep: usize, before: Timestamp) -> Result<Commit, StoreError>;
}

/// Runs that one pruning removes at most.
const PRUNED_MAX: usize = 1_000;

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
        self.still_open(tenant, &keys::open_runs(tenant))
    }

    fn open_runs_of(&self, tenant: &TenantId, flow: &FlowName) -> Result<Vec<Versioned<Run>>, StoreError> {
        self.still_open(tenant, &keys::open_runs_of(tenant, flow))
    }

    fn open_runs_behind(
        &self,
        tenant: &TenantId,
        behind: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let behind = behind.map(|id| keys::open_run(tenant, id));
        let mut runs = Vec::new();
        self.walk_behind(&keys::open_runs(tenant), behind.as_ref(), true, |key, _| {
            runs.extend(keys::last_part(key).and_then(|id| id.parse().ok()));
            Ok(runs.len() < limit)
        })?;
        Ok(runs)
    }

    fn is_cancelled(&self, tenant: &TenantId, id: &RunId) -> Result<bool, StoreError> {
        Ok(self.read::<()>(&keys::cancel(tenant, id))?.is_some())
    }

    fn prune_runs(&self, tenant: &TenantId, keep: usize, before: Timestamp) -> Result<Commit, StoreError> {
        let mut commit = Commit::new();
        let (mut flow, mut ids) = (String::new(), Vec::new());
        let prefix = keys::all_runs_by_flow(tenant);
        self.walk_behind(&prefix, None, true, |key, _| {
            let rest = prefix.rest(key).and_then(|rest| std::str::from_utf8(rest).ok());
            let (of, id) = rest.and_then(|rest| rest.split_once('\0')).ok_or_else(|| damaged(key))?;
            if of != flow {
                self.prune_flow(tenant, &ids, (keep, before), &mut commit)?;
                flow = of.to_owned();
                ids.clear();
            }
            ids.push(id.parse::<RunId>().map_err(|_| damaged(key))?);
            Ok(commit.len() < PRUNED_MAX * OPS_OF_A_RUN)
        })?;
        self.prune_flow(tenant, &ids, (keep, before), &mut commit)?;
        Ok(commit)
    }
}

impl Store {
    fn still_open(&self, tenant: &TenantId, index: &keys::Prefix) -> Result<Vec<Versioned<Run>>, StoreError> {
        let mut open = Vec::new();
        for id in self.indexed::<RunId>(index)? {
            // A run may end between the look at the index and the look at its row.
            open.extend(self.run(tenant, &id)?.filter(|run| !run.value.status.is_final()));
        }
        Ok(open)
    }
}

/// The row and what may be left of its indexes.
const OPS_OF_A_RUN: usize = 3;

impl Store {
    /// Of the runs of one flow, oldest first.
    fn prune_flow(
        &self,
        tenant: &TenantId,
        ids: &[RunId],
        (keep, before): (usize, Timestamp),
        commit: &mut Commit,
    ) -> Result<(), StoreError> {
        let surplus = ids.len().saturating_sub(keep.max(1));
        for (at, id) in ids.iter().take(ids.len().saturating_sub(1)).enumerate() {
            if commit.len() >= PRUNED_MAX * OPS_OF_A_RUN {
                return Ok(());
            }
            let Some(run) = self.run(tenant, id)? else { continue };
            if at >= surplus && run.value.queued_at >= before {
                return Ok(());
            }
            if run.value.status.is_final() {
                commit.delete(keys::run(tenant, id), Expect::Version(run.version));
                commit.delete(keys::run_by_flow(tenant, &run.value.flow, id), Expect::Any);
                commit.delete(keys::open_run(tenant, id), Expect::Any);
            }
        }
        Ok(())
    }
}

impl Commit {
    pub fn put_run(&mut self, tenant: &TenantId, run: &Run, expect: Expect) {
        self.put(keys::run(tenant, &run.id), run, expect);
        if run.status.is_final() {
            self.ensure(keys::run_by_flow(tenant, &run.flow, &run.id));
            self.delete(keys::open_run(tenant, &run.id), Expect::Any);
            self.delete(keys::open_run_of(tenant, &run.flow, &run.id), Expect::Any);
            self.delete(keys::ready_run(tenant, &run.id), Expect::Any);
            self.delete(keys::held_run(tenant, &run.id), Expect::Any);
            self.delete(keys::cancel(tenant, &run.id), Expect::Any);
        } else if run.status == RunStatus::Queued {
            self.index_open_run(tenant, run);
            self.ensure(keys::ready_run(tenant, &run.id));
        }
    }

    /// The indexes of a run that is not over.
    pub fn index_open_run(&mut self, tenant: &TenantId, run: &Run) {
        self.ensure(keys::run_by_flow(tenant, &run.flow, &run.id));
        self.ensure(keys::open_run(tenant, &run.id));
        self.ensure(keys::open_run_of(tenant, &run.flow, &run.id));
    }

    /// Whoever works on the run finds it, and ends it.
    pub fn ask_to_cancel(&mut self, tenant: &TenantId, id: &RunId) {
        self.ensure(keys::cancel(tenant, id));
    }

    pub fn require_run(&mut self, tenant: &TenantId, id: &RunId, expect: Expect) {
        self.require(keys::run(tenant, id), expect);
    }
}
