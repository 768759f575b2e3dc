//! Rows to test with.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::blame::Blame;
use domain::connector::ConnectorRef;
use domain::dead_letter::{DeadLetter, DeadLetterState, Step};
use domain::flow::Parcel;
use domain::log::{LogEntry, LogEvent};
use domain::run::{Cause, Counts, Failure, Run, RunStatus};
use domain::{Clock, CorrelationId, DeadLetterId, Randomness, RunId, Timestamp};

use crate::Change;

/// The same bytes in every run of a test, and never the same twice within one.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let block = blake3::hash(&number.to_be_bytes());
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) struct At(pub(crate) i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0)
    }
}

pub(crate) fn happening(at_ms: i64) -> Happening {
    let subject = Subject::profile(&"crm".parse().unwrap());
    Happening::new(Timestamp::from_ms(at_ms), Actor::Library, Verb::ProfileEnabled, subject)
        .changing(&["enabled"])
}

/// A change by somebody, for whatever is to be written.
pub(crate) fn change(tenant: &str) -> Change {
    Change::new(Chain::Tenant(tenant.parse().unwrap()), happening(0))
}

pub(crate) fn run(flow: &str, at_ms: i64, randomness: &Counting) -> Run {
    Run {
        id: RunId::make(&At(at_ms), randomness),
        flow: flow.parse().unwrap(),
        cause: Cause::Manual,
        status: RunStatus::Queued,
        counts: Counts::default(),
        correlation: CorrelationId::make(randomness),
        trace_state: None,
        queued_at: Timestamp::from_ms(at_ms),
        started_at: None,
        finished_at: None,
        failure: None,
        lease: None,
        source_done: false,
        flow_version: 1,
        pins: None,
        suspension: None,
        deadline_at: None,
        first_seq: 0,
        pages: 0,
        polls: Vec::new(),
    }
}

pub(crate) fn parcel(seq: u64, next_ms: i64, randomness: &Counting) -> Parcel {
    Parcel {
        seq,
        run: RunId::make(&At(0), randomness),
        key: format!("deal-{seq}").parse().unwrap(),
        idempotency_key: format!("key-{seq}"),
        body: serde_json::json!({ "id": seq, "amount": "12.50" }),
        accepted_at: Timestamp::from_ms(0),
        attempts: Vec::new(),
        forgiven: 0,
        next_at: Timestamp::from_ms(next_ms),
        replay_of: None,
    }
}

pub(crate) fn letter(flow: &str, at_ms: i64, randomness: &Counting) -> DeadLetter {
    DeadLetter {
        id: DeadLetterId::make(&At(at_ms), randomness),
        flow: flow.parse().unwrap(),
        run: RunId::make(&At(at_ms), randomness),
        flow_version: Some(1),
        step: Step::Delivery,
        digest: None,
        edited: None,
        mapped: None,
        exchange: None,
        former_keys: Vec::new(),
        key_since: None,
        trace_state: None,
        first_failed_at: None,
        last_failed_at: None,
        times: 1,
        note: None,
        expires_at: None,
        source: "crm".parse().unwrap(),
        destination: "stripe".parse().unwrap(),
        connector: connector_ref(),
        key: "deal-1".parse().unwrap(),
        body: serde_json::json!({ "id": 1 }),
        cause: Failure {
            blame: Blame::Remote,
            code: "invalid".to_owned(),
            message: "no such customer".to_owned(),
        },
        attempts: Vec::new(),
        idempotency_key: "key-1".to_owned(),
        correlation: CorrelationId::make(randomness),
        buried_at: Timestamp::from_ms(at_ms),
        state: DeadLetterState::Parked,
        replays: 0,
        event: None,
    }
}

pub(crate) fn log(profile: &str, at_ms: i64, randomness: &Counting) -> LogEntry {
    LogEntry {
        number: 0,
        record: None,
        at: Timestamp::from_ms(at_ms),
        connector: connector_ref(),
        profile: Some(profile.parse().unwrap()),
        run: None,
        correlation: CorrelationId::make(randomness),
        event: LogEvent::Failed {
            call: "poll".to_owned(),
            code: "trap".to_owned(),
            blame: Blame::Guest,
            message: format!("at {at_ms}"),
        },
    }
}

fn connector_ref() -> ConnectorRef {
    ConnectorRef { name: "stripe".parse().unwrap(), version: semver::Version::new(1, 0, 0) }
}
