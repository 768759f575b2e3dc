//! From the inbox into the outbox: the connector makes records of each event, and records, marks and the end of the
//! events are one commit. What it cannot read waits and is tried again, or becomes a dead letter that keeps the event.

use domain::call::{CallFailure, Fault, GuestError, Inbound, Page, PolledRecord};
use domain::canary::Tally;
use domain::flow::Flow;
use domain::hook::InboxEvent;
use domain::log::LogEntry;
use domain::retry::{Action, Class, RetryPolicy, Saw};
use domain::run::{Attempt, Failure};
use domain::{RecordKey, Timestamp};
use serde_json::Value;
use store::{Commit, Expect, FlowStates as _, Inbox as _, StoreError};
use wit::TriggerKind;

use crate::canary;
use crate::ends::Side;
use crate::health::Health;
use crate::judge::{Judge, Verdict};
use crate::lease::{Halt, Held};
use crate::page::sound;
use crate::parcels::Parcels;
use crate::trace::{Caller, entries};
use crate::unread::bury;

/// Events that are read before what came of them is written.
const EVENTS_MAX: usize = 50;
const BYTES_MAX: usize = 4 << 20;
/// Records of one such step.
const RECORDS_MAX: usize = 2_000;
/// How long an event waits for a credential that works.
const CREDENTIAL_WAIT_MS: u64 = 30_000;
/// How often a step is put together again because a replay has taken a number meanwhile.
const TRIES_MAX: u32 = 20;

/// What waits in the inbox of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    Nothing,
    Now,
    Later(Timestamp),
}

/// What became of one event.
enum Read {
    Records(Vec<(RecordKey, Value)>),
    Again(Attempt),
    Unreadable(Attempt, Failure),
}

/// How the source has done with its events.
#[derive(Debug, Default)]
pub(crate) struct Receiving {
    pub(crate) health: Health,
}

/// Whether the flow gets its records from webhooks, and never polls.
pub(crate) fn receives(source: &Side, flow: &Flow) -> bool {
    let trigger = source.ready.trigger(&flow.source.trigger);
    trigger.is_ok_and(|trigger| matches!(trigger.kind, TriggerKind::Webhook(_)))
}

pub(crate) fn look(held: &Held, flow: &Flow) -> Result<Arrived, StoreError> {
    let (store, now) = (&held.room.store, held.room.now());
    if !store.due_events(&held.tenant, &flow.name, now, 1, 0)?.is_empty() {
        return Ok(Arrived::Now);
    }
    Ok(store.next_event_at(&held.tenant, &flow.name)?.map_or(Arrived::Nothing, Arrived::Later))
}

impl Receiving {
    /// Reads the events that are due, as far as one commit goes.
    pub(crate) async fn events(&mut self, held: &mut Held, flow: &Flow, source: &Side) -> Result<(), Halt> {
        let now = held.room.now();
        let due = held.room.store.due_events(&held.tenant, &flow.name, now, EVENTS_MAX, BYTES_MAX)?;
        let mut step = Step::default();
        for row in due {
            let event = row.value;
            let fault = self.one(held, flow, source, event, &mut step).await?;
            // A connector that breaks is not asked for the next one before it is written down that it did.
            if fault || step.records >= RECORDS_MAX {
                break;
            }
        }
        step.write(held, flow, source).await
    }

