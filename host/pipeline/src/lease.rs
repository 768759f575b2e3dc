//! The right to work on a run: taken, extended and lost by compare-and-set on the run's row.
//!
//! Everything that a run writes goes through [`Held::commit`], which insists on the row being as its holder last saw it.
//! Whoever has lost the lease therefore cannot write, however late it notices.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::run::{Attempt, Lease, Run, RunStatus, Suspension};
use domain::{RunId, TenantId, Timestamp};
use store::{Commit, Expect, Runs, StoreError};

use crate::room::Room;

/// A lease further ahead than any holder writes was written by a clock that has been set back since.
const AHEAD_MAX: u64 = 4;

/// Why a step was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    #[error("another process has taken the run over")]
    Lost,
    #[error("a row that the step depends on has changed")]
    Conflict,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A run that this process may work on.
pub(crate) struct Held {
    pub(crate) room: Arc<Room>,
    pub(crate) tenant: TenantId,
    pub(crate) run: Run,
    version: u64,
    fence: u64,
    /// Nobody has worked on it before.
    pub(crate) first: bool,
}

/// Whether this process may take the run now.
pub(crate) fn is_free(room: &Room, run: &Run, now: Timestamp) -> bool {
    let free = run.lease.as_ref().is_none_or(|lease| {
        let left_ms = lease.until.ms_since(now);
        let gone = room.options.exclusive && lease.holder != room.holder;
        left_ms == 0 || left_ms > room.options.lease_ms.saturating_mul(AHEAD_MAX) || gone
    });
    free && !run.status.is_final()
}

impl Held {
    /// None: it is over, or somebody else holds it or was faster.
    pub(crate) async fn take(
        room: &Arc<Room>,
        tenant: &TenantId,
        id: &RunId,
    ) -> Result<Option<Self>, StoreError> {
        let now = room.now();
        let Some(row) = room.store.run(tenant, id)?.filter(|row| is_free(room, &row.value, now)) else {
            return Ok(None);
        };
        let (mut run, version) = (row.value, row.version);
        let fence = run.lease.as_ref().map_or(0, |lease| lease.fence).saturating_add(1);
        let first = run.status == RunStatus::Queued;
        let mut commit = Commit::new();
        commit.hold_run(tenant, &run.id);
        if let Some(suspension) = run.suspension.take() {
            commit.forget_sleeper(tenant, &run.id, &suspension);
        }
        run.status = RunStatus::Running;
        run.started_at.get_or_insert(now);
        run.lease =
            Some(Lease { holder: room.holder.clone(), fence, until: now.plus_ms(room.options.lease_ms) });
        commit.put_run(tenant, &run, Expect::Version(version));
        match room.store.commit(commit).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut held = Self { room: Arc::clone(room), tenant: tenant.clone(), run, version, fence, first };
        match held.reload() {
            Ok(()) => Ok(Some(held)),
            Err(Halt::Store(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The run as this process holds it since an earlier [`Held::take`] whose work came to no good end.
    pub(crate) fn again(room: &Arc<Room>, tenant: &TenantId, id: &RunId) -> Result<Option<Self>, StoreError> {
        let Some(row) = room.store.run(tenant, id)? else { return Ok(None) };
        let (run, version) = (row.value, row.version);
        let Some(fence) =
            run.lease.as_ref().filter(|lease| lease.holder == room.holder).map(|lease| lease.fence)
        else {
            return Ok(None);
        };
        Ok(Some(Self { room: Arc::clone(room), tenant: tenant.clone(), run, version, fence, first: false }))
    }

    /// Writes a step together with the run's row as `change` leaves it, and extends the lease.
    pub(crate) async fn commit(&mut self, commit: Commit, change: impl FnOnce(&mut Run)) -> Result<(), Halt> {
        let mut run = self.run.clone();
        let until = self.room.now().plus_ms(self.room.options.lease_ms);
        if let Some(lease) = &mut run.lease {
            lease.until = until;
        }
        change(&mut run);
        self.write(commit, &run).await?;
        self.reload()
    }

    pub(crate) async fn extend(&mut self) -> Result<(), Halt> {
        self.commit(Commit::new(), |_| ()).await
    }

    /// Extends the lease when a third of it is used up.
    pub(crate) async fn keep(&mut self) -> Result<(), Halt> {
        let now = self.room.now();
        let left_ms = self.run.lease.as_ref().map_or(0, |lease| lease.until.ms_since(now));
        if left_ms <= self.room.options.lease_ms / 3 * 2 { self.extend().await } else { Ok(()) }
    }

    /// Writes the last step: `change` makes the run final.
    pub(crate) async fn end(&mut self, commit: Commit, change: impl FnOnce(&mut Run)) -> Result<(), Halt> {
        let mut run = self.run.clone();
        run.lease = None;
        change(&mut run);
        self.write(commit, &run).await
    }

    /// Lets the next holder go on at once. The lease stays in the row, so that its fence goes on growing.
    pub(crate) async fn release(&mut self, polls: Vec<Attempt>) -> Result<(), Halt> {
        let mut run = self.let_go();
        run.polls = polls;
        let mut commit = Commit::new();
        commit.ready_run(&self.tenant, &run.id);
        self.write(commit, &run).await
    }

    /// Lets nobody go on before a time: the run waits at its checkpoint.
    pub(crate) async fn suspend(&mut self, suspension: Suspension, polls: Vec<Attempt>) -> Result<(), Halt> {
        let mut run = self.let_go();
        let mut commit = Commit::new();
        commit.sleep_run(&self.tenant, &run, &suspension);
        run.status = RunStatus::Suspended;
        (run.suspension, run.polls) = (Some(suspension), polls);
        self.write(commit, &run).await
    }

    fn let_go(&self) -> Run {
        let mut run = self.run.clone();
        if let Some(lease) = &mut run.lease {
            lease.until = self.room.now();
        }
        run
    }

    /// Waits for `call` and keeps the lease meanwhile. A call whose lease is lost is dropped.
    pub(crate) async fn alongside<T>(&mut self, call: impl Future<Output = T>) -> Result<T, Halt> {
        let mut call = pin!(call);
        loop {
            tokio::select! {
                biased;
                done = &mut call => return Ok(done),
                () = tokio::time::sleep(self.beat()) => self.extend().await?,
            }
        }
    }

    /// How often the lease is extended.
    pub(crate) fn beat(&self) -> Duration {
        Duration::from_millis((self.room.options.lease_ms / 3).max(1))
    }

    async fn write(&mut self, mut commit: Commit, run: &Run) -> Result<(), Halt> {
        commit.put_run(&self.tenant, run, Expect::Version(self.version));
        match self.room.store.commit(commit).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_conflict() => {
                let version = self.version;
                self.reload()?;
                // The run's own row is untouched, so it was another row.
                Err(if self.version == version { Halt::Conflict } else { Halt::Lost })
            }
            Err(error) => Err(Halt::Store(error)),
        }
    }

    /// Reads the row back for its new version, and finds out whether it still names this holder.
    fn reload(&mut self) -> Result<(), Halt> {
        let row = self.room.store.run(&self.tenant, &self.run.id)?.ok_or(Halt::Lost)?;
        let mine = |lease: &Lease| lease.holder == self.room.holder && lease.fence == self.fence;
        if !row.value.lease.as_ref().is_some_and(mine) {
            return Err(Halt::Lost);
        }
        self.run = row.value;
        self.version = row.version;
        Ok(())
    }
}
