//! Starts what can be run: runs that are ready, a bounded number at once, the tenants in turn and each tenant's runs in
//! turn.
//!
//! What it reads is in proportion to what it starts: runs that wait, and runs that somebody works on, are not looked at.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::run::{Failure, RunStatus};
use domain::{Blame, RunId, TenantId};
use store::{Commit, RunPlaces as _, Runs as _, StoreError};
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};

use crate::inbox::{look_around, trigger_hinted};
use crate::lease::is_free;
use crate::prune::prune;
use crate::relook::relook;
use crate::replay_jobs::step_all;
use crate::room::Room;
use crate::schedule::{tenants, trigger_due};
use crate::work::{give_up, work};

/// How often what is kept for a time is cut to its bound.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// Runs that wake in one tick, and held ones that are looked at: there are as many as places.
const WAKES_MAX: usize = 500;
const HELD_MAX: usize = 1_000;
/// Tenants whose place in the turn of their own runs is remembered.
const TURNS_MAX: usize = 10_000;
/// A clock that goes back by more than this was set.
const BACK_MS: u64 = 60_000;

pub(crate) struct Dispatcher {
    room: Arc<Room>,
    wake: Arc<Notify>,
    stop: watch::Receiver<bool>,
    tasks: JoinSet<Result<(), StoreError>>,
    /// What goes on beside the runs: schedules, logs, a look at everything. Ends with the dispatcher.
    chores: JoinSet<()>,
    active: HashMap<Id, (TenantId, RunId)>,
    /// The tenant that had the last turn.
    turn: Option<TenantId>,
    /// And which of its runs.
    turns: HashMap<TenantId, RunId>,
}

impl Dispatcher {
    pub(crate) fn new(room: Arc<Room>, wake: Arc<Notify>, stop: watch::Receiver<bool>) -> Self {
        Self {
            room,
            wake,
            stop,
            tasks: JoinSet::new(),
            chores: JoinSet::new(),
            active: HashMap::new(),
            turn: None,
            turns: HashMap::new(),
        }
    }

    /// Until it is told to stop; then it waits for what is on its way, up to the shutdown's bound.
    pub(crate) async fn all(mut self) {
        let tick = Duration::from_millis(self.room.options.tick_ms.max(1));
        let mut ticks = tokio::time::interval(tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.chores.spawn(schedules(Arc::clone(&self.room), Arc::clone(&self.wake), tick));
        self.chores.spawn(replays(Arc::clone(&self.room), Arc::clone(&self.wake), tick));
        self.chores.spawn(pruning(Arc::clone(&self.room)));
        while !*self.stop.borrow() && self.stop.has_changed().is_ok() {
            tokio::select! {
                biased;
                _ = self.stop.changed() => continue,
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended).await,
                _ = ticks.tick() => {
                    if let Err(error) = self.tick().await {
                        tracing::error!(%error, "runs that wait could not be woken");
                    }
                    if let Err(error) = self.look_around() {
                        tracing::error!(%error, "waiting events could not be read");
                    }
                }
                () = self.wake.notified() => {}
            }
            if let Err(error) = trigger_hinted(&self.room).await {
                tracing::error!(%error, "events wait, and their flows could not be started");
            }
            if let Err(error) = self.start().await {
                tracing::error!(%error, "open runs could not be read");
            }
        }
        self.chores.abort_all();
        self.drain().await;
    }

    /// Those whose time has come are ready, and those whose holder has disappeared.
    async fn tick(&mut self) -> Result<(), StoreError> {
        let room = &self.room;
        let now = room.now();
        let mut commit = Commit::new();
        for sleeper in room.store.sleeping_runs(now, WAKES_MAX)? {
            let run = room.store.run(&sleeper.tenant, &sleeper.run)?.map(|row| row.value);
            let asleep = run.filter(|run| run.status == RunStatus::Suspended);
            match asleep.and_then(|run| run.suspension) {
                Some(suspension) if suspension.until <= now => {
                    commit.wake_run(&sleeper.tenant, &sleeper.run, &suspension);
                }
                _ => {}
            }
            commit.forget_sleeping_row(&sleeper);
        }
        for (tenant, id) in room.store.held_runs(HELD_MAX)? {
            if self.active.values().any(|(of, run)| *of == tenant && *run == id) {
                continue;
            }
            match room.store.run(&tenant, &id)?.filter(|run| !run.value.status.is_final()) {
                Some(run) if is_free(room, &run.value, now) => commit.ready_run(&tenant, &id),
                Some(_) => {}
                None => commit.forget_held_run(&tenant, &id),
            }
        }
        if commit.is_empty() { Ok(()) } else { room.store.commit(commit).await }
    }

