//! The import as generated, to the types of this module and back.

use super::{Failure, FailureKind, Parts, Response, SendError};
use crate::bindings::connector::lockgate::connector::http as import;

pub(super) fn send(parts: Parts) -> Result<Response, SendError> {
    import::send(&parts.into()).map(Response::from).map_err(SendError::from)
}

pub(super) fn send_all(parts: Vec<Parts>) -> Vec<Result<Response, SendError>> {
    let requests: Vec<import::Request> = parts.into_iter().map(import::Request::from).collect();
    import::send_all(&requests)
        .into_iter()
        .map(|result| result.map(Response::from).map_err(SendError::from))
        .collect()
}

impl From<Parts> for import::Request {
    fn from(Parts { method, url, headers, body, timeout_ms }: Parts) -> Self {
        Self { method, url, headers, body, timeout_ms }
    }
}

impl From<import::Response> for Response {
    fn from(import::Response { status, headers, body }: import::Response) -> Self {
        let mut received = Self::new(status).with_body(body);
        received.headers = headers;
        received
    }
}

impl From<import::HttpError> for SendError {
    fn from(error: import::HttpError) -> Self {
        match error {
            import::HttpError::Denied(denial) => Self::Denied(denial.into()),
            import::HttpError::Failed(import::Failure { kind, sent, message }) => {
                Self::Failed(Failure::new(kind.into(), sent, message))
            }
        }
    }
}

impl From<import::FailureKind> for FailureKind {
    fn from(kind: import::FailureKind) -> Self {
        match kind {
            import::FailureKind::Name => Self::Name,
            import::FailureKind::Connect => Self::Connect,
            import::FailureKind::Tls => Self::Tls,
            import::FailureKind::Timeout => Self::Timeout,
            import::FailureKind::TooLarge => Self::TooLarge,
            import::FailureKind::BadResponse => Self::BadResponse,
            import::FailureKind::Other => Self::Other,
        }
    }
}
