//! A row of a tenant's log: what a guest said and what it sent.

use serde::{Deserialize, Serialize};

use crate::blame::Blame;
use crate::call::LogLine;
use crate::connector::ConnectorRef;
use crate::exchange::Exchange;
use crate::ids::{CorrelationId, ProfileName, RunId};
use crate::injected::Timestamp;

/// The host stamps everything but the line itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    pub at: Timestamp,
    pub connector: ConnectorRef,
    pub profile: Option<ProfileName>,
    pub run: Option<RunId>,
    pub correlation: CorrelationId,
    pub event: LogEvent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LogEvent {
    /// A line that the guest logged.
    Line { line: LogLine },
    /// A request that it made or tried.
    Exchange { exchange: Exchange },
    /// A call that did not return.
    Failed { call: String, code: String, blame: Blame, message: String },
}
