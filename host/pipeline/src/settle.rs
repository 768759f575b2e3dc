//! Writes what became of a batch: parcels, marks, dead letters, counts and log in one commit.

use domain::dead_letter::{DeadLetter, DeadLetterState};
use domain::flow::{Flow, Parcel, Seen};
use domain::run::{Attempt, Counts, Failure};
use domain::{DeadLetterId, Timestamp};
use store::{Commit, DeadLetters as _, Expect};

use crate::deliver::{Delivered, Fate};
use crate::ends::Side;
use crate::lease::{Halt, Held};

/// Attempts that a dead letter remembers: replays add to them, and a row has a size.
const ATTEMPTS_KEPT: usize = 50;

/// A crash before this commit repeats the whole batch under the same keys; a crash after it repeats nothing.
pub(crate) async fn settle(
    held: &mut Held,
    flow: &Flow,
    destination: &Side,
    delivered: &mut Delivered,
) -> Result<(), Halt> {
    let mut commit = Commit::new();
    let mut counts = held.run.counts;
    counts.denied += delivered.denied;
    let now = held.room.now();
    for (parcel, fate) in delivered.fates.drain(..) {
        Settling { held, flow, destination, now, commit: &mut commit, counts: &mut counts }
            .one(parcel, fate)?;
    }
    commit.append_logs(&held.tenant, &delivered.entries);
    held.commit(commit, |run| run.counts = counts).await
}

/// The way back of a replayed record whose run cannot go on.
pub(crate) fn park_again(
    held: &Held,
    commit: &mut Commit,
    parcel: &Parcel,
    cause: &Failure,
) -> Result<(), Halt> {
    commit.delete_parcel(&held.tenant, &held.run.flow, parcel.seq, Expect::Any);
    let Some(mut letter) = replayed(held, parcel)? else { return Ok(()) };
    letter.state = DeadLetterState::Parked;
    letter.cause = cause.clone();
    remember(&mut letter, parcel.attempts.clone());
    commit.put_dead_letter(&held.tenant, &letter, Expect::Any);
    Ok(())
}

struct Settling<'a> {
    held: &'a Held,
    flow: &'a Flow,
    destination: &'a Side,
    now: Timestamp,
    commit: &'a mut Commit,
    counts: &'a mut Counts,
}

impl Settling<'_> {
    fn one(&mut self, mut parcel: Parcel, fate: Fate) -> Result<(), Halt> {
        match fate {
            Fate::Kept => return Ok(()),
            Fate::Later { next_at } => {
                // Nothing was tried: only its time is another.
                parcel.next_at = next_at;
                self.commit.put_parcel(&self.held.tenant, &self.flow.name, &parcel, Expect::Any);
                return Ok(());
            }
            _ => {}
        }
        if parcel.run != self.held.run.id {
            // Left over from an earlier run: this one has read it too, and answers for it from now on.
            self.counts.read += 1;
            parcel.run = self.held.run.id.clone();
        }
        if fate != Fate::Skipped && !parcel.attempts.is_empty() {
            self.counts.retried += 1;
        }
        match fate {
            Fate::Kept | Fate::Later { .. } => {}
            Fate::Skipped => {
                self.counts.skipped += 1;
                self.leaves(&parcel, Seen::Skipped { at: self.now });
                self.resolve(&parcel, None)?;
            }
            Fate::Delivered { attempt } => {
                self.counts.delivered += 1;
                self.leaves(&parcel, Seen::Delivered { at: self.now });
                self.resolve(&parcel, Some(attempt))?;
            }
            Fate::Again { attempt } => {
                parcel.next_at = self.now.plus_ms(attempt.wait_ms.unwrap_or(0));
                parcel.attempts.push(attempt);
                forget_waits(&mut parcel);
                self.commit.put_parcel(&self.held.tenant, &self.flow.name, &parcel, Expect::Any);
            }
            Fate::Buried { attempt, cause } => {
                self.counts.dead_lettered += 1;
                self.leaves(&parcel, Seen::Buried { at: self.now });
                parcel.attempts.push(attempt);
                self.bury(parcel, cause)?;
            }
        }
        Ok(())
    }

    fn leaves(&mut self, parcel: &Parcel, mark: Seen) {
        self.commit.delete_parcel(&self.held.tenant, &self.flow.name, parcel.seq, Expect::Any);
        self.commit.put_seen(&self.held.tenant, &self.flow.name, &parcel.key, mark, Expect::Any);
    }

    fn resolve(&mut self, parcel: &Parcel, last: Option<Attempt>) -> Result<(), Halt> {
        let Some(mut letter) = replayed(self.held, parcel)? else { return Ok(()) };
        letter.state = DeadLetterState::Resolved { run: self.held.run.id.clone(), at: self.now };
        remember(&mut letter, parcel.attempts.iter().cloned().chain(last).collect());
        self.commit.put_dead_letter(&self.held.tenant, &letter, Expect::Any);
        Ok(())
    }

    fn bury(&mut self, parcel: Parcel, cause: Failure) -> Result<(), Halt> {
        if parcel.replay_of.is_some() {
            return park_again(self.held, self.commit, &parcel, &cause);
        }
        let room = &self.held.room;
        let letter = DeadLetter {
            id: DeadLetterId::make(room.clock.as_ref(), room.randomness.as_ref()),
            flow: self.flow.name.clone(),
            run: self.held.run.id.clone(),
            source: self.flow.source.profile.clone(),
            destination: self.flow.destination.profile.clone(),
            connector: self.destination.ready.profile.connector.clone(),
            key: parcel.key,
            body: parcel.body,
            cause,
            attempts: parcel.attempts,
            idempotency_key: parcel.idempotency_key,
            correlation: self.held.run.correlation.clone(),
            buried_at: self.now,
            state: DeadLetterState::Parked,
            replays: 0,
            event: None,
        };
        self.commit.put_dead_letter(&self.held.tenant, &letter, Expect::Absent);
        Ok(())
    }
}

/// The dead letter that a parcel is a replay of. Only the replaying run changes it, so its row needs no precondition
/// besides the run's own.
fn replayed(held: &Held, parcel: &Parcel) -> Result<Option<DeadLetter>, Halt> {
    let Some(id) = &parcel.replay_of else { return Ok(None) };
    Ok(held.room.store.dead_letter(&held.tenant, id)?.map(|row| row.value))
}

/// A remote that limits for days leaves a wait each time, and a row has a size: of the attempts that use nothing up, the
/// oldest are forgotten.
fn forget_waits(parcel: &mut Parcel) {
    let mut surplus = parcel.attempts.len().saturating_sub(ATTEMPTS_KEPT);
    let (mut at, mut forgiven) = (0, parcel.forgiven);
    parcel.attempts.retain(|attempt| {
        let forgotten = surplus > 0 && attempt.free;
        surplus -= usize::from(forgotten);
        // What was forgiven is counted from the first attempt on.
        forgiven -= u32::from(forgotten && at < parcel.forgiven);
        at += 1;
        !forgotten
    });
    parcel.forgiven = forgiven;
}

fn remember(letter: &mut DeadLetter, attempts: Vec<Attempt>) {
    let before = letter.attempts.last().map_or(0, |attempt| attempt.n);
    letter
        .attempts
        .extend((before.saturating_add(1)..).zip(attempts).map(|(n, attempt)| Attempt { n, ..attempt }));
    let surplus = letter.attempts.len().saturating_sub(ATTEMPTS_KEPT);
    letter.attempts.drain(..surplus);
}
