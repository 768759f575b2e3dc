//! One run, from its lease to its end: deliver what may go, read a page, wait, until nothing is left; or give the place
//! back, for a while or for another's turn.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::flow::{DeliveryPolicy, Flow, OnDeadline, OnSpent, Paused};
use domain::run::{Attempt, Cause, Failure, Suspension};
use domain::{Blame, ProfileName, RunId, TenantId, Timestamp};
use store::{Flows as _, Runs as _, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::deliver::{Delivered, Fate, Stop};
use crate::drift::Differing;
use crate::end::{Ending, end, note};
use crate::ends::Ends;
use crate::flight::{Batch, Flight, Landed};
use crate::health::Health;
use crate::hold::HoldOff;
use crate::judge::goes_alone;
use crate::lease::{Halt, Held};
use crate::outbox::Queue;
use crate::ready::NotReady;
use crate::room::Room;
use crate::settle::settle;
use crate::take::Reading;

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
    let mut work = Work {
        stop,
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
    match work.all().await {
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
            && ends.source.is_some()
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

    async fn arrived(&mut self, batch: Batch) -> Result<(), Halt> {
        let Batch { flow, ends, mut delivered } = batch;
        let room = Arc::clone(&self.held.room);
        if flow.delivery.on_spent == OnSpent::Pause && self.held.run.cause != Cause::Replay {
            self.stand_still(&mut delivered);
        }
        let back: Vec<Back> = delivered.fates.iter().map(Back::of).collect();
        let trouble = back.iter().rev().find_map(|back| back.failure.clone());
        settle(&mut self.held, &flow, &ends.destination, &mut delivered).await?;
        let now = room.now();
        for Back { seq, stays, wait_ms, next_at, alone, .. } in back {
            if stays {
                let next_at = next_at.or(wait_ms.map(|ms| now.plus_ms(ms)));
                self.queue.is_back(seq, next_at, now, alone);
            } else {
                self.queue.left(seq);
            }
        }
        self.trouble = trouble.clone().or(self.trouble.take());
        self.arrival.follow(&delivered.health);
        self.differing.follow(std::mem::take(&mut delivered.differing));
        self.differing.note(&room, &self.held.tenant, &flow, &ends.declared, true).await?;
        let refused = delivered.health.refused();
        if ends.destination.ready.probing || refused {
            // The others must know at once, and so must this run: it looks at its ends again.
            note_now(&room, &self.held.tenant, &flow.destination.profile, &mut self.arrival).await?;
        }
        if refused {
            return Ok(());
        }
        if delivered.pause_ms > 0 {
            let held_off = HoldOff {
                until: now.plus_ms(delivered.pause_ms),
                reason: trouble.unwrap_or_else(waits_for_its_next_attempt),
                profile: flow.destination.profile.clone(),
            };
            self.held_off = Some(held_off.or_later(self.held_off.take()));
        }
        match delivered.stop {
            Some(Stop::Failed(failure)) => {
                self.stopped.get_or_insert(failure);
            }
            Some(Stop::Suspend { until, reason }) => {
                let held_off = HoldOff { until, reason, profile: flow.destination.profile.clone() };
                self.held_off = Some(held_off.or_later(self.held_off.take()));
            }
            None => {}
        }
        if let Some(failure) = self.after_fault(&room, delivered.fault) {
            self.stopped.get_or_insert(failure);
        }
        Ok(())
    }

    /// What would be buried stays in the outbox instead, and the flow stands still at the first of it.
    fn stand_still(&mut self, delivered: &mut Delivered) {
        for (parcel, fate) in &mut delivered.fates {
            let Fate::Buried { attempt, cause } = fate else { continue };
            let paused = Paused {
                at: self.held.room.now(),
                run: self.held.run.id.clone(),
                seq: parcel.seq,
                key: parcel.key.clone(),
                reason: cause.clone(),
            };
            if self.paused.as_ref().is_none_or(|before| before.seq > paused.seq) {
                self.paused = Some(paused);
            }
            *fate = Fate::Again { attempt: attempt.clone() };
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

    /// The deadline has come. What is under way ends as it does; the rest stays, or is buried a batch at a time.
    async fn too_late(&mut self, flow: &Arc<Flow>, ends: &Arc<Ends>) -> Result<Turn, Halt> {
        self.land_all().await?;
        let failure = Failure {
            blame: Blame::Operator,
            code: "deadline_passed".to_owned(),
            message: "the run took longer than delivery.deadline_ms of its flow allows".to_owned(),
        };
        if flow.delivery.on_deadline == OnDeadline::Bury && self.held.run.cause != Cause::Replay {
            let room = Arc::clone(&self.held.room);
            let mut policy = flow.delivery.clone();
            (policy.batch, policy.order) = (100, domain::flow::Order::None);
            loop {
                self.queue.follow(&room.store, &self.held.tenant, &self.held.run, &policy)?;
                let (store, tenant, run) = (&room.store, &self.held.tenant, &self.held.run);
                let end_of_time = Timestamp::from_ms(i64::MAX);
                let bytes_max = room.options.batch_bytes_max;
                let batch = self.queue.batch(store, tenant, run, &policy, end_of_time, bytes_max)?;
                if batch.is_empty() {
                    break;
                }
                let mut delivered = Delivered::default();
                for parcel in batch {
                    self.queue.left(parcel.seq);
                    let n = u32::try_from(parcel.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
                    let cause = failure.clone();
                    let attempt = Attempt {
                        n,
                        at: room.now(),
                        duration_ms: 0,
                        failure: Some(cause.clone()),
                        wait_ms: None,
                        class: None,
                        free: false,
                    };
                    delivered.fates.push((parcel, Fate::Buried { attempt, cause }));
                }
                settle(&mut self.held, flow, &ends.destination, &mut delivered).await?;
            }
        }
        Ok(Turn::Over(Ending::Stopped(failure)))
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
        let (cause, pins) = (self.held.run.cause, self.held.run.pins.clone());
        // A component that was never compiled on this machine takes a while.
        let opening = Box::pin(Ends::open(&room, &tenant, flow, cause, pins.as_ref()));
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
            () = tokio::time::sleep(slice) => self.held.keep().await?,
        }
        Ok(())
    }

    /// What the run has learnt about its profiles.
    async fn note(&mut self) -> Result<(), Halt> {
        let Some(ends) = &self.ends else { return Ok(()) };
        let (room, tenant) = (&self.held.room, &self.held.tenant);
        if let (Some(source), Some(outcome)) = (&ends.source, self.reading.health.outcome()) {
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

/// Of a parcel that has come back, what the queue has to know.
struct Back {
    seq: u64,
    stays: bool,
    wait_ms: Option<u64>,
    next_at: Option<Timestamp>,
    alone: bool,
    failure: Option<Failure>,
}

impl Back {
    fn of((parcel, fate): &(domain::flow::Parcel, Fate)) -> Self {
        let left =
            Self { seq: parcel.seq, stays: false, wait_ms: None, next_at: None, alone: false, failure: None };
        match fate {
            Fate::Again { attempt } => Self {
                stays: true,
                wait_ms: Some(attempt.wait_ms.unwrap_or(0)),
                alone: goes_alone(std::slice::from_ref(attempt)),
                failure: attempt.failure.clone(),
                ..left
            },
            Fate::Kept => Self { stays: true, ..left },
            Fate::Later { next_at } => Self { stays: true, next_at: Some(*next_at), ..left },
            Fate::Delivered { .. } | Fate::Skipped | Fate::Buried { .. } => left,
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
