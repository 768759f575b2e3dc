//! One run, from its lease to its end: deliver what is due, read a page, wait, until nothing is left.

use std::sync::Arc;
use std::time::Duration;

use domain::flow::{DeliveryPolicy, Flow};
use domain::run::Failure;
use domain::{Blame, ProfileName, RunId, TenantId, Timestamp};
use store::{Flows as _, StoreError};
use tokio::sync::watch;

use crate::deliver::{Delivery, Stop};
use crate::drift::Differing;
use crate::end::{Ending, end, note};
use crate::ends::Ends;
use crate::health::Health;
use crate::lease::{Halt, Held};
use crate::outbox::Waiting;
use crate::ready::NotReady;
use crate::receive::{Arrived, Receiving, look, receives};
use crate::room::Room;
use crate::settle::settle;
use crate::take::Reading;

/// Works on the run if it is free. Returns when it is over, when somebody else has it, or when `stop` says so.
///
/// It may be dropped at any await: what it has written is whole, and the next holder goes on from there.
pub(crate) async fn work(
    room: Arc<Room>,
    tenant: TenantId,
    run: RunId,
    stop: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let Some(held) = Held::take(&room, &tenant, &run).await? else { return Ok(()) };
    let arrived = room.bell.arrived.subscribe();
    let mut work = Work {
        held,
        arrived,
        receiving: Receiving::default(),
        stop,
        ends: None,
        reading: Reading::default(),
        paused_until: None,
        faults_in_a_row: 0,
        arrival: Health::default(),
        differing: Differing::default(),
    };
    match Box::pin(work.all()).await {
        // Whoever has it now writes its end.
        Ok(()) | Err(Halt::Lost) => Ok(()),
        // What it was told is out of date. The next holder reads it again.
        Err(Halt::Conflict) => work.let_go().await,
        Err(Halt::Store(error)) => Err(error),
    }
}

struct Work {
    held: Held,
    stop: watch::Receiver<bool>,
    ends: Option<Ends>,
    reading: Reading,
    receiving: Receiving,
    /// Rings when an event has been taken, whosever it is.
    arrived: watch::Receiver<u64>,
    /// The destination asked for a pause.
    paused_until: Option<Timestamp>,
    /// Batches in a row whose call did not return.
    faults_in_a_row: u32,
    /// How the destination has answered.
    arrival: Health,
    /// How what came differs from what was declared.
    differing: Differing,
}

/// What a turn of the loop came to.
enum Turn {
    Again,
    Wait { until: Option<Timestamp> },
    Over(Ending),
}

impl Work {
    async fn all(&mut self) -> Result<(), Halt> {
        loop {
            if self.is_stopping() {
                return self.held.release().await;
            }
            match Box::pin(self.turn()).await? {
                Turn::Again => {}
                Turn::Wait { until } => self.wait(until).await?,
                Turn::Over(ending) => return self.over(ending).await,
            }
        }
    }

