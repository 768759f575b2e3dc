//! One page from the source into the outbox: records, marks, cursor and counts in one commit.

use std::sync::Arc;

use domain::call::Fault;
use domain::canary::Tally;
use domain::flow::Flow;
use domain::log::LogEntry;
use domain::retry::{Class, Pass, Saw, State};
use domain::run::{Attempt, Failure};
use domain::{CorrelationId, ProfileKey, ProfileName, RecordKey, Timestamp};
use serde_json::Value;
use store::{Commit, Expect, FlowStates as _};

use crate::canary;
use crate::deliver::circuit_open;
use crate::ends::Ends;
use crate::evidence::Records;
use crate::health::Health;
use crate::hold::HoldOff;
use crate::judge::{Judge, Verdict};
use crate::lease::{Halt, Held};
use crate::page::{Sound, Trail, sound};
use crate::parcels::Parcels;
use crate::room::Room;
use crate::sandbox;
use crate::trace::{Caller, entries};

/// How often a page is put together again because a replay has taken a number meanwhile.
const TRIES_MAX: u32 = 20;

/// Where a run stands with its source. What is lost with it is asked for again.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    trail: Trail,
    /// Polls that failed since the last page.
    attempts: Vec<Attempt>,
    /// Not before.
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) health: Health,
}

/// A page that is asked for.
pub(crate) struct Asked {
    room: Arc<Room>,
    flow: Arc<Flow>,
    ends: Arc<Ends>,
    correlation: CorrelationId,
    cursor: Option<Value>,
}

/// What came of it.
pub(crate) struct Answered {
    asked: Asked,
    began: Timestamp,
    called: sandbox::Polled,
}

impl Answered {
    /// The source, and whether the poll was to find out about it.
    pub(crate) fn asked_of(&self) -> (bool, ProfileName) {
        let probing = self.asked.ends.source.as_ref().is_some_and(|source| source.ready.probing);
        (probing, self.asked.flow.source.profile.clone())
    }
}

impl Asked {
    /// None: a replay reads nothing.
    pub(crate) async fn poll(self) -> Option<Answered> {
        let source = self.ends.source.as_ref()?;
        let began = self.room.now();
        let text = self.cursor.as_ref().map(Value::to_string);
        let called = source.end.poll(&self.correlation, &self.flow.source.trigger, text).await;
        Some(Answered { began, called, asked: self })
    }
}

impl Reading {
    /// Goes on where the run stood when nobody worked on it any more.
    pub(crate) fn of(run: &domain::run::Run) -> Self {
        let last = run.polls.last();
        let next_at = last.and_then(|poll| Some(poll.at.plus_ms(poll.duration_ms).plus_ms(poll.wait_ms?)));
        Self { attempts: run.polls.clone(), next_at, ..Self::default() }
    }

