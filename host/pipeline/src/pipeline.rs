//! The pipeline as the floors above see it: trigger, replay, and one task that does the rest.

use std::sync::{Arc, Mutex, PoisonError};

use domain::audit::Actor;
use domain::hook::Hook;
use domain::replay_job::ReplayJob;
use domain::run::Cause;
use domain::trace::Trace;
use domain::{Clock, DeadLetterId, FlowName, ProfileName, Randomness, ReplayJobId, RunId, TenantId};
use serde_json::Value;
use store::Store;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::cancel::{cancel, wake_for};
use crate::connectors::{Below, Connectors, Transform};
use crate::dead_letters;
use crate::dispatch::Dispatcher;
use crate::error::PipelineError;
use crate::inbox::{Arrival, Taken, accept};
use crate::options::Options;
use crate::replay::{How, replay};
use crate::replay_jobs::{self, NewReplayJob};
use crate::resume::resume;
use crate::room::Room;
use crate::sandbox::Sandbox;
use crate::trigger::trigger;

/// A handle; clones share the same pipeline. It stops with the last of them, or with [`Pipeline::shutdown`].
#[derive(Clone)]
pub struct Pipeline {
    inner: Arc<Inner>,
}

struct Inner {
    room: Arc<Room>,
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    dispatcher: Mutex<Option<JoinHandle<()>>>,
}

impl Pipeline {
    /// Nothing is run before [`Pipeline::spawn`]; triggers are kept until then.
    pub fn new(
        connectors: Connectors,
        transform: Transform,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        options: Options,
    ) -> Self {
        let store = connectors.store().clone();
        Self::over(store, Arc::new(Below { connectors, transform }), clock, randomness, options)
    }

    pub(crate) fn over(
        store: Store,
        sandbox: Arc<dyn Sandbox>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        options: Options,
    ) -> Self {
        let room = Arc::new(Room::new(store, sandbox, clock, randomness, options));
        let stop = watch::Sender::new(false);
        Self { inner: Arc::new(Inner { room, wake: Arc::default(), stop, dispatcher: Mutex::new(None) }) }
    }

    /// Starts the dispatcher, once; must be called within a tokio runtime. Open runs of an earlier process go on.
    pub fn spawn(&self) {
        let mut dispatcher = self.inner.dispatcher.lock().unwrap_or_else(PoisonError::into_inner);
        if dispatcher.is_none() && !*self.inner.stop.borrow() {
            let (room, wake) = (Arc::clone(&self.inner.room), Arc::clone(&self.inner.wake));
            let stop = self.inner.stop.subscribe();
            *dispatcher = Some(tokio::spawn(Dispatcher::new(room, wake, stop).all()));
        }
    }

    /// A new run of the flow. When this returns, the run is on the disk: it is queued, or blocked with the reason.
    pub async fn trigger(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        cause: Cause,
        actor: &Actor,
        trace: Option<&Trace>,
    ) -> Result<RunId, PipelineError> {
        let run = trigger(&self.inner.room, tenant, flow, cause, actor, trace).await?;
        self.inner.wake.notify_one();
        Ok(run)
    }

    /// Takes an event whose signature is good, for every flow that waits for it. When this returns, it is on the disk; the
    /// work goes on behind it at once.
    pub async fn accept(
        &self,
        tenant: &TenantId,
        hook: &Hook,
        arrival: &Arrival,
    ) -> Result<Taken, PipelineError> {
        let (taken, wake) = accept(&self.inner.room, tenant, hook, arrival).await?;
        if wake {
            self.inner.wake.notify_one();
        }
        Ok(taken)
    }

    /// Asks for the end of a run. When this returns, the wish is on the disk; a run that nobody works on is over.
    pub async fn cancel(&self, tenant: &TenantId, run: &RunId, actor: &Actor) -> Result<(), PipelineError> {
        cancel(&self.inner.room, tenant, run, actor).await?;
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Goes on with a flow that stands still at a record: with that record, in a run that begins now.
    pub async fn resume(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        actor: &Actor,
    ) -> Result<RunId, PipelineError> {
        let run = resume(&self.inner.room, tenant, flow, actor).await?;
        self.inner.wake.notify_one();
        Ok(run)
    }

    /// Wakes the runs that wait for this profile: its circuit has closed, or its credential works again.
    pub async fn wake_for(&self, tenant: &TenantId, profile: &ProfileName) -> Result<usize, PipelineError> {
        let woken = wake_for(&self.inner.room, tenant, profile).await?;
        self.inner.wake.notify_one();
        Ok(woken)
    }

    /// A new run that delivers the record of a dead letter again.
    pub async fn replay(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
        actor: &Actor,
        how: How<'_>,
    ) -> Result<RunId, PipelineError> {
        let run = replay(&self.inner.room, tenant, id, actor, how).await?;
        self.inner.wake.notify_one();
        Ok(run)
    }

    /// Puts another body in the place of a dead letter's, after the flow's mapping and the destination's action have
    /// taken it. The original stays beside it.
    pub async fn edit(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
        body: Value,
        actor: &Actor,
    ) -> Result<(), PipelineError> {
        dead_letters::edit(&self.inner.room, tenant, id, body, actor).await
    }

    /// Decides that a dead letter is not to be delivered.
    pub async fn discard(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), PipelineError> {
        dead_letters::discard(&self.inner.room, tenant, id, reason, actor).await
    }

    /// Replays many dead letters, as a durable piece of work.
    pub async fn start_replays(
        &self,
        tenant: &TenantId,
        new: NewReplayJob,
        actor: &Actor,
    ) -> Result<ReplayJob, PipelineError> {
        let job = replay_jobs::start(&self.inner.room, tenant, new, actor).await?;
        self.inner.wake.notify_one();
        Ok(job)
    }

    /// Ends it; what was sent goes on.
    pub async fn cancel_replays(
        &self,
        tenant: &TenantId,
        id: &ReplayJobId,
        actor: &Actor,
    ) -> Result<ReplayJob, PipelineError> {
        replay_jobs::cancel(&self.inner.room, tenant, id, actor).await
    }

    /// Whether it is being shut down.
    pub fn is_stopping(&self) -> bool {
        *self.inner.stop.borrow()
    }

    /// Takes no new work and waits for the steps that are on their way; open runs go on after the next start.
    pub async fn shutdown(&self) {
        self.inner.stop.send_replace(true);
        let dispatcher = self.inner.dispatcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(dispatcher) = dispatcher {
            // A dispatcher that panicked has nothing left to wait for.
            let _ended = dispatcher.await;
        }
    }
}
