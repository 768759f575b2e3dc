//! Writes what became of a batch: parcels, marks, dead letters, counts and log in one commit.

use domain::dead_letter::{DeadLetter, DeadLetterState};
use domain::flow::{Flow, Parcel, Seen, Trail};
use domain::log::{Became, LogEvent, Settled};
use domain::run::{Attempt, Counts, Failure};
use domain::{DeadLetterId, Timestamp};
use serde_json::Value;
use store::{Commit, DeadLetters as _, Expect};

use crate::deliver::{Delivered, Fate};
use crate::ends::Side;
use crate::evidence::Evidence;
use crate::lease::{Halt, Held};
use crate::trace::Caller;

/// Attempts that a dead letter remembers: replays add to them, and a row has a size.
const ATTEMPTS_KEPT: usize = 50;
/// What the bodies of one dead letter may have together: with everything else they fit into one row.
pub(crate) const BODIES_BYTES_MAX: usize = 768 << 10;
/// Records in one row of the log: with the longest URLs and messages they fit into it.
const TOLD_AT_ONCE: usize = 100;

/// A crash before this commit repeats the whole batch under the same keys; a crash after it repeats nothing.
pub(crate) async fn settle(
    held: &mut Held,
    flow: &Flow,
    destination: &Side,
    delivered: &mut Delivered,
    now: Timestamp,
) -> Result<(), Halt> {
    let mut commit = Commit::new();
    let mut counts = held.run.counts;
    counts.denied += delivered.denied;
    let mut told = Vec::new();
    for (parcel, fate) in delivered.fates.drain(..) {
        told.extend(settled(&parcel, &fate));
        let evidence = delivered.evidence.remove(&parcel.seq).unwrap_or_default();
        Settling { held, flow, destination, now, commit: &mut commit, counts: &mut counts }
            .one(parcel, fate, evidence)?;
    }
    commit.append_logs(&held.tenant, &delivered.entries);
    let caller = Caller {
        connector: &destination.ready.profile.connector,
        profile: Some(&flow.destination.profile),
        run: &held.run.id,
        correlation: &held.run.correlation,
    };
    for records in told.chunks(TOLD_AT_ONCE) {
        let event = LogEvent::Settled { records: records.to_vec() };
        commit.append_logs(&held.tenant, &[caller.entry(now, None, event)]);
    }
    held.commit(commit, |run| run.counts = counts).await
}

