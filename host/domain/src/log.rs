//! A row of a tenant's log: what a guest said, what it sent, and what became of the records of a batch.

use serde::{Deserialize, Serialize};

use crate::blame::Blame;
use crate::call::LogLine;
use crate::connector::ConnectorRef;
use crate::exchange::Exchange;
use crate::ids::{CorrelationId, ProfileName, RecordKey, RunId};
use crate::injected::Timestamp;
use crate::run::Attempt;

/// The host stamps everything but the line itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Its place in the tenant's log, in the order of writing and without gaps. The store gives it.
    #[serde(skip)]
    pub number: u64,
    pub at: Timestamp,
    pub connector: ConnectorRef,
    pub profile: Option<ProfileName>,
    pub run: Option<RunId>,
    /// The record that it was for, where one can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordKey>,
    pub correlation: CorrelationId,
    pub event: LogEvent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "most rows are exchanges; a box would cost each of them an allocation"
)]
pub enum LogEvent {
    /// A line that the guest logged.
    Line { line: LogLine },
    /// A request that it made or tried.
    Exchange { exchange: Exchange },
    /// A call that did not return.
    Failed { call: String, code: String, blame: Blame, message: String },
    /// What became of the records of one batch, in one row.
    Settled { records: Vec<Settled> },
}

/// What became of one record in one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    pub key: RecordKey,
    pub idempotency_key: String,
    pub became: Became,
    /// None for one that the mapping dropped: it was never tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    Delivered,
    Skipped,
    /// It waits for its next attempt.
    Waiting,
    Buried,
}

impl LogEntry {
    /// Whether it tells something of this record.
    pub fn is_about(&self, record: &RecordKey) -> bool {
        let settled = match &self.event {
            LogEvent::Settled { records } => records.iter().any(|settled| settled.key == *record),
            _ => false,
        };
        settled || self.record.as_ref() == Some(record)
    }
}
