//! One host call of a guest: what it asked, and what it was answered.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use crate::call::Level;
use crate::denial::Denial;
use crate::exchange::SendFailureKind;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostCall {
    pub asked: Asked,
    pub answer: Answer,
}

/// What a guest can ask of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    Send(HttpRequest),
    SendAll(Vec<HttpRequest>),
    OpenSecret { name: String },
    Hmac { secret: String, algorithm: Mac, data: Bytes },
    Fingerprint { secret: String },
    Log { level: Level, message: String, fields: Vec<(String, String)> },
    Stdio { stream: Stream, text: Bytes },
    Config,
    Scopes,
    WallClock,
    MonotonicClock,
    Random { bytes: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, Bytes)>,
    pub body: Bytes,
    pub timeout_ms: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mac {
    HmacSha256,
    HmacSha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Out,
    Err,
}

/// What the host answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// There is nothing to say; the configuration and the scopes stand at the head of the cassette.
    Done,
    /// The call was over before there was an answer.
    Ended,
    /// One for each request, in order.
    Http(Vec<HttpAnswer>),
    Denied(Denial),
    /// What stands in for an authentication code, or random bytes.
    Bytes(Bytes),
    /// What stands in for a fingerprint.
    Text(String),
    /// Milliseconds since 1970 of the wall clock, nanoseconds since the call began of the other.
    Time(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HttpAnswer {
    Response { status: u16, headers: Vec<(String, Bytes)>, body: Bytes },
    Denied(Denial),
    Failed { kind: SendFailureKind, sent: bool, message: String },
}

impl Asked {
    /// What it is, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Send(request) => format!("http send {} {}", request.method, request.url),
            Self::SendAll(requests) => format!("http send-all of {} requests", requests.len()),
            Self::OpenSecret { name } => format!("secrets open {name}"),
            Self::Hmac { secret, .. } => format!("secrets hmac with {secret}"),
            Self::Fingerprint { secret } => format!("secrets fingerprint of {secret}"),
            Self::Log { message, .. } => format!("log {message:?}"),
            Self::Stdio { stream: Stream::Out, .. } => "a write to standard output".to_owned(),
            Self::Stdio { stream: Stream::Err, .. } => "a write to standard error".to_owned(),
            Self::Config => "profile config".to_owned(),
            Self::Scopes => "profile scopes".to_owned(),
            Self::WallClock => "the wall clock".to_owned(),
            Self::MonotonicClock => "the monotonic clock".to_owned(),
            Self::Random { bytes } => format!("{bytes} random bytes"),
        }
    }

    /// Bytes of what the guest handed over.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Send(request) => request.size(),
            Self::SendAll(requests) => requests.iter().map(HttpRequest::size).sum(),
            Self::OpenSecret { name } | Self::Fingerprint { secret: name } => name.len(),
            Self::Hmac { secret, data, .. } => secret.len() + data.0.len(),
            Self::Log { message, fields, .. } => {
                message.len() + fields.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>()
            }
            Self::Stdio { text, .. } => text.0.len(),
            Self::Config | Self::Scopes | Self::WallClock | Self::MonotonicClock | Self::Random { .. } => 0,
        }
    }
}

impl HttpRequest {
    fn size(&self) -> usize {
        64 + self.method.len() + self.url.len() + headers_size(&self.headers) + self.body.0.len()
    }

    /// The value of the first header of this name that is text.
    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_text())
    }
}

fn headers_size(headers: &[(String, Bytes)]) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.0.len() + 8).sum()
}

impl Answer {
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Done | Self::Ended | Self::Denied(_) | Self::Time(_) => 0,
            Self::Http(answers) => answers.iter().map(HttpAnswer::size).sum(),
            Self::Bytes(bytes) => bytes.0.len(),
            Self::Text(text) => text.len(),
        }
    }
}

impl HttpAnswer {
    fn size(&self) -> usize {
        64 + match self {
            Self::Response { headers, body, .. } => headers_size(headers) + body.0.len(),
            Self::Denied(denial) => denial.reason.len() + denial.remedy.len(),
            Self::Failed { message, .. } => message.len(),
        }
    }
}