    fn look_around(&self) -> Result<(), StoreError> {
        tenants(&self.room.store)?.iter().try_for_each(|tenant| look_around(&self.room, tenant))
    }

    /// Fills the free places, one run of a tenant after one of another.
    async fn start(&mut self) -> Result<(), StoreError> {
        let mut places = self.room.options.concurrent_runs.saturating_sub(self.active.len());
        // Tenants that have nothing more that could begin now.
        let mut done: BTreeSet<TenantId> = BTreeSet::new();
        let mut contended = false;
        let mut behind = self.turn.clone();
        let mut from_the_first = behind.is_none();
        loop {
            let tenant = match self.room.store.ready_tenant_behind(behind.as_ref())? {
                Some(tenant) => tenant,
                None if from_the_first => break,
                None => {
                    (behind, from_the_first) = (None, true);
                    continue;
                }
            };
            behind = Some(tenant.clone());
            if done.contains(&tenant) {
                continue;
            }
            let busy = self.active.values().filter(|(of, _)| *of == tenant).count();
            let has_place = places > 0 && busy < self.room.options.concurrent_runs_per_tenant;
            match self.candidate(&tenant).await? {
                Some(run) if has_place => {
                    let task = work(Arc::clone(&self.room), tenant.clone(), run.clone(), self.stop.clone());
                    let id = self.tasks.spawn(task).id();
                    self.active.insert(id, (tenant.clone(), run.clone()));
                    self.turns.insert(tenant.clone(), run);
                    self.turn = Some(tenant);
                    places -= 1;
                    // Whoever came before may have another.
                    from_the_first = false;
                    continue;
                }
                Some(_) => contended = true,
                None => {}
            }
            done.insert(tenant);
            if places == 0 && contended {
                break;
            }
        }
        if self.turns.len() > TURNS_MAX {
            self.turns.clear();
        }
        self.room.contended.store(contended, Ordering::Relaxed);
        Ok(())
    }

    /// The next run of the tenant that could begin, behind the one that had the last turn.
    async fn candidate(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
        let store = &self.room.store;
        let last = self.turns.get(tenant);
        // Runs that are being started are still among those that are ready.
        let limit = self.active.len() + 1;
        let mut ready = store.ready_runs(tenant, last, limit)?;
        if last.is_some() {
            ready.extend(store.ready_runs(tenant, None, limit)?);
        }
        for id in ready {
            if self.active.values().any(|(of, run)| of == tenant && *run == id) {
                continue;
            }
            let now = self.room.now();
            let mut commit = Commit::new();
            match store.run(tenant, &id)?.filter(|run| !run.value.status.is_final()) {
                Some(run) if is_free(&self.room, &run.value, now) => return Ok(Some(id)),
                // Another process works on it.
                Some(_) => commit.hold_run(tenant, &id),
                None => commit.forget_ready_run(tenant, &id),
            }
            store.commit(commit).await?;
        }
        Ok(None)
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

/// Starts flows at their times, beside the runs: a start waits for the disk, and no run waits for a start.
async fn schedules(room: Arc<Room>, wake: Arc<Notify>, tick: Duration) {
    if let Err(error) = relook(Arc::clone(&room)).await {
        tracing::error!(%error, "open runs and schedules could not be looked through");
    }
    wake.notify_one();
    let mut latest = room.now();
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = room.now();
        if latest.ms_since(now) > BACK_MS {
            tracing::warn!(%now, before = %latest, "the clock was set back; times are worked out again");
            latest = now;
            if let Err(error) = relook(Arc::clone(&room)).await {
                tracing::error!(%error, "open runs and schedules could not be looked through");
            }
        }
        latest = latest.max(now);
        match trigger_due(&room).await {
            Ok(0) => {}
            Ok(_) => wake.notify_one(),
            Err(error) => tracing::error!(%error, "due flows could not be started"),
        }
    }
}

/// Goes on with the replays of many dead letters, a step a tick.
async fn replays(room: Arc<Room>, wake: Arc<Notify>, tick: Duration) {
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match step_all(&room).await {
            Ok(()) => wake.notify_one(),
            Err(error) => tracing::error!(%error, "a replay of many dead letters could not go on"),
        }
    }
}

async fn pruning(room: Arc<Room>) {
    let mut ticks = tokio::time::interval(PRUNE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = prune(&room).await {
            tracing::error!(%error, "what is kept for a time could not be cut to its bound");
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
