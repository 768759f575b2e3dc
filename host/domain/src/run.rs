//! One execution of a flow: a row from the first moment, whatever happens.

use serde::{Deserialize, Serialize};

use crate::blame::Blame;
use crate::connector::ConnectorRef;
use crate::ids::{CorrelationId, FlowName, ProfileName, RunId};
use crate::injected::Timestamp;
use crate::retry::Class;
use crate::trace::TraceState;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub id: RunId,
    pub flow: FlowName,
    pub cause: Cause,
    pub status: RunStatus,
    pub counts: Counts,
    pub correlation: CorrelationId,
    /// What the caller's tracing keeps beside its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_state: Option<TraceState>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Why it did not succeed.
    pub failure: Option<Failure>,
    pub lease: Option<Lease>,
    /// The source has nothing more for this run; what is left is delivery.
    pub source_done: bool,
    /// The definition of the flow that it follows to its end; zero in rows of before there were versions.
    #[serde(default)]
    pub flow_version: u64,
    /// The versions of the connectors that it calls to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Pins>,
    /// Why nobody works on it, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// When it ends, whatever is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<Timestamp>,
    /// A replay's own records have no lower number than this.
    #[serde(default)]
    pub first_seq: u64,
    /// Pages that it has read.
    #[serde(default)]
    pub pages: u32,
    /// Polls that failed since the last page: kept while nobody works on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polls: Vec<Attempt>,
}

/// The versions of the connectors of a flow's two ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// None for a run that reads nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ConnectorRef>,
    pub destination: ConnectorRef,
}

/// A run that waits at its checkpoint: its place and its lease are free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    pub since: Timestamp,
    pub until: Timestamp,
    pub reason: Failure,
    /// Whose recovery wakes it earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Manual,
    Schedule,
    Replay,
    /// Events that a system sent.
    Webhook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Queued,
    Running,
    /// It waits at its checkpoint, and nobody works on it.
    Suspended,
    Succeeded,
    /// It ended, and some records are dead letters.
    Partial,
    Failed,
    /// A profile that it needs is disabled or not ready; nothing was tried.
    Blocked,
    /// Somebody stopped it. What was accepted waits for the next run.
    Cancelled,
}

impl RunStatus {
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Suspended)
    }
}

/// What became of the records of a run: `read = delivered + skipped + duplicate + dead_lettered + waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Records that the source gave.
    pub read: u64,
    /// Seen before: not taken again.
    pub duplicate: u64,
    /// Dropped by the mapping.
    pub skipped: u64,
    pub delivered: u64,
    /// Attempts after a first one.
    pub retried: u64,
    pub dead_lettered: u64,
    /// Requests that a gate refused.
    pub denied: u64,
}

impl Counts {
    /// Records that still wait for delivery. A replayed record counts as read.
    pub fn waiting(&self) -> u64 {
        let done = self.delivered + self.skipped + self.duplicate + self.dead_lettered;
        self.read.saturating_sub(done)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub blame: Blame,
    /// Stable, for programs.
    pub code: String,
    pub message: String,
}

/// The right to work on a run for a while. A holder whose fence is behind has lost it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    pub holder: String,
    pub fence: u64,
    pub until: Timestamp,
}

/// One try of delivering one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    pub n: u32,
    pub at: Timestamp,
    pub duration_ms: u64,
    /// None for success.
    pub failure: Option<Failure>,
    /// How long the next one waits.
    pub wait_ms: Option<u64>,
    /// What the failure means for trying again; none for success, and in rows of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// It uses nothing up: the remote asked to wait, or was down for everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// What the remote answered to the record's request, where it can be told from its neighbours'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The method and the redacted URL of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Under which the remote knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_request_id: Option<String>,
    /// Of the credential that the profile had then; none where nothing was sent, and in rows of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_version: Option<u64>,
}

impl Attempt {
    /// One that has worked, as far as is known.
    pub fn of(n: u32, at: Timestamp, duration_ms: u64) -> Self {
        Self {
            n,
            at,
            duration_ms,
            failure: None,
            wait_ms: None,
            class: None,
            free: false,
            status: None,
            request: None,
            remote_request_id: None,
            credential_version: None,
        }
    }

    /// Whether the remote asked to wait. Earlier builds wrote no class.
    pub fn is_limited(&self) -> bool {
        match self.class {
            Some(class) => class == Class::RateLimited,
            None => self.failure.as_ref().is_some_and(|failure| failure.code == "rate_limited"),
        }
    }
}
