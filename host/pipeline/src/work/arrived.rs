//! What a run makes of what comes back: each record's fate is written, and what it means for the rest is decided.

use std::sync::Arc;

use domain::flow::{Flow, OnDeadline, OnSpent, Order, Parcel, Paused};
use domain::run::{Attempt, Cause, Failure};
use domain::{Blame, ProfileName, TenantId, Timestamp};
use store::StoreError;

use super::{Turn, Work, waits_for_its_next_attempt};
use crate::canary;
use crate::deliver::{Delivered, Fate, Stop};
use crate::end::{Ending, note};
use crate::ends::Ends;
use crate::flight::Batch;
use crate::health::Health;
use crate::hold::HoldOff;
use crate::judge::goes_alone;
use crate::lease::Halt;
use crate::room::Room;
use crate::settle::settle;

impl Work {
    pub(super) async fn arrived(&mut self, batch: Batch) -> Result<(), Halt> {
        let Batch { flow, ends, mut delivered } = batch;
        let room = Arc::clone(&self.held.room);
        if flow.delivery.on_spent == OnSpent::Pause && self.held.run.cause != Cause::Replay {
            self.stand_still(&mut delivered);
        }
        let back: Vec<Back> = delivered.fates.iter().map(Back::of).collect();
        let trouble = back.iter().rev().find_map(|back| back.failure.clone());
        // One time for the rows and for what the run remembers of them: the commit takes its own.
        let now = room.now();
        settle(&mut self.held, &flow, &ends.destination, &mut delivered, now).await?;
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
        let called = &ends.destination.ready.profile;
        canary::note(&room, &self.held.tenant, called, delivered.tally).await?;
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
    pub(super) async fn too_late(&mut self, flow: &Arc<Flow>, ends: &Arc<Ends>) -> Result<Turn, Halt> {
        self.land_all().await?;
        let failure = Failure {
            blame: Blame::Operator,
            code: "deadline_passed".to_owned(),
            message: "the run took longer than delivery.deadline_ms of its flow allows".to_owned(),
        };
        if flow.delivery.on_deadline == OnDeadline::Bury && self.held.run.cause != Cause::Replay {
            let room = Arc::clone(&self.held.room);
            let mut policy = flow.delivery.clone();
            (policy.batch, policy.order) = (100, Order::None);
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
                    let attempt = Attempt { failure: Some(cause.clone()), ..Attempt::of(n, room.now(), 0) };
                    delivered.fates.push((parcel, Fate::Buried { attempt, cause }));
                }
                settle(&mut self.held, flow, &ends.destination, &mut delivered, room.now()).await?;
            }
        }
        Ok(Turn::Over(Ending::Stopped(failure)))
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
    fn of((parcel, fate): &(Parcel, Fate)) -> Self {
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

/// Writes down what was learnt about a profile before the run is over; it is not written down again at its end.
pub(super) async fn note_now(
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
