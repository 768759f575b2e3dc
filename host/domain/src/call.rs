//! One call into a component: what it was, how it ended, what it left behind.

use serde::{Deserialize, Serialize};

use crate::blame::Blame;
use crate::denial::Denial;
use crate::injected::Timestamp;

/// Hard bounds on one call. Whatever exceeds one ends the call, never the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Wall-clock time of the whole call, waiting included.
    pub wall_ms: u64,
    /// Time that guest code may run, waiting excluded.
    pub cpu_ms: u64,
    /// Linear memory, summed over all memories of the component.
    pub memory_bytes: usize,
    /// Table elements, summed over all tables.
    pub table_elements: usize,
    /// Live resource handles.
    pub handles: usize,
    /// Bytes that one host call may copy out of the guest.
    pub host_call_bytes: usize,
    /// HTTP requests.
    pub requests: u32,
    /// Decoded bytes of one response.
    pub response_bytes: usize,
    /// Bytes of one request.
    pub request_bytes: usize,
    /// Bytes of all its requests together.
    #[serde(default = "sent_bytes_default")]
    pub sent_bytes: u64,
    /// Decoded bytes of all responses together. Requests that are under way at once are judged before their answers
    /// are known, so the last ones may go beyond it.
    #[serde(default = "received_bytes_default")]
    pub received_bytes: u64,
    pub log_lines: u32,
    pub log_bytes: usize,
    /// Bytes of what the call returns, JSON texts summed.
    pub output_bytes: usize,
}

const fn sent_bytes_default() -> u64 {
    128 << 20
}

const fn received_bytes_default() -> u64 {
    512 << 20
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 30_000,
            cpu_ms: 5_000,
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            handles: 1_000,
            host_call_bytes: 8 << 20,
            requests: 1_000,
            response_bytes: 8 << 20,
            request_bytes: 1 << 20,
            sent_bytes: sent_bytes_default(),
            received_bytes: received_bytes_default(),
            log_lines: 256,
            log_bytes: 64 << 10,
            output_bytes: 16 << 20,
        }
    }
}

/// What a connector answers when something did not work: the cases of the WIT `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum GuestError {
    Invalid(String),
    AuthRequired(String),
    NotFound(String),
    Conflict(String),
    RateLimited { wait_ms: Option<u64> },
    Denied(Denial),
    Transient(String),
    Ambiguous(String),
    Permanent(String),
}

impl GuestError {
    /// The stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::AuthRequired(_) => "auth_required",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::RateLimited { .. } => "rate_limited",
            Self::Denied(_) => "denied",
            Self::Transient(_) => "transient",
            Self::Ambiguous(_) => "ambiguous",
            Self::Permanent(_) => "permanent",
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Denied(_) | Self::AuthRequired(_) => Blame::Operator,
            Self::Invalid(_) => Blame::Guest,
            _ => Blame::Remote,
        }
    }

    pub fn message(&self) -> String {
        match self {
            Self::Invalid(text)
            | Self::AuthRequired(text)
            | Self::NotFound(text)
            | Self::Conflict(text)
            | Self::Transient(text)
            | Self::Ambiguous(text)
            | Self::Permanent(text) => text.clone(),
            Self::RateLimited { wait_ms: Some(ms) } => format!("the remote asked to wait {ms} ms"),
            Self::RateLimited { wait_ms: None } => "the remote asked to slow down".to_owned(),
            Self::Denied(denial) => denial.to_string(),
        }
    }
}

/// How a call ended that did not return. The store of such a call is discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The guest trapped: a panic, an invalid access, a broken value.
    Trap,
    /// The guest's code ran for too long.
    CpuLimit,
    /// The call took too long, waiting included.
    WallLimit,
    MemoryLimit,
    TableLimit,
    HandleLimit,
    StackLimit,
    /// It returned more than it may.
    OutputLimit,
    /// It returned something that breaks the contract: another count of results, text that is not JSON.
    BrokenContract,
    /// It has no such export.
    NotOffered,
    /// The host could not do its part.
    Host,
}

impl Fault {
    pub fn code(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::CpuLimit => "cpu_limit",
            Self::WallLimit => "wall_limit",
            Self::MemoryLimit => "memory_limit",
            Self::TableLimit => "table_limit",
            Self::HandleLimit => "handle_limit",
            Self::StackLimit => "stack_limit",
            Self::OutputLimit => "output_limit",
            Self::BrokenContract => "broken_contract",
            Self::NotOffered => "not_offered",
            Self::Host => "host",
        }
    }
}

/// A call that did not return, for people and for the run record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct CallFailure {
    pub fault: Fault,
    pub blame: Blame,
    pub message: String,
}

impl CallFailure {
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        let blame = if fault == Fault::Host { Blame::Host } else { Blame::Guest };
        Self { fault, blame, message: message.into() }
    }
}

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub wall_us: u64,
    pub memory_bytes: usize,
    pub requests: u32,
    pub denied: u32,
}

/// A line that the guest logged, bounded and sanitised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: Level,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// One input of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The idempotency key.
    pub key: String,
    /// JSON text.
    pub body: String,
}

/// One page of a poll, as the guest gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub records: Vec<PolledRecord>,
    pub next: Option<String>,
    pub more: bool,
}

/// One record of a page; its body is JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolledRecord {
    pub key: String,
    pub body: String,
}

/// A webhook whose signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}
