//! Replays of many dead letters: those that are under way, and the last ones that ended.

use domain::replay_job::{JobState, ReplayJob};
use domain::{ReplayJobId, TenantId};

use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait ReplayJobs {
    fn replay_job(
        &self,
        tenant: &TenantId,
        id: &ReplayJobId,
    ) -> Result<Option<Versioned<ReplayJob>>, StoreError>;
    /// Newest first.
    fn replay_jobs(
        &self,
        tenant: &TenantId,
        paging: &Paging,
    ) -> Result<Page<Versioned<ReplayJob>>, StoreError>;
    /// Those under way, oldest first.
    fn running_replay_jobs(&self, tenant: &TenantId) -> Result<Vec<Versioned<ReplayJob>>, StoreError>;
    /// A commit that removes the oldest ones that ended, beyond `keep`.
    fn prune_replay_jobs(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError>;
}

impl ReplayJobs for Store {
    fn replay_job(
        &self,
        tenant: &TenantId,
        id: &ReplayJobId,
    ) -> Result<Option<Versioned<ReplayJob>>, StoreError> {
        self.read(&keys::replay_job(tenant, id))
    }

    fn replay_jobs(
        &self,
        tenant: &TenantId,
        paging: &Paging,
    ) -> Result<Page<Versioned<ReplayJob>>, StoreError> {
        self.list(&keys::replay_jobs(tenant), Order::Descending, paging)
    }

    fn running_replay_jobs(&self, tenant: &TenantId) -> Result<Vec<Versioned<ReplayJob>>, StoreError> {
        let mut jobs: Vec<Versioned<ReplayJob>> = self.all(&keys::replay_jobs(tenant))?;
        jobs.retain(|job| job.value.state == JobState::Running);
        Ok(jobs)
    }

    fn prune_replay_jobs(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError> {
        let jobs: Vec<Versioned<ReplayJob>> = self.all(&keys::replay_jobs(tenant))?;
        let surplus = jobs.len().saturating_sub(keep);
        let mut commit = Commit::new();
        for job in jobs.into_iter().take(surplus).filter(|job| job.value.state != JobState::Running) {
            commit.delete(keys::replay_job(tenant, &job.value.id), Expect::Version(job.version));
        }
        Ok(commit)
    }
}

impl Commit {
    pub fn put_replay_job(&mut self, tenant: &TenantId, job: &ReplayJob, expect: Expect) {
        self.put(keys::replay_job(tenant, &job.id), job, expect);
    }
}
