//! What a guest learns where there is no answer: the code of `wasi:http` that comes nearest, and never a text.

use domain::Gate;

use crate::bindings::http::{Failure, FailureKind, HttpError};
use crate::bindings::standard_http::{DnsErrorPayload, ErrorCode};

pub(super) fn code(error: &HttpError) -> ErrorCode {
    match error {
        HttpError::Denied(denial) if denial.gate == Gate::Address.as_str() => {
            ErrorCode::DestinationIpProhibited
        }
        HttpError::Denied(_) => ErrorCode::HttpRequestDenied,
        HttpError::Failed(failure) => of_failure(failure),
    }
}

fn of_failure(failure: &Failure) -> ErrorCode {
    match failure.kind {
        FailureKind::Name => ErrorCode::DnsError(DnsErrorPayload { rcode: None, info_code: None }),
        FailureKind::Connect => ErrorCode::ConnectionRefused,
        FailureKind::Tls => ErrorCode::TlsProtocolError,
        FailureKind::Timeout if failure.sent => ErrorCode::HttpResponseTimeout,
        FailureKind::Timeout => ErrorCode::ConnectionTimeout,
        FailureKind::TooLarge => ErrorCode::HttpResponseBodySize(None),
        FailureKind::BadResponse => ErrorCode::HttpProtocolError,
        FailureKind::Other if failure.sent => ErrorCode::ConnectionTerminated,
        FailureKind::Other => ErrorCode::InternalError(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Denial;

    #[test]
    fn a_denial_and_each_failure_have_a_code_and_no_text() {
        let denied = |gate: Gate| {
            let (gate, text) = (gate.as_str().to_owned(), String::from("x"));
            format!("{:?}", code(&HttpError::Denied(Denial { gate, reason: text.clone(), remedy: text })))
        };
        assert_eq!(denied(Gate::Address), "ErrorCode::DestinationIpProhibited");
        for gate in [Gate::Hosts, Gate::Scope, Gate::Headers, Gate::Budget, Gate::Credential] {
            assert_eq!(denied(gate), "ErrorCode::HttpRequestDenied");
        }
        let failed = |kind, sent| {
            format!("{:?}", code(&HttpError::Failed(Failure { kind, sent, message: "secret words".into() })))
        };
        assert_eq!(failed(FailureKind::Timeout, false), "ErrorCode::ConnectionTimeout");
        assert_eq!(failed(FailureKind::Timeout, true), "ErrorCode::HttpResponseTimeout");
        assert_eq!(failed(FailureKind::Other, false), "ErrorCode::InternalError(None)");
        for kind in [FailureKind::Name, FailureKind::Connect, FailureKind::Tls, FailureKind::TooLarge] {
            assert!(!failed(kind, true).contains("secret"));
        }
    }
}
