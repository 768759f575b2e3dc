//! One call of one action, and the check of a profile.

use domain::call::GuestError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Blame, Denial, Exchange, Status};

/// A batch of inputs for one action.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallInputs {
    /// Each valid against the action's schema.
    pub inputs: Vec<Value>,
    /// Send the same one when you repeat a call whose outcome you do not know: the remote then sees the same
    /// idempotency keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What a call returned.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Called {
    /// One per input, in order.
    pub results: Vec<CallResult>,
    /// What was sent or denied.
    pub exchanges: Vec<Exchange>,
    /// What the call used.
    pub usage: Usage,
    /// Finds its rows in the log.
    pub correlation: String,
}

/// What became of one input: exactly one of the two.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallResult {
    /// What the action gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it gave nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
}

/// Why a connector gave nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallError {
    /// `invalid`, `auth_required`, `not_found`, `conflict`, `rate_limited`, `denied`, `transient`, `ambiguous` or
    /// `permanent`.
    pub code: String,
    /// Who has to act.
    pub blame: Blame,
    /// For people, in the connector's words.
    pub message: String,
    /// Of `denied`: which gate, why, and what would allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// Of `rate_limited`: how long the remote wants to be left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
}

/// What a call used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Wall-clock time.
    pub wall_us: u64,
    /// The most memory.
    pub memory_bytes: usize,
    /// Requests sent.
    pub requests: u32,
    /// Requests that a gate refused.
    pub denied: u32,
}

/// How a check went.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Target and credential work.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
    /// The profile's status now.
    pub status: Status,
}

// === impl ===

impl From<lockgate::Called> for Called {
    fn from(called: lockgate::Called) -> Self {
        let usage = called.usage;
        Self {
            results: called.results.into_iter().map(Into::into).collect(),
            exchanges: called.exchanges.into_iter().map(Into::into).collect(),
            usage: Usage {
                wall_us: usage.wall_us,
                memory_bytes: usage.memory_bytes,
                requests: usage.requests,
                denied: usage.denied,
            },
            correlation: called.correlation.to_string(),
        }
    }
}

impl From<Result<Value, GuestError>> for CallResult {
    fn from(result: Result<Value, GuestError>) -> Self {
        match result {
            Ok(output) => Self { output: Some(output), error: None },
            Err(error) => Self { output: None, error: Some(error.into()) },
        }
    }
}

impl From<GuestError> for CallError {
    fn from(error: GuestError) -> Self {
        let wait_ms = match &error {
            GuestError::RateLimited { wait_ms } => *wait_ms,
            _ => None,
        };
        let (code, blame, message) = (error.code().to_owned(), error.blame().into(), error.message());
        let denial = match error {
            GuestError::Denied(denial) => Some(denial.into()),
            _ => None,
        };
        Self { code, blame, message, denial, wait_ms }
    }
}