/// The way back of a replayed record whose run cannot go on.
pub(crate) fn park_again(
    held: &Held,
    commit: &mut Commit,
    parcel: &Parcel,
    cause: &Failure,
    evidence: Option<Evidence>,
) -> Result<(), Halt> {
    commit.delete_parcel(&held.tenant, &held.run.flow, parcel.seq, Expect::Any);
    let Some(mut letter) = replayed(held, parcel)? else { return Ok(()) };
    letter.state = DeadLetterState::Parked;
    came_again(held, &mut letter, parcel.attempts.clone(), cause, evidence);
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
    fn one(&mut self, mut parcel: Parcel, fate: Fate, evidence: Evidence) -> Result<(), Halt> {
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
                let trail = Some(self.trail(&parcel, None));
                self.leaves(&parcel, &Seen::Skipped { at: self.now, trail });
                self.resolve(&parcel, None)?;
            }
            Fate::Delivered { attempt } => {
                self.counts.delivered += 1;
                let trail = Some(self.trail(&parcel, Some(&attempt)));
                self.leaves(&parcel, &Seen::Delivered { at: self.now, trail });
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
                let trail = Some(self.trail(&parcel, Some(&attempt)));
                parcel.attempts.push(attempt);
                let (key, seq) = (parcel.key.clone(), parcel.seq);
                let letter = Some(self.bury(parcel, cause, evidence)?);
                let seen = Seen::Buried { at: self.now, trail, letter };
                self.commit.delete_parcel(&self.held.tenant, &self.flow.name, seq, Expect::Any);
                self.commit.put_seen(&self.held.tenant, &self.flow.name, &key, &seen, Expect::Any);
            }
        }
        Ok(())
    }

    fn leaves(&mut self, parcel: &Parcel, mark: &Seen) {
        self.commit.delete_parcel(&self.held.tenant, &self.flow.name, parcel.seq, Expect::Any);
        self.commit.put_seen(&self.held.tenant, &self.flow.name, &parcel.key, mark, Expect::Any);
    }

    fn trail(&self, parcel: &Parcel, last: Option<&Attempt>) -> Trail {
        let attempts = parcel.attempts.len() + usize::from(last.is_some());
        Trail {
            accepted_at: parcel.accepted_at,
            run: self.held.run.id.clone(),
            idempotency_key: parcel.idempotency_key.clone(),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            status: last.and_then(|attempt| attempt.status),
        }
    }

    fn resolve(&mut self, parcel: &Parcel, last: Option<Attempt>) -> Result<(), Halt> {
        let Some(mut letter) = replayed(self.held, parcel)? else { return Ok(()) };
        let by = match letter.state {
            DeadLetterState::Replaying { by, .. } => by,
            _ => None,
        };
        letter.state = DeadLetterState::Resolved { run: self.held.run.id.clone(), at: self.now, by };
        letter.expires_at = Some(self.now.plus_ms(self.held.room.options.letters_ended_kept_ms));
        remember(&mut letter, parcel.attempts.iter().cloned().chain(last).collect());
        self.commit.put_dead_letter(&self.held.tenant, &letter, Expect::Any);
        Ok(())
    }

    /// One letter for one record and one class of failure: what comes again counts up.
    fn bury(&mut self, parcel: Parcel, cause: Failure, evidence: Evidence) -> Result<DeadLetterId, Halt> {
        if let Some(id) = parcel.replay_of.clone() {
            park_again(self.held, self.commit, &parcel, &cause, Some(evidence))?;
            return Ok(id);
        }
        let (room, tenant) = (&self.held.room, &self.held.tenant);
        let same =
            |letter: &DeadLetter| letter.state == DeadLetterState::Parked && letter.cause.code == cause.code;
        let letters = room.store.letters_of(tenant, &self.flow.name, &parcel.key)?;
        if let Some(row) = letters.into_iter().find(|row| same(&row.value)) {
            let mut letter = row.value;
            letter.body = parcel.body;
            letter.edited = None;
            letter.run = self.held.run.id.clone();
            letter.flow_version = Some(self.flow.version);
            came_again(self.held, &mut letter, parcel.attempts, &cause, Some(evidence));
            self.commit.put_dead_letter(tenant, &letter, Expect::Version(row.version));
            return Ok(letter.id);
        }
        let ready = &self.destination.ready;
        let first_at = parcel.attempts.first().map_or(self.now, |attempt| attempt.at);
        let mut letter = DeadLetter {
            id: DeadLetterId::make(room.clock.as_ref(), room.randomness.as_ref()),
            flow: self.flow.name.clone(),
            run: self.held.run.id.clone(),
            flow_version: Some(self.flow.version),
            step: evidence.step,
            source: self.flow.source.profile.clone(),
            destination: self.flow.destination.profile.clone(),
            connector: ready.profile.connector.clone(),
            digest: Some(ready.connector.digest.clone()),
            key: parcel.key,
            body: parcel.body,
            edited: None,
            mapped: None,
            exchange: None,
            cause,
            attempts: parcel.attempts,
            idempotency_key: parcel.idempotency_key,
            former_keys: Vec::new(),
            key_since: Some(first_at),
            correlation: self.held.run.correlation.clone(),
            trace_state: self.held.run.trace_state.clone(),
            buried_at: self.now,
            first_failed_at: Some(first_at),
            last_failed_at: Some(self.now),
            times: 1,
            state: DeadLetterState::Parked,
            replays: 0,
            event: None,
            note: None,
            expires_at: Some(self.now.plus_ms(room.options.letters_kept_ms)),
        };
        keep(&mut letter, evidence);
        self.commit.put_dead_letter(tenant, &letter, Expect::Absent);
        Ok(letter.id)
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

fn came_again(
    held: &Held,
    letter: &mut DeadLetter,
    attempts: Vec<Attempt>,
    cause: &Failure,
    evidence: Option<Evidence>,
) {
    let now = held.room.now();
    letter.times = if letter.cause.code == cause.code { letter.times.saturating_add(1) } else { 1 };
    letter.cause = cause.clone();
    letter.last_failed_at = Some(now);
    letter.expires_at = Some(now.plus_ms(held.room.options.letters_kept_ms));
    if let Some(evidence) = evidence {
        keep(letter, evidence);
    }
    remember(letter, attempts);
}

fn keep(letter: &mut DeadLetter, evidence: Evidence) {
    let Evidence { step, mapped, exchange } = evidence;
    letter.step = step;
    letter.exchange = exchange;
    let others = bytes_of(&letter.body) + letter.edited.as_ref().map_or(0, |edited| bytes_of(&edited.body));
    let fits = |text: &String| others.saturating_add(text.len()) <= BODIES_BYTES_MAX;
    letter.mapped = mapped.filter(fits).and_then(|text| serde_json::from_str(&text).ok());
}

pub(crate) fn bytes_of(body: &Value) -> usize {
    body.to_string().len()
}

fn remember(letter: &mut DeadLetter, attempts: Vec<Attempt>) {
    let before = letter.attempts.last().map_or(0, |attempt| attempt.n);
    letter
        .attempts
        .extend((before.saturating_add(1)..).zip(attempts).map(|(n, attempt)| Attempt { n, ..attempt }));
    let surplus = letter.attempts.len().saturating_sub(ATTEMPTS_KEPT);
    letter.attempts.drain(..surplus);
}

/// What the log says of a record; nothing of one that was not tried.
fn settled(parcel: &Parcel, fate: &Fate) -> Option<Settled> {
    let (became, attempt) = match fate {
        Fate::Kept | Fate::Later { .. } => return None,
        Fate::Skipped => (Became::Skipped, None),
        Fate::Delivered { attempt } => (Became::Delivered, Some(attempt)),
        Fate::Again { attempt } => (Became::Waiting, Some(attempt)),
        Fate::Buried { attempt, .. } => (Became::Buried, Some(attempt)),
    };
    let idempotency_key = parcel.idempotency_key.clone();
    Some(Settled { key: parcel.key.clone(), idempotency_key, became, attempt: attempt.cloned() })
}