    /// Whether the call did not return.
    async fn one(
        &mut self,
        held: &mut Held,
        flow: &Flow,
        source: &Side,
        event: InboxEvent,
        step: &mut Step,
    ) -> Result<bool, Halt> {
        let began = held.room.now();
        let inbound = Inbound {
            headers: event.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            body: event.body.0.clone(),
        };
        let receive = source.end.receive(&event.correlation, &event.trigger, inbound);
        let mut called = held.alongside(receive).await?;
        let now = held.room.now();
        let tally = match &called.outcome {
            Ok(received) => Tally::of(std::slice::from_ref(received)),
            Err(fault) if fault.fault == Fault::Host => Tally::default(),
            Err(_) => Tally::lost(1),
        };
        canary::note(&held.room, &held.tenant, &source.ready.profile, tally).await?;
        step.denied += called.denied();
        self.health.heard(&called.exchanges);
        let saw = Saw { exchanges: &called.exchanges, reads: true, keys: &[""], ambiguous: 0 };
        let seen = saw.each().first().copied().unwrap_or_default();
        let caller = Caller {
            connector: &source.ready.profile.connector,
            profile: Some(&flow.source.profile),
            run: &held.run.id,
            correlation: &event.correlation,
        };
        step.log.extend(entries(caller, "receive", &crate::evidence::Records::default(), now, &mut called));
        let fault = called.outcome.is_err();
        // Reading an event again does no harm.
        let judge = Judge { policy: &flow.delivery.retry, repeatable: true, down: false };
        let verdict = match readable(called.outcome, held.room.options.page_records_max) {
            Readable::Records(records) => {
                self.health.worked(now);
                step.records += records.len();
                step.events.push((event, Read::Records(records)));
                return Ok(false);
            }
            Readable::Unsound(failure) => Verdict::bury(failure, Class::Permanent),
            Readable::Says(error) => judge.after(&error, seen, &event.attempts, held.room.chance()),
            Readable::Broke(fault) => judge.after_fault(&fault, false, &event.attempts, held.room.chance()),
        };
        self.health.failed(now, &verdict.failure);
        let n = u32::try_from(event.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        let wait_ms = patience(&verdict, &flow.delivery.retry, event.attempts.len());
        let (class, free) = (Some(verdict.class), verdict.is_free());
        let (failure, duration_ms) = (verdict.failure, now.ms_since(began));
        let attempt = Attempt {
            failure: Some(failure.clone()),
            wait_ms,
            class,
            free,
            ..Attempt::of(n, began, duration_ms)
        };
        let read = match wait_ms {
            Some(_) => Read::Again(attempt),
            None => Read::Unreadable(attempt, failure),
        };
        step.events.push((event, read));
        Ok(fault)
    }
}

/// A credential that is refused is not the event's fault: it waits for one that works, as long as its flow has patience.
fn patience(verdict: &Verdict, policy: &RetryPolicy, before: usize) -> Option<u64> {
    let attempts_max = usize::try_from(policy.attempts_max).unwrap_or(usize::MAX);
    match verdict.action {
        Action::Stop => (before + 1 < attempts_max).then_some(CREDENTIAL_WAIT_MS),
        _ => verdict.wait_ms(),
    }
}

enum Readable {
    Records(Vec<(RecordKey, Value)>),
    Unsound(Failure),
    Says(GuestError),
    Broke(CallFailure),
}

fn readable(outcome: Result<Result<Vec<PolledRecord>, GuestError>, CallFailure>, max: usize) -> Readable {
    match outcome {
        Ok(Ok(records)) => match sound(Page { records, next: None, more: false }, max) {
            Ok(page) => Readable::Records(page.records),
            Err(failure) => Readable::Unsound(failure),
        },
        Ok(Err(error)) => Readable::Says(error),
        Err(fault) => Readable::Broke(fault),
    }
}

/// What one commit is made of.
#[derive(Default)]
struct Step {
    events: Vec<(InboxEvent, Read)>,
    records: usize,
    denied: u64,
    log: Vec<LogEntry>,
}

/// What a commit adds to the counts of the run.
#[derive(Clone, Copy, Default)]
struct Added {
    read: u64,
    duplicate: u64,
    dead_lettered: u64,
}

impl Step {
    async fn write(self, held: &mut Held, flow: &Flow, source: &Side) -> Result<(), Halt> {
        for _ in 0..TRIES_MAX {
            let (commit, added) = self.commit(held, flow, source)?;
            let outcome = held
                .commit(commit, |run| {
                    run.counts.read += added.read;
                    run.counts.duplicate += added.duplicate;
                    run.counts.dead_lettered += added.dead_lettered;
                    run.counts.denied += self.denied;
                })
                .await;
            match outcome {
                Err(Halt::Conflict) => {}
                other => return other,
            }
        }
        Err(Halt::Conflict)
    }

    fn commit(&self, held: &Held, flow: &Flow, source: &Side) -> Result<(Commit, Added), Halt> {
        let (store, tenant, now) = (&held.room.store, &held.tenant, held.room.now());
        let state = store.flow_state(tenant, &flow.name)?;
        let mut commit = Commit::new();
        let mut added = Added::default();
        let mut parcels = Parcels::new(held, &flow.name, state.value.next_seq);
        for (event, read) in &self.events {
            match read {
                Read::Again(attempt) => {
                    let mut waits = event.clone();
                    waits.next_at = now.plus_ms(attempt.wait_ms.unwrap_or(0));
                    waits.attempts.push(attempt.clone());
                    commit.put_event(tenant, &flow.name, &waits, Expect::Present);
                    continue;
                }
                Read::Unreadable(attempt, cause) => {
                    added.read += 1;
                    added.dead_lettered += 1;
                    bury(held, flow, source, event, (attempt, cause), &mut commit)?;
                }
                Read::Records(records) => {
                    added.read += records.len() as u64;
                    parcels.take(records, &mut commit)?;
                    crate::unread::resolve(held, event, &mut commit)?;
                }
            }
            commit.delete_event(tenant, &flow.name, &event.id, Expect::Present);
        }
        added.duplicate = parcels.duplicates;
        let next_seq = parcels.next_seq;
        if next_seq != state.value.next_seq {
            let mut moved = state.value;
            moved.next_seq = next_seq;
            commit.put_flow_state(tenant, &flow.name, &moved, Expect::Version(state.version));
        }
        commit.append_logs(tenant, &self.log);
        Ok((commit, added))
    }
}