    async fn turn(&mut self) -> Result<Turn, Halt> {
        // What arrives from here on ends the next wait.
        self.arrived.mark_unchanged();
        let row = self.held.room.store.flow(&self.held.tenant, &self.held.run.flow)?;
        let Some(flow) = row.map(|row| row.value).filter(|flow| flow.enabled) else {
            return Ok(Turn::Over(self.refusal(Failure {
                blame: Blame::Operator,
                code: "flow_disabled".to_owned(),
                message: "the flow was disabled or removed; enable it to run it again".to_owned(),
            })));
        };
        if let Err(reason) = Box::pin(self.look_at_ends(&flow)).await? {
            if let NotReady::Backoff { until, .. } = reason {
                // Nothing is lost and nothing is buried: it goes on when the credential works again.
                return Ok(Turn::Wait { until: Some(until) });
            }
            return Ok(Turn::Over(self.refusal(Failure::from(&reason))));
        }
        self.held.first = false;
        let Some(ends) = &self.ends else { return Ok(Turn::Again) };
        let room = Arc::clone(&self.held.room);
        let now = room.now();

        let waiting = Waiting { store: &room.store, tenant: &self.held.tenant, run: &self.held.run };
        if self.paused_until.is_none_or(|until| until <= now) {
            let probing = ends.destination.ready.probing;
            // One record is enough to find out whether the credential works again.
            let batch_of = if probing { flow_of_one(&flow) } else { flow.clone() };
            let batch = waiting.batch(&batch_of, now, room.options.batch_bytes_max)?;
            if !batch.is_empty() {
                let tenant = self.held.tenant.clone();
                let run = self.held.run.id.clone();
                let correlation = self.held.run.correlation.clone();
                let delivery = Delivery {
                    destination: &ends.destination,
                    inputs: &ends.inputs,
                    declared: &ends.declared,
                    tenant: &tenant,
                    flow: &flow,
                    run: &run,
                    correlation: &correlation,
                    room: &room,
                };
                let mut delivered = self.held.alongside(delivery.of(batch)).await?;
                settle(&mut self.held, &flow, &ends.destination, &mut delivered).await?;
                self.arrival.follow(&delivered.health);
                self.differing.follow(std::mem::take(&mut delivered.differing));
                self.differing.note(&room, &tenant, &flow, &ends.declared, true).await?;
                if probing || delivered.health.refused() {
                    // The others must know at once, and so must this run: it looks at its ends again.
                    note_now(&room, &tenant, &flow.destination.profile, &mut self.arrival).await?;
                }
                if delivered.health.refused() {
                    return Ok(Turn::Again);
                }
                if delivered.pause_ms > 0 {
                    self.paused_until = Some(room.now().plus_ms(delivered.pause_ms));
                }
                let failure = self.after_fault(&room, delivered.fault);
                let failure = match delivered.stop {
                    Some(Stop::Failed(failure)) => Some(failure),
                    Some(Stop::Suspend { until, .. }) => {
                        self.paused_until = self.paused_until.max(Some(until));
                        failure
                    }
                    None => failure,
                };
                return Ok(failure.map_or(Turn::Again, |failure| Turn::Over(Ending::Stopped(failure))));
            }
        }

        let next_at = waiting.next_at()?.map(|at| self.paused_until.map_or(at, |until| at.max(until)));
        if let Some(source) = ends.source.as_ref().filter(|source| receives(source, &flow)) {
            let full = waiting.is_full(room.options.waiting_max)?;
            return match look(&self.held, &flow)? {
                Arrived::Now if !full => {
                    self.receiving.events(&mut self.held, &flow, source).await?;
                    Ok(Turn::Again)
                }
                Arrived::Nothing if next_at.is_none() => Ok(Turn::Over(Ending::Done)),
                Arrived::Later(at) if !full => {
                    Ok(Turn::Wait { until: next_at.map_or(Some(at), |next| Some(next.min(at))) })
                }
                _ => Ok(Turn::Wait { until: next_at }),
            };
        }
        let reads = !self.held.run.source_done && !waiting.is_full(room.options.waiting_max)?;
        match &ends.source {
            Some(source) if reads => {
                if self.reading.next_at.is_none_or(|at| at <= now) {
                    let probing = source.ready.probing;
                    self.reading.page(&mut self.held, &flow, source).await?;
                    if probing || self.reading.health.refused() {
                        let tenant = self.held.tenant.clone();
                        note_now(&room, &tenant, &flow.source.profile, &mut self.reading.health).await?;
                    }
                    return Ok(Turn::Again);
                }
                let until = [next_at, self.reading.next_at].into_iter().flatten().min();
                Ok(Turn::Wait { until })
            }
            _ if next_at.is_none() && self.held.run.source_done => Ok(Turn::Over(Ending::Done)),
            _ => Ok(Turn::Wait { until: next_at }),
        }
    }

    /// One record that no call survives is buried and the run goes on; code that survives no record ends the run, or
    /// it would cost every record its full limit of time. What waits is kept for the next run.
    fn after_fault(&mut self, room: &Room, fault: Option<Failure>) -> Option<Failure> {
        let Some(failure) = fault else {
            self.faults_in_a_row = 0;
            return None;
        };
        self.faults_in_a_row = self.faults_in_a_row.saturating_add(1);
        (self.faults_in_a_row >= room.options.faults_in_a_row_max).then(|| Failure {
            code: "repeated_faults".to_owned(),
            message: format!(
                "{} calls in a row did not return; the last one: {}",
                self.faults_in_a_row, failure.message
            ),
            ..failure
        })
    }

