//! Runs with their counts, and who has to act.

use domain::run as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Blame, Cause, RunStatus};

/// One execution of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Sorts by time.
    pub id: String,
    /// The flow.
    pub flow: String,
    /// Why it began.
    pub cause: Cause,
    /// Where it stands.
    pub status: RunStatus,
    /// What became of its records.
    pub counts: Counts,
    /// Follows it through host, connector and remote.
    pub correlation: String,
    /// When it was asked for.
    pub queued_at: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The version of the flow that it follows.
    #[serde(default)]
    pub flow_version: u64,
    /// The versions of the connectors that it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Pins>,
    /// Why nobody works on it, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// When it ends, whatever is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<String>,
}

/// The versions of the connectors of a run's two ends.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Pins {
    /// As in `crm@1.2.0`; absent for a run that reads nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// As in `stripe@2.0.1`.
    pub destination: String,
}

/// Why a run waits at its checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Suspension {
    /// From when.
    pub since: String,
    /// Until when, unless what it waits for recovers earlier.
    pub until: String,
    /// What it waits for.
    pub reason: Failure,
}

/// What became of the records of a run: `read` is the sum of `delivered`, `skipped`, `duplicate`, `dead_lettered`
/// and `waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Records that the source gave.
    pub read: u64,
    /// Seen before: not taken again.
    pub duplicate: u64,
    /// Dropped by the mapping.
    pub skipped: u64,
    /// Delivered.
    pub delivered: u64,
    /// Still on their way.
    pub waiting: u64,
    /// Attempts after a first one.
    pub retried: u64,
    /// Given up.
    pub dead_lettered: u64,
    /// Requests that a gate refused.
    pub denied: u64,
}

/// Why something did not succeed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// Who has to act.
    pub blame: Blame,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// One try of delivering one record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Counts from 1.
    pub n: u32,
    /// When it began.
    pub at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// Absent for success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// How long the next one waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// What the remote answered to the record's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The method and the URL of that request, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Under which the remote knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_request_id: Option<String>,
    /// The version of the credential that the profile had then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_version: Option<u64>,
}

// === impl ===

impl From<rows::Run> for Run {
    fn from(row: rows::Run) -> Self {
        Self {
            id: row.id.to_string(),
            flow: row.flow.to_string(),
            cause: row.cause.into(),
            status: row.status.into(),
            counts: row.counts.into(),
            correlation: row.correlation.to_string(),
            queued_at: row.queued_at.to_string(),
            started_at: row.started_at.map(|at| at.to_string()),
            finished_at: row.finished_at.map(|at| at.to_string()),
            failure: row.failure.map(Into::into),
            flow_version: row.flow_version,
            pins: row.pins.map(Into::into),
            suspension: row.suspension.map(Into::into),
            deadline_at: row.deadline_at.map(|at| at.to_string()),
        }
    }
}

impl From<rows::Pins> for Pins {
    fn from(pins: rows::Pins) -> Self {
        Self { source: pins.source.map(|of| of.to_string()), destination: pins.destination.to_string() }
    }
}

impl From<rows::Suspension> for Suspension {
    fn from(row: rows::Suspension) -> Self {
        Self { since: row.since.to_string(), until: row.until.to_string(), reason: row.reason.into() }
    }
}

impl From<rows::Counts> for Counts {
    fn from(counts: rows::Counts) -> Self {
        Self {
            read: counts.read,
            duplicate: counts.duplicate,
            skipped: counts.skipped,
            delivered: counts.delivered,
            waiting: counts.waiting(),
            retried: counts.retried,
            dead_lettered: counts.dead_lettered,
            denied: counts.denied,
        }
    }
}

impl From<rows::Failure> for Failure {
    fn from(failure: rows::Failure) -> Self {
        Self { blame: failure.blame.into(), code: failure.code, message: failure.message }
    }
}

impl From<rows::Attempt> for Attempt {
    fn from(attempt: rows::Attempt) -> Self {
        Self {
            n: attempt.n,
            at: attempt.at.to_string(),
            duration_ms: attempt.duration_ms,
            failure: attempt.failure.map(Into::into),
            wait_ms: attempt.wait_ms,
            status: attempt.status,
            request: attempt.request,
            remote_request_id: attempt.remote_request_id,
            credential_version: attempt.credential_version,
        }
    }
}
