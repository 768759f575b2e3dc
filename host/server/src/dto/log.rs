//! Rows of a tenant's log.

use domain::log as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Attempt, Became, Blame, ConnectorRef, Exchange, Header, Level};

/// One row. The host stamps everything but the event.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// Its place in the tenant's log, without gaps: what to send as `after` to read on from here.
    #[serde(default)]
    pub number: u64,
    /// When.
    pub at: String,
    /// Which connector.
    pub connector: ConnectorRef,
    /// Through which profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// In which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The record that it was for, where one can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Follows one piece of work through host, connector and remote.
    pub correlation: String,
    /// What happened.
    pub event: LogEvent,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "most rows are exchanges; a box would cost each of them an allocation"
)]
pub enum LogEvent {
    /// The connector said something.
    Line {
        /// How much it matters, as the connector says.
        level: Level,
        /// In the connector's words.
        message: String,
        /// More of them.
        fields: Vec<Header>,
    },
    /// The connector sent something, or tried.
    Exchange {
        /// The request and what became of it.
        exchange: Exchange,
    },
    /// A call did not return.
    Failed {
        /// Which call.
        call: String,
        /// Stable, for programs.
        code: String,
        /// Who has to act.
        blame: Blame,
        /// For people.
        message: String,
    },
    /// What became of the records of a batch.
    Settled {
        /// One attempt of each.
        records: Vec<Settled>,
    },
}

/// What became of one record in one attempt.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Settled {
    /// Identifies the record in its source.
    pub key: String,
    /// Under which the destination knows it.
    pub idempotency_key: String,
    /// What became of it.
    pub became: Became,
    /// Absent for a record that the mapping dropped: it was never tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

/// A line of a log that is followed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LogLine {
    /// A row of the log.
    Entry(Box<LogEntry>),
    /// Rows that were removed before they could be sent: the reader was too slow.
    Missed {
        /// How many.
        missed: u64,
    },
}

// === impl ===

impl From<rows::LogEntry> for LogEntry {
    fn from(row: rows::LogEntry) -> Self {
        Self {
            number: row.number,
            record: row.record.map(Into::into),
            at: row.at.to_string(),
            connector: row.connector.into(),
            profile: row.profile.map(Into::into),
            run: row.run.map(Into::into),
            correlation: row.correlation.to_string(),
            event: row.event.into(),
        }
    }
}

impl From<rows::LogEvent> for LogEvent {
    fn from(event: rows::LogEvent) -> Self {
        match event {
            rows::LogEvent::Line { line } => Self::Line {
                level: line.level.into(),
                message: line.message,
                fields: line.fields.into_iter().map(|(name, value)| Header { name, value }).collect(),
            },
            rows::LogEvent::Exchange { exchange } => Self::Exchange { exchange: exchange.into() },
            rows::LogEvent::Failed { call, code, blame, message } => {
                Self::Failed { call, code, blame: blame.into(), message }
            }
            rows::LogEvent::Settled { records } => {
                Self::Settled { records: records.into_iter().map(Settled::from).collect() }
            }
        }
    }
}

impl From<rows::Settled> for Settled {
    fn from(settled: rows::Settled) -> Self {
        Self {
            key: settled.key.to_string(),
            idempotency_key: settled.idempotency_key,
            became: settled.became.into(),
            attempt: settled.attempt.map(Into::into),
        }
    }
}
