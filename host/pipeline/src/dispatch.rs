//! Starts what is to be run: open runs that are free, a bounded number at once, the tenants in turn.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::run::Failure;
use domain::{Blame, RunId, TenantId};
use store::{Logs as _, Runs as _, StoreError};
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::inbox::{forget, look_around, trigger_hinted};
use crate::lease::is_free;
use crate::room::Room;
use crate::schedule::{tenants, trigger_due};
use crate::work::{give_up, work};

/// How often the logs are cut to their bound.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

pub(crate) struct Dispatcher {
    room: Arc<Room>,
    wake: Arc<Notify>,
    stop: watch::Receiver<bool>,
    tasks: JoinSet<Result<(), StoreError>>,
    active: HashMap<Id, (TenantId, RunId)>,
    /// Which tenant comes first, so that none always does.
    turn: usize,
    pruned_at: Option<Instant>,
}

impl Dispatcher {
    pub(crate) fn new(room: Arc<Room>, wake: Arc<Notify>, stop: watch::Receiver<bool>) -> Self {
        Self { room, wake, stop, tasks: JoinSet::new(), active: HashMap::new(), turn: 0, pruned_at: None }
    }

    /// Until it is told to stop; then it waits for what is on its way, up to the shutdown's bound.
    pub(crate) async fn all(mut self) {
        let tick = Duration::from_millis(self.room.options.tick_ms.max(1));
        let mut ticks = tokio::time::interval(tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !*self.stop.borrow() && self.stop.has_changed().is_ok() {
            tokio::select! {
                biased;
                _ = self.stop.changed() => continue,
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended).await,
                _ = ticks.tick() => self.tick().await,
                () = self.wake.notified() => {}
            }
            if let Err(error) = trigger_hinted(&self.room).await {
                tracing::error!(%error, "events wait, and their flows could not be started");
            }
            if let Err(error) = self.start() {
                tracing::error!(%error, "open runs could not be read");
            }
        }
        self.drain().await;
    }

    async fn tick(&mut self) {
        if let Err(error) = trigger_due(&self.room).await {
            tracing::error!(%error, "due flows could not be started");
        }
        if let Err(error) = self.look_around() {
            tracing::error!(%error, "waiting events could not be read");
        }
        if self.pruned_at.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            self.pruned_at = Some(Instant::now());
            if let Err(error) = self.prune().await {
                tracing::error!(%error, "the logs could not be cut to their bound");
            }
        }
    }

    fn look_around(&self) -> Result<(), StoreError> {
        tenants(&self.room.store)?.iter().try_for_each(|tenant| look_around(&self.room, tenant))
    }

    async fn prune(&self) -> Result<(), StoreError> {
        for tenant in tenants(&self.room.store)? {
            forget(&self.room, &tenant).await?;
            loop {
                let commit = self.room.store.prune_logs(&tenant, self.room.options.log_entries_max)?;
                if commit.is_empty() {
                    break;
                }
                self.room.store.commit(commit).await?;
            }
        }
        Ok(())
    }

    /// Fills the free places, one run of a tenant after one of another.
    fn start(&mut self) -> Result<(), StoreError> {
        let mut places = self.room.options.concurrent_runs.saturating_sub(self.active.len());
        if places == 0 {
            return Ok(());
        }
        let mut queues = self.queues()?;
        while places > 0 {
            let Some((tenant, mut runs, left)) = queues.pop_front() else { break };
            if left == 0 {
                continue;
            }
            let Some(run) = runs.pop_front() else { continue };
            let task = work(Arc::clone(&self.room), tenant.clone(), run.clone(), self.stop.clone());
            let id = self.tasks.spawn(task).id();
            self.active.insert(id, (tenant.clone(), run));
            places -= 1;
            queues.push_back((tenant, runs, left - 1));
        }
        Ok(())
    }

    /// For each tenant its free runs, oldest first, and how many of them may begin.
    fn queues(&mut self) -> Result<VecDeque<(TenantId, VecDeque<RunId>, usize)>, StoreError> {
        let now = self.room.now();
        let mut queues = VecDeque::new();
        for tenant in tenants(&self.room.store)? {
            let busy: Vec<&RunId> =
                self.active.values().filter(|(of, _)| *of == tenant).map(|(_, run)| run).collect();
            let left = self.room.options.concurrent_runs_per_tenant.saturating_sub(busy.len());
            if left == 0 {
                continue;
            }
            let open = self.room.store.open_runs(&tenant)?.into_iter().map(|row| row.value);
            let free: VecDeque<RunId> = open
                .filter(|run| is_free(&self.room, run, now) && !busy.contains(&&run.id))
                .map(|run| run.id)
                .collect();
            if !free.is_empty() {
                queues.push_back((tenant, free, left));
            }
        }
        if !queues.is_empty() {
            self.turn = self.turn.wrapping_add(1);
            let first = self.turn % queues.len();
            queues.rotate_left(first);
        }
        Ok(queues)
    }

    async fn ended(&mut self, ended: Result<(Id, Result<(), StoreError>), JoinError>) {
        let (id, failure) = match ended {
            Ok((id, Ok(()))) => (id, None),
            Ok((id, Err(error))) => (id, Some(Broken::Store(error))),
            Err(error) => (error.id(), Some(Broken::Panicked)),
        };
        let Some((tenant, run)) = self.active.remove(&id) else { return };
        let Some(broken) = failure else { return };
        tracing::error!(%tenant, %run, %broken, "a run was interrupted");
        if let Some(failure) = broken.for_good()
            && let Err(error) = give_up(&self.room, &tenant, &run, failure).await
        {
            tracing::error!(%tenant, %run, %error, "an interrupted run could not be ended");
        }
    }

    async fn drain(mut self) {
        let bound = Duration::from_millis(self.room.options.shutdown_ms);
        let all = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(ended).await;
            }
        };
        if tokio::time::timeout(bound, all).await.is_err() {
            // Their leases run out; what they have not committed is done again under the same keys.
            self.tasks.shutdown().await;
        }
    }
}

/// Why the work on a run came to no good end.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(StoreError),
    #[error("the host failed while it worked on the run")]
    Panicked,
}

impl Broken {
    /// What the run's row says, where trying again would only break again. A store that cannot be written now keeps the
    /// run as it is: its lease runs out, and then it is tried again.
    fn for_good(&self) -> Option<Failure> {
        let code = match self {
            Self::Store(StoreError::Engine { .. } | StoreError::File { .. } | StoreError::Stopped { .. }) => {
                return None;
            }
            Self::Store(error) => error.code(),
            Self::Panicked => "internal",
        };
        let message = format!("{self}; what was accepted waits for the next run");
        Some(Failure { blame: Blame::Host, code: code.to_owned(), message })
    }
}