    /// Makes both ends ready, again when a profile has changed.
    async fn look_at_ends(&mut self, flow: &Flow) -> Result<Result<(), NotReady>, Halt> {
        let room = Arc::clone(&self.held.room);
        let tenant = self.held.tenant.clone();
        let current = match &self.ends {
            Some(ends) => ends.are_current(&room, &tenant, flow),
            None => Ok(false),
        };
        match current {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => {}
            Err(reason) => return Ok(Err(reason)),
        }
        let cause = self.held.run.cause;
        // A component that was never compiled on this machine takes a while.
        let opened = self.held.alongside(Box::pin(Ends::open(&room, &tenant, flow, cause))).await?;
        Ok(opened.map(|ends| self.ends = Some(ends)))
    }

    /// A run that has tried nothing yet is blocked; another one is stopped.
    fn refusal(&self, failure: Failure) -> Ending {
        if self.held.first { Ending::Blocked(failure) } else { Ending::Stopped(failure) }
    }

    /// A pipeline that is gone means the same as one that stops.
    fn is_stopping(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    /// Waits in slices, so that the lease is kept and a shutdown is noticed.
    async fn wait(&mut self, until: Option<Timestamp>) -> Result<(), Halt> {
        let left_ms = until.map_or(u64::MAX, |until| until.ms_since(self.held.room.now()));
        let slice = Duration::from_millis(left_ms.max(1)).min(self.held.beat());
        tokio::select! {
            biased;
            // Whether it is a stop is asked at the next turn.
            _ = self.stop.changed() => {}
            Ok(()) = self.arrived.changed() => {}
            () = tokio::time::sleep(slice) => self.held.keep().await?,
        }
        Ok(())
    }

    async fn over(&mut self, ending: Ending) -> Result<(), Halt> {
        if let Some(ends) = &self.ends {
            let (room, tenant) = (&self.held.room, &self.held.tenant);
            let mut source_health = self.reading.health.clone();
            source_health.follow(&self.receiving.health);
            if let (Some(source), Some(outcome)) = (&ends.source, source_health.outcome()) {
                note(room, tenant, &source.ready.profile.name, outcome).await?;
            }
            let flow = room.store.flow(tenant, &self.held.run.flow)?;
            if let Some(flow) = flow {
                self.differing.note(&self.held.room, tenant, &flow.value, &ends.declared, false).await?;
            }
            if let Some(outcome) = self.arrival.outcome() {
                note(room, tenant, &ends.destination.ready.profile.name, outcome).await?;
            }
        }
        end(&mut self.held, ending).await
    }

    async fn let_go(&mut self) -> Result<(), StoreError> {
        match self.held.release().await {
            Err(Halt::Store(error)) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Writes down what was learnt about a profile before the run is over; it is not written down again at its end.
async fn note_now(
    room: &Room,
    tenant: &TenantId,
    profile: &ProfileName,
    learnt: &mut Health,
) -> Result<(), StoreError> {
    if let Some(outcome) = std::mem::take(learnt).outcome() {
        note(room, tenant, profile, outcome).await?;
    }
    Ok(())
}

fn flow_of_one(flow: &Flow) -> Flow {
    let delivery = DeliveryPolicy { batch: 1, parallel: 1, ..flow.delivery.clone() };
    Flow { delivery, ..flow.clone() }
}

/// Ends a run whose work has come to no good end, so that it does not begin again and again.
pub(crate) async fn give_up(
    room: &Arc<Room>,
    tenant: &TenantId,
    run: &RunId,
    failure: Failure,
) -> Result<(), StoreError> {
    let Some(mut held) = Held::again(room, tenant, run)? else { return Ok(()) };
    match end(&mut held, Ending::Stopped(failure)).await {
        Err(Halt::Store(error)) => Err(error),
        _ => Ok(()),
    }
}
