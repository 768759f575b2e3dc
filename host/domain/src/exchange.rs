//! One request with its response, as it may be kept: redacted.

use serde::{Deserialize, Serialize};

use crate::denial::Denial;
use crate::egress::{Permit, Request, Wire, redact};
use crate::failure_code::FailureCode;
use crate::injected::Timestamp;
use crate::retry::{Class, Read, is_idempotent};
use crate::text::inert;

/// A row of the tenant's log: every request that a connector made or tried, denied ones included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub at: Timestamp,
    pub method: String,
    /// Without credentials: injected query parameters are masked.
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Vec<(String, String)>,
    pub request_bytes: usize,
    /// The scope whose rule allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    pub outcome: ExchangeOutcome,
    pub duration_ms: u64,
    /// What the outcome means for trying again; none: it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// How long the remote asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_ms: Option<u64>,
    /// The key by which the remote recognises a repetition, where the action declares its place and it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The beginning of the request's body, redacted; none where bodies are not kept or it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_excerpt: Option<String>,
    /// The same of the answer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_excerpt: Option<String>,
    /// Under which the remote knows the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_request_id: Option<String>,
}

/// Headers in which remotes name a request, in the order in which they are believed.
const REQUEST_ID_HEADERS: [&str; 9] = [
    "request-id",
    "x-request-id",
    "intuit_tid",
    "x-hubspot-correlation-id",
    "paypal-debug-id",
    "x-amzn-requestid",
    "x-message-id",
    "x-correlation-id",
    "cf-ray",
];
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The name that the remote gave to a request, from the headers of its answer.
pub fn remote_request_id(headers: &[(String, Vec<u8>)]) -> Option<String> {
    let value = |wanted: &str| {
        let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        let text = std::str::from_utf8(value).ok().filter(|text| !text.trim().is_empty())?;
        Some(inert(text.trim(), REQUEST_ID_BYTES_MAX))
    };
    REQUEST_ID_HEADERS.into_iter().find_map(value)
}

impl Exchange {
    /// The method and the redacted URL.
    pub fn request_line(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    /// The status of the answer, where there is one.
    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            ExchangeOutcome::Answered { status, .. } => Some(status),
            ExchangeOutcome::Denied { .. } | ExchangeOutcome::Failed { .. } => None,
        }
    }

    /// Whether this text, as an idempotency key that is no secret, stands in what was sent.
    pub fn carries(&self, key: &str) -> bool {
        let in_headers = || self.request_headers.iter().any(|(_, value)| value.contains(key));
        let in_body = || self.request_excerpt.as_ref().is_some_and(|body| body.contains(key));
        !key.is_empty() && (self.url.contains(key) || in_headers() || in_body())
    }

    /// Keeps no more of either body than this, so that a long log stays small.
    #[must_use]
    pub fn cut(mut self, bytes_max: usize) -> Self {
        for excerpt in [&mut self.request_excerpt, &mut self.response_excerpt].into_iter().flatten() {
            if excerpt.len() > bytes_max {
                *excerpt = inert(excerpt, bytes_max);
            }
        }
        self
    }

    /// The row of a request that a gate refused; nothing was sent.
    pub fn denied(at: Timestamp, request: impl Into<Outline>, denial: Denial) -> Self {
        let Outline { method, url, headers, request_bytes } = request.into();
        let outcome = ExchangeOutcome::Denied { denial };
        Self {
            at,
            method,
            url,
            request_headers: headers,
            request_bytes,
            scope: None,
            outcome,
            duration_ms: 0,
            class: None,
            asked_ms: None,
            key: None,
            request_excerpt: None,
            response_excerpt: None,
            remote_request_id: None,
        }
    }

    /// The row of a request that passed the gates, however it ended.
    pub fn permitted(
        at: Timestamp,
        permit: &Permit<Wire>,
        outcome: ExchangeOutcome,
        duration_ms: u64,
    ) -> Self {
        Self {
            at,
            method: permit.method().as_str().to_owned(),
            url: redact::url(permit.url(), &permit.policy().credential_queries()),
            request_headers: redact::headers(permit.headers(), None),
            request_bytes: permit.body_bytes(),
            scope: Some(permit.scope().as_str().to_owned()),
            outcome,
            duration_ms,
            class: None,
            asked_ms: None,
            key: None,
            request_excerpt: None,
            response_excerpt: None,
            remote_request_id: None,
        }
    }
}

impl Exchange {
    /// Adds what the outcome means. `read`: what the answer says of itself, where there is one.
    #[must_use]
    pub fn judged(self, key: Option<String>, read: Option<Read>) -> Self {
        let repeatable = key.is_some() || is_idempotent(&self.method);
        let class = match read {
            Some(read) => read.class,
            None => Class::of(&self.outcome, repeatable),
        };
        Self { class, asked_ms: read.and_then(|read| read.asked_ms), key, ..self }
    }
}

/// What the log keeps of a request that has not been judged yet, so that the request itself can be given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    request_bytes: usize,
}

impl From<&Request> for Outline {
    fn from(request: &Request) -> Self {
        Self {
            method: redact::method(&request.method),
            url: redact::raw_url(&request.url),
            headers: redact::headers(&request.headers, None),
            request_bytes: request.body.len(),
        }
    }
}

impl ExchangeOutcome {
    /// The remote answered; sensitive header values are masked.
    pub fn answered(status: u16, headers: &[(String, Vec<u8>)], response_bytes: usize) -> Self {
        Self::Answered { status, headers: redact::headers(headers, None), response_bytes }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExchangeOutcome {
    Answered { status: u16, headers: Vec<(String, String)>, response_bytes: usize },
    Denied { denial: Denial },
    Failed { failure: SendFailure },
}

/// How an exchange failed on the wire. Coarse: it tells a guest nothing of the host's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct SendFailure {
    /// What the guest learns.
    pub kind: SendFailureKind,
    /// What the log keeps beside it.
    #[serde(default)]
    pub code: FailureCode,
    /// Whether the remote may have received the request.
    pub sent: bool,
    pub message: String,
}

impl SendFailure {
    /// The text follows from the code: no word of the system, of a library or of the remote gets into it.
    pub fn new(code: FailureCode, sent: bool) -> Self {
        Self { kind: code.kind(), code, sent, message: code.message().to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendFailureKind {
    Name,
    Connect,
    Tls,
    Timeout,
    TooLarge,
    BadResponse,
    Other,
}
