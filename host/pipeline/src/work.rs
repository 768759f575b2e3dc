//! One run, from its lease to its end: deliver what may go, read a page, wait, until nothing is left; or give the place
//! back, for a while or for another's turn.

mod arrived;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::flow::{DeliveryPolicy, Flow, Paused};
use domain::run::{Failure, Suspension};
use domain::{Blame, ProfileName, RunId, TenantId, Timestamp};
use store::{Flows as _, Runs as _, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::drift::Differing;
use crate::end::{Ending, end, note};
use crate::ends::Ends;
use crate::flight::{Flight, Landed};
use crate::health::Health;
use crate::hold::HoldOff;
use crate::lease::{Halt, Held};
use crate::outbox::Queue;
use crate::ready::NotReady;
use crate::receive::{Arrived, Receiving, look, receives};
use crate::room::Room;
use crate::take::Reading;
use arrived::note_now;

/// While others wait for a place, a wait that is longer than this gives it to them.
const SHORT_MS: u64 = 100;

/// Works on the run if it is free. Returns when it is over, when it waits, when somebody else has it or is to have the
/// place, or when `stop` says so.
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
        stop,
        arrived,
        receiving: Receiving::default(),
        cancels: room.cancels.subscribe(),
        ends: None,
        queue: Queue::new(&held.run, room.options.waiting_max),
        reading: Reading::of(&held.run),
        flight: Flight::default(),
        held_off: None,
        trouble: None,
        faults_in_a_row: 0,
        stopped: None,
        paused: None,
        arrival: Health::default(),
        differing: Differing::default(),
        turns: 0,
        began: Instant::now(),
        held,
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
    cancels: watch::Receiver<u64>,
    ends: Option<Arc<Ends>>,
    queue: Queue,
    reading: Reading,
    receiving: Receiving,
    /// Rings when an event has been taken, whosever it is.
    arrived: watch::Receiver<u64>,
    flight: Flight,
    /// Nothing is sent to the destination for now.
    held_off: Option<HoldOff>,
    /// The last thing that went wrong, to say what a run waits for.
    trouble: Option<Failure>,
    /// Batches in a row whose call did not return.
    faults_in_a_row: u32,
    /// What came back says that the run cannot go on.
    stopped: Option<Failure>,
    /// What came back makes the flow stand still.
    paused: Option<Paused>,
    /// How the destination has answered.
    arrival: Health,
    /// How what came differs from what was declared.
    differing: Differing,
    /// Batches and pages since it has its place, and since when.
    turns: u32,
    began: Instant,
}

/// What a turn of the loop came to.
enum Turn {
    Again,
    Wait {
        until: Option<Timestamp>,
    },
    Suspend(Suspension),
    /// Another is to have the place.
    Yield,
    Over(Ending),
}

