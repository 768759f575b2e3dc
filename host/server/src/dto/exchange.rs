//! Requests of connectors, redacted, with what became of each.

use domain::exchange as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FailureCode, Gate, SendFailureKind};

/// One request that a connector made or tried.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Exchange {
    /// When it began.
    pub at: String,
    /// The method.
    pub method: String,
    /// Without credentials.
    pub url: String,
    /// Without credentials.
    pub request_headers: Vec<Header>,
    /// Bytes of the request's body.
    pub request_bytes: usize,
    /// The scope whose rule allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What became of it.
    pub outcome: ExchangeOutcome,
    /// How long it took.
    pub duration_ms: u64,
    /// What the outcome means for trying again: `transient_safe`, `transient`, `ambiguous`, `rate_limited`, `auth`,
    /// `conflict`, `data`, `permanent` or `done`; absent: it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How long the remote asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_ms: Option<u64>,
    /// The idempotency key that it carried where the action declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The beginning of the request's body, redacted; absent where bodies are not kept or it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_excerpt: Option<String>,
    /// The same of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_excerpt: Option<String>,
    /// Under which the remote knows the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_request_id: Option<String>,
}

/// A header.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value, or a mask.
    pub value: String,
}

/// What became of a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExchangeOutcome {
    /// The remote answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// Without credentials.
        headers: Vec<Header>,
        /// Bytes of the response's body.
        response_bytes: usize,
    },
    /// A gate refused it; nothing was sent.
    Denied {
        /// Which gate, why, and what would allow it.
        denial: Denial,
    },
    /// It failed on the wire.
    Failed {
        /// How.
        failure: SendFailure,
    },
}

/// The host said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Denial {
    /// The gate.
    pub gate: Gate,
    /// What was refused.
    pub reason: String,
    /// What would allow it.
    pub remedy: String,
}

/// How a request failed on the wire.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SendFailure {
    /// Coarsely.
    pub kind: SendFailureKind,
    /// Exactly.
    pub code: FailureCode,
    /// Whether the remote may have received it.
    pub sent: bool,
    /// For people.
    pub message: String,
}

// === impl ===

fn headers(pairs: Vec<(String, String)>) -> Vec<Header> {
    pairs.into_iter().map(|(name, value)| Header { name, value }).collect()
}

impl From<rows::Exchange> for Exchange {
    fn from(row: rows::Exchange) -> Self {
        Self {
            at: row.at.to_string(),
            method: row.method,
            url: row.url,
            request_headers: headers(row.request_headers),
            request_bytes: row.request_bytes,
            scope: row.scope,
            outcome: row.outcome.into(),
            duration_ms: row.duration_ms,
            class: row.class.map(|class| class.as_str().to_owned()),
            asked_ms: row.asked_ms,
            key: row.key,
            request_excerpt: row.request_excerpt,
            response_excerpt: row.response_excerpt,
            remote_request_id: row.remote_request_id,
        }
    }
}

impl From<rows::ExchangeOutcome> for ExchangeOutcome {
    fn from(outcome: rows::ExchangeOutcome) -> Self {
        match outcome {
            rows::ExchangeOutcome::Answered { status, headers: pairs, response_bytes } => {
                Self::Answered { status, headers: headers(pairs), response_bytes }
            }
            rows::ExchangeOutcome::Denied { denial } => Self::Denied { denial: denial.into() },
            rows::ExchangeOutcome::Failed { failure: rows::SendFailure { kind, code, sent, message } } => {
                Self::Failed { failure: SendFailure { kind: kind.into(), code: code.into(), sent, message } }
            }
        }
    }
}

impl From<domain::Denial> for Denial {
    fn from(denial: domain::Denial) -> Self {
        Self { gate: denial.gate.into(), reason: denial.reason, remedy: denial.remedy }
    }
}