    /// Why the last poll failed.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.attempts.last().and_then(|attempt| attempt.failure.clone())
    }

    /// The polls that failed since the last page, few enough for a row: of waits that the source asked for, the sum counts.
    pub(crate) fn polls(&self) -> Vec<Attempt> {
        let Some((newest, earlier)) = self.attempts.split_last() else { return Vec::new() };
        let mut polls: Vec<Attempt> = Vec::new();
        for attempt in earlier {
            match polls.last_mut() {
                Some(last) if last.is_limited() && attempt.is_limited() => {
                    let wait_ms = last.wait_ms.unwrap_or(0).saturating_add(attempt.wait_ms.unwrap_or(0));
                    last.wait_ms = Some(wait_ms);
                }
                _ => polls.push(attempt.clone()),
            }
        }
        polls.push(newest.clone());
        polls
    }

    /// The next page to poll.
    ///
    /// Or why there is none now: the source is down for everybody, and nobody knocks until one of them finds it working.
    pub(crate) fn ask(
        &mut self,
        held: &Held,
        flow: &Arc<Flow>,
        ends: &Arc<Ends>,
    ) -> Result<Result<Asked, HoldOff>, Halt> {
        let profile = ProfileKey { tenant: held.tenant.clone(), profile: flow.source.profile.clone() };
        if let Pass::Refused { until } = held.room.circuits.ask(&profile, held.room.now()) {
            self.next_at = Some(until);
            let reason = circuit_open(&profile.profile, until);
            return Ok(Err(HoldOff { until, reason, profile: profile.profile }));
        }
        Ok(Ok(Asked {
            room: Arc::clone(&held.room),
            flow: Arc::clone(flow),
            ends: Arc::clone(ends),
            correlation: held.run.correlation.clone(),
            cursor: held.room.store.flow_state(&held.tenant, &flow.name)?.value.cursor,
        }))
    }

    /// Takes what a poll came to. Nothing of a page is kept unless all of it is. Gives the time before which the source is
    /// not to be asked again.
    pub(crate) async fn answered(
        &mut self,
        held: &mut Held,
        answered: Answered,
    ) -> Result<Option<HoldOff>, Halt> {
        let Answered { asked: Asked { flow, ends, correlation, cursor, .. }, began, mut called } = answered;
        let (flow, Some(source)) = (&*flow, &ends.source) else { return Ok(None) };
        let profile = ProfileKey { tenant: held.tenant.clone(), profile: flow.source.profile.clone() };
        let now = held.room.now();
        let denied = called.denied();
        let saw = Saw { exchanges: &called.exchanges, reads: true, keys: &[""], ambiguous: 0 };
        let seen = saw.each().first().copied().unwrap_or_default();
        let tally = match &called.outcome {
            Ok(polled) => Tally::of(std::slice::from_ref(polled)),
            Err(fault) if fault.fault == Fault::Host => Tally::default(),
            Err(_) => Tally::lost(1),
        };
        let asked = &source.ready.profile;
        canary::note(&held.room, &held.tenant, asked, tally).await?;
        let state = held.room.circuits.note(&profile, &called.exchanges, now);
        self.health.heard(&called.exchanges);
        let caller = Caller {
            connector: &source.ready.profile.connector,
            profile: Some(&flow.source.profile),
            run: &held.run.id,
            correlation: &correlation,
        };
        let log = entries(caller, "poll", &Records::default(), now, &mut called);
        // Reading a page again does no harm.
        let judge = Judge { policy: &flow.delivery.retry, repeatable: true, down: state != State::Closed };
        let chance = held.room.chance();
        let verdict = match called.outcome {
            Ok(Ok(page)) => match sound(page, held.room.options.page_records_max) {
                Ok(page) => {
                    self.health.worked(now);
                    self.attempts.clear();
                    self.next_at = None;
                    self.accept(held, flow, Polled { cursor, page, denied, log }).await?;
                    return Ok(None);
                }
                Err(failure) => Verdict::bury(failure, Class::Permanent),
            },
            Ok(Err(error)) => judge.after(&error, seen, &self.attempts, chance),
            Err(fault) => judge.after_fault(&fault, false, &self.attempts, chance),
        };
        if verdict.class == Class::Auth {
            self.health.refused_by(now, &verdict.failure);
        } else {
            self.health.failed(now, &verdict.failure);
        }
        let mut commit = Commit::new();
        commit.append_logs(&held.tenant, &log);
        let mut held_off = None;
        let failure = match verdict.wait_ms() {
            // The credential failed, not the page: it is asked for again when the credential works.
            _ if self.health.refused() => None,
            Some(wait_ms) => {
                let until = now.plus_ms(wait_ms);
                self.next_at = Some(until);
                held_off = Some(HoldOff {
                    until,
                    reason: verdict.failure.clone(),
                    profile: flow.source.profile.clone(),
                });
                let n = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
                let duration_ms = now.ms_since(began);
                self.attempts.push(Attempt {
                    wait_ms: Some(wait_ms),
                    class: Some(verdict.class),
                    free: verdict.is_free(),
                    failure: Some(verdict.failure),
                    credential_version: Some(source.ready.profile.credential.version),
                    ..Attempt::of(n, began, duration_ms)
                });
                None
            }
            None => Some(verdict.failure),
        };
        held.commit(commit, |run| {
            run.counts.denied += denied;
            if let Some(failure) = failure {
                // What was accepted is still delivered; the run ends as failed.
                run.failure = Some(failure);
                run.source_done = true;
            }
        })
        .await?;
        Ok(held_off)
    }

    async fn accept(&mut self, held: &mut Held, flow: &Flow, polled: Polled) -> Result<(), Halt> {
        let Polled { cursor, page, denied, log } = polled;
        let next = page.next.or_else(|| cursor.clone());
        let stuck = if page.more { self.trail.step(next.as_ref()).err() } else { None };
        let done =
            !page.more || stuck.is_some() || held.run.pages.saturating_add(1) >= held.room.options.pages_max;
        for _ in 0..TRIES_MAX {
            let taken = Taken { cursor: &cursor, next: &next, records: &page.records, log: &log };
            let (commit, duplicates) = taken.commit(held, flow)?;
            let stuck = stuck.clone();
            let outcome = held
                .commit(commit, |run| {
                    run.counts.read += page.records.len() as u64;
                    run.counts.duplicate += duplicates;
                    run.counts.denied += denied;
                    run.source_done = done;
                    run.pages = run.pages.saturating_add(1);
                    run.polls.clear();
                    run.failure = stuck.or(run.failure.take());
                })
                .await;
            match outcome {
                Err(Halt::Conflict) => {}
                other => return other,
            }
        }
        Err(Halt::Conflict)
    }
}

struct Polled {
    /// At which the page was asked for.
    cursor: Option<Value>,
    page: Sound,
    denied: u64,
    log: Vec<LogEntry>,
}

struct Taken<'a> {
    cursor: &'a Option<Value>,
    next: &'a Option<Value>,
    records: &'a [(RecordKey, Value)],
    log: &'a [LogEntry],
}

impl Taken<'_> {
    /// The page as one commit, with the number of records that the flow has seen before.
    fn commit(&self, held: &Held, flow: &Flow) -> Result<(Commit, u64), Halt> {
        let (store, tenant) = (&held.room.store, &held.tenant);
        let state = store.flow_state(tenant, &flow.name)?;
        if state.value.cursor != *self.cursor {
            // The cursor moves only with the lease.
            return Err(Halt::Lost);
        }
        let mut commit = Commit::new();
        let mut parcels = Parcels::new(held, &flow.name, state.value.next_seq);
        parcels.take(self.records, &mut commit)?;
        let (next_seq, duplicates) = (parcels.next_seq, parcels.duplicates);
        let mut moved = state.value;
        moved.cursor.clone_from(self.next);
        moved.next_seq = next_seq;
        commit.put_flow_state(tenant, &flow.name, &moved, Expect::Version(state.version));
        commit.append_logs(tenant, self.log);
        Ok((commit, duplicates))
    }
}