impl Work {
    async fn all(&mut self) -> Result<(), Halt> {
        loop {
            if self.is_stopping() {
                self.land_all().await?;
                return self.give_back().await;
            }
            match Box::pin(self.turn()).await? {
                Turn::Again => {}
                Turn::Wait { until } => self.wait(until).await?,
                Turn::Suspend(suspension) => {
                    self.note().await?;
                    return self.held.suspend(suspension, self.reading.polls()).await;
                }
                Turn::Yield => {
                    self.land_all().await?;
                    if self.paused.is_some() || self.stopped.is_some() {
                        continue;
                    }
                    self.note().await?;
                    return self.give_back().await;
                }
                Turn::Over(ending) => {
                    self.land_all().await?;
                    let ending = self.paused.take().map_or(ending, Ending::Paused);
                    self.note().await?;
                    return end(&mut self.held, ending).await;
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<Turn, Halt> {
        // What arrives from here on ends the next wait.
        self.arrived.mark_unchanged();
        if let Some(paused) = self.paused.clone() {
            return Ok(Turn::Over(Ending::Paused(paused)));
        }
        if let Some(failure) = self.stopped.clone() {
            return Ok(Turn::Over(Ending::Stopped(failure)));
        }
        if self.held.room.store.is_cancelled(&self.held.tenant, &self.held.run.id)? {
            return Ok(Turn::Over(Ending::Cancelled));
        }
        let flow = match self.flow()? {
            Ok(flow) => flow,
            Err(failure) => return Ok(Turn::Over(self.refusal(failure))),
        };
        if let Err(reason) = Box::pin(self.look_at_ends(&flow)).await? {
            if let NotReady::Backoff { profile, until } = &reason {
                // Nothing is lost and nothing is buried: it goes on when the credential works again.
                if self.flight.is_empty() {
                    return Ok(self.rest(*until, Failure::from(&reason), profile));
                }
                self.land(Some(*until)).await?;
                return Ok(Turn::Again);
            }
            return Ok(Turn::Over(self.refusal(Failure::from(&reason))));
        }
        self.held.first = false;
        let Some(ends) = self.ends.clone() else { return Ok(Turn::Again) };
        let room = Arc::clone(&self.held.room);
        let now = room.now();
        if self.held.run.deadline_at.is_some_and(|deadline| deadline <= now) {
            return self.too_late(&flow, &ends).await;
        }
        if self.has_had_its_turn(&room) {
            return Ok(Turn::Yield);
        }
        self.launch(&flow, &ends, now)?;
        if !self.flight.is_empty() {
            self.land(self.next_at(&flow)).await?;
            return Ok(Turn::Again);
        }
        if ends.source.as_ref().is_some_and(|source| receives(source, &flow)) {
            return self.receive(&flow, &ends).await;
        }
        Ok(self.idle(&flow, &ends))
    }

    /// The definition that the run began with, and whether it may go on with it.
    fn flow(&self) -> Result<Result<Arc<Flow>, Failure>, Halt> {
        let Held { room, tenant, run, .. } = &self.held;
        let gone = |code: &str, message: &str| Failure {
            blame: Blame::Operator,
            code: code.to_owned(),
            message: message.to_owned(),
        };
        let current = room.store.flow(tenant, &run.flow)?.map(|row| row.value).filter(|flow| flow.enabled);
        let Some(current) = current else {
            let message = "the flow was disabled or removed; enable it to run it again";
            return Ok(Err(gone("flow_disabled", message)));
        };
        if run.flow_version == 0 || run.flow_version == current.version {
            return Ok(Ok(Arc::new(current)));
        }
        let began_with = room.store.flow_version(tenant, &run.flow, run.flow_version)?;
        Ok(began_with.map(Arc::new).ok_or_else(|| {
            let message =
                "the version of the flow that the run began with is no longer kept; run the flow again";
            gone("flow_version_gone", message)
        }))
    }

    /// Sends off what may go, and asks for a page where there is room for one.
    fn launch(&mut self, flow: &Arc<Flow>, ends: &Arc<Ends>, now: Timestamp) -> Result<(), Halt> {
        let room = Arc::clone(&self.held.room);
        let probe = ends.destination.ready.probing.then(|| one_record(&flow.delivery));
        let policy = probe.as_ref().unwrap_or(&flow.delivery);
        self.queue.follow(&room.store, &self.held.tenant, &self.held.run, policy)?;
        let parallel = usize::try_from(policy.parallel).unwrap_or(1).max(1);
        self.held_off.take_if(|held_off| held_off.until <= now);
        while self.held_off.is_none() && self.flight.batches() < parallel {
            let (store, tenant, run) = (&room.store, &self.held.tenant, &self.held.run);
            let batch = self.queue.batch(store, tenant, run, policy, now, room.options.batch_bytes_max)?;
            if batch.is_empty() {
                break;
            }
            self.turns = self.turns.saturating_add(1);
            self.flight.deliver(&self.held, flow, ends, batch);
        }
        // One at a time delivers all before it reads on; several read on meanwhile.
        let reads = !self.held.run.source_done
            && ends.source.as_ref().is_some_and(|source| !receives(source, flow))
            && !self.flight.reads()
            && (self.flight.is_empty() || parallel > 1)
            && self.reading.next_at.is_none_or(|at| at <= now)
            && !self.queue.is_full(room.options.waiting_max);
        if reads {
            self.turns = self.turns.saturating_add(1);
            match self.reading.ask(&self.held, flow, ends)? {
                Ok(asked) => self.flight.read(asked),
                Err(held_off) => self.trouble = Some(held_off.reason),
            }
        }
        Ok(())
    }

    /// When there is something to do again that is not under way.
    fn next_at(&self, flow: &Flow) -> Option<Timestamp> {
        let held_until = self.held_off.as_ref().map(|held_off| held_off.until);
        let next = self.queue.next_at(flow.delivery.order);
        next.map(|at| held_until.map_or(at, |until| at.max(until)))
    }

    /// Nothing flies, and nothing may go now: makes records of the events that have arrived.
    async fn receive(&mut self, flow: &Arc<Flow>, ends: &Arc<Ends>) -> Result<Turn, Halt> {
        let Some(source) = &ends.source else { return Ok(Turn::Again) };
        let full = self.queue.is_full(self.held.room.options.waiting_max);
        let next = self.next_at(flow);
        let until = match look(&self.held, flow)? {
            Arrived::Now if !full => {
                self.turns = self.turns.saturating_add(1);
                self.receiving.events(&mut self.held, flow, source).await?;
                return Ok(Turn::Again);
            }
            Arrived::Nothing if self.queue.is_empty() => return Ok(Turn::Over(Ending::Done)),
            Arrived::Later(at) if !full => Some(next.map_or(at, |next| next.min(at))),
            _ => next,
        };
        // While the destination is held off, no event is in a hurry either.
        match (&self.held_off, until) {
            (Some(held_off), Some(_)) => {
                Ok(self.rest(held_off.until, held_off.reason.clone(), &held_off.profile))
            }
            _ => Ok(Turn::Wait { until }),
        }
    }

    /// Nothing flies, and nothing may go now.
    fn idle(&self, flow: &Flow, ends: &Ends) -> Turn {
        let options = &self.held.room.options;
        let next = self.next_at(flow);
        let reads =
            ends.source.is_some() && !self.held.run.source_done && !self.queue.is_full(options.waiting_max);
        if next.is_none() && !reads {
            return if self.queue.is_empty() { Turn::Over(Ending::Done) } else { Turn::Again };
        }
        let read_at = self.reading.next_at.filter(|_| reads);
        let Some(until) = [next, read_at].into_iter().flatten().min() else {
            return Turn::Wait { until: None };
        };
        let (reason, profile) = match (&self.held_off, next) {
            (Some(held_off), Some(_)) => (Some(held_off.reason.clone()), &held_off.profile),
            (_, Some(at)) if at == until => (self.trouble.clone(), &flow.destination.profile),
            _ => (self.reading.failure().or(self.trouble.clone()), &flow.source.profile),
        };
        self.rest(until, reason.unwrap_or_else(waits_for_its_next_attempt), profile)
    }

    /// A short wait is waited for, a long one frees the place.
    fn rest(&self, until: Timestamp, reason: Failure, profile: &ProfileName) -> Turn {
        let (room, now) = (&self.held.room, self.held.room.now());
        let deadline = self.held.run.deadline_at;
        let contended = room.contended.load(Ordering::Relaxed);
        let bound_ms = if contended { SHORT_MS } else { room.options.suspend_after_ms };
        if until.ms_since(now) <= bound_ms {
            return Turn::Wait { until: Some(deadline.map_or(until, |deadline| until.min(deadline))) };
        }
        // A hold-off is forgotten with the place, so it is waited for to its end.
        let until = self.held_off.as_ref().map_or(until, |held_off| until.max(held_off.until));
        let until = deadline.map_or(until, |deadline| until.min(deadline));
        Turn::Suspend(Suspension { since: now, until, reason, profile: Some(profile.clone()) })
    }

    /// Waits for what comes back, or until there is something to do besides, and keeps the lease meanwhile.
    async fn land(&mut self, until: Option<Timestamp>) -> Result<(), Halt> {
        let now = self.held.room.now();
        let left = until.filter(|at| *at > now).map(|at| Duration::from_millis(at.ms_since(now)));
        let slice = left.map_or(self.held.beat(), |left| left.min(self.held.beat()));
        tokio::select! {
            biased;
            landed = self.flight.next() => match landed {
                Some(landed) => self.landed(landed).await,
                None => Ok(()),
            },
            // What it means is asked at the next turn.
            _ = self.stop.changed() => Ok(()),
            _ = self.cancels.changed() => Ok(()),
            () = tokio::time::sleep(slice) => self.held.keep().await,
        }
    }

    async fn land_all(&mut self) -> Result<(), Halt> {
        while !self.flight.is_empty() {
            tokio::select! {
                biased;
                landed = self.flight.next() => if let Some(landed) = landed {
                    self.landed(landed).await?;
                },
                () = tokio::time::sleep(self.held.beat()) => self.held.extend().await?,
            }
        }
        Ok(())
    }

    async fn landed(&mut self, landed: Landed) -> Result<(), Halt> {
        match landed {
            Landed::Batch(batch) => self.arrived(*batch).await,
            Landed::Page(None) => Ok(()),
            Landed::Page(Some(answered)) => {
                let (probing, profile) = answered.asked_of();
                let held_off = self.reading.answered(&mut self.held, *answered).await?;
                if probing || self.reading.health.refused() {
                    let (room, tenant) = (Arc::clone(&self.held.room), self.held.tenant.clone());
                    note_now(&room, &tenant, &profile, &mut self.reading.health).await?;
                }
                if let Some(held_off) = held_off {
                    self.trouble = Some(held_off.reason);
                }
                Ok(())
            }
        }
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
        let run = self.held.run.clone();
        // A component that was never compiled on this machine takes a while.
        let opening = Box::pin(Ends::open(&room, &tenant, flow, &run));
        let opened = self.held.alongside(opening).await?;
        Ok(opened.map(|ends| self.ends = Some(Arc::new(ends))))
    }

    /// A run that has tried nothing yet is blocked; another one is stopped.
    fn refusal(&self, failure: Failure) -> Ending {
        if self.held.first { Ending::Blocked(failure) } else { Ending::Stopped(failure) }
    }

    fn has_had_its_turn(&self, room: &Room) -> bool {
        let options = &room.options;
        let slice = self.turns >= options.slice_turns.max(1)
            || (self.turns > 0 && self.began.elapsed() >= Duration::from_millis(options.slice_ms));
        slice && room.contended.load(Ordering::Relaxed)
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
            // What it means is asked at the next turn.
            _ = self.stop.changed() => {}
            _ = self.cancels.changed() => {}
            Ok(()) = self.arrived.changed() => {}
            () = tokio::time::sleep(slice) => self.held.keep().await?,
        }
        Ok(())
    }

    /// What the run has learnt about its profiles.
    async fn note(&mut self) -> Result<(), Halt> {
        let Some(ends) = &self.ends else { return Ok(()) };
        let (room, tenant) = (&self.held.room, &self.held.tenant);
        let mut source_health = self.reading.health.clone();
        source_health.follow(&self.receiving.health);
        if let (Some(source), Some(outcome)) = (&ends.source, source_health.outcome()) {
            note(room, tenant, &source.ready.profile.name, outcome).await?;
        }
        let flow = room.store.flow(tenant, &self.held.run.flow)?;
        if let Some(flow) = flow {
            self.differing.note(room, tenant, &flow.value, &ends.declared, false).await?;
        }
        if let Some(outcome) = self.arrival.outcome() {
            note(room, tenant, &ends.destination.ready.profile.name, outcome).await?;
        }
        Ok(())
    }

    async fn give_back(&mut self) -> Result<(), Halt> {
        let polls = self.reading.polls();
        self.held.release(polls).await
    }

    async fn let_go(&mut self) -> Result<(), StoreError> {
        match self.give_back().await {
            Err(Halt::Store(error)) => Err(error),
            _ => Ok(()),
        }
    }
}

fn waits_for_its_next_attempt() -> Failure {
    Failure {
        blame: Blame::Remote,
        code: "retry_wait".to_owned(),
        message: "what failed waits for its next attempt".to_owned(),
    }
}

/// One record is enough to find out whether a credential works again.
fn one_record(policy: &DeliveryPolicy) -> DeliveryPolicy {
    DeliveryPolicy { batch: 1, parallel: 1, ..policy.clone() }
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
