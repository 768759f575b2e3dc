//! The one table: what the outcome of an exchange means for trying again.

use serde::{Deserialize, Serialize};
use wit::Meaning;

use crate::denial::Gate;
use crate::exchange::ExchangeOutcome;
use crate::failure_code::FailureCode;

/// | outcome | class | what is done |
/// |---|---|---|
/// | refused or reset before a byte was sent, DNS for the moment, time-out of the handshake | `transient_safe` | again, whatever the method |
/// | no answer after the request was sent, an answer that cannot be read | `transient` if the method is idempotent or a key is attached, or else `ambiguous` | again; or a dead letter |
/// | 408, 425, 500, 502, 503, 504, 507, 509, 520 to 524 and other 5xx | the same | the same |
/// | 429, and what a rule of the manifest calls so | `rate_limited` | a wait that uses up no attempt |
/// | 401, and what a rule calls so | `auth` | the run stops, the record waits |
/// | 409 | `conflict` | a dead letter |
/// | 400, 404, 405, 410, 413, 415, 422 and other 4xx | `data` | a dead letter |
/// | 403, 3xx, 501, 505, 506, 508, 510, no such name, certificate, denied by a gate | `permanent` | a dead letter |
/// | trap, limit, broken contract | `connector_fault` | once more, alone |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The request was not processed: any method may be tried again.
    TransientSafe,
    /// May work later, and doing it again does no more than doing it once.
    Transient,
    /// It may have been done, and doing it again could do it twice.
    Ambiguous,
    /// The remote asked to slow down.
    RateLimited,
    /// The credential is not accepted.
    Auth,
    Conflict,
    /// The remote does not take what it was given.
    Data,
    Permanent,
    /// The connector's own code did not come back.
    ConnectorFault,
    /// A refusal that a rule of the manifest calls as good as a success.
    Done,
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TransientSafe => "transient_safe",
            Self::Transient => "transient",
            Self::Ambiguous => "ambiguous",
            Self::RateLimited => "rate_limited",
            Self::Auth => "auth",
            Self::Conflict => "conflict",
            Self::Data => "data",
            Self::Permanent => "permanent",
            Self::ConnectorFault => "connector_fault",
            Self::Done => "done",
        }
    }

    /// None: it is good. `repeatable`: the method is idempotent, or the request carries a key.
    pub fn of(outcome: &ExchangeOutcome, repeatable: bool) -> Option<Self> {
        match outcome {
            ExchangeOutcome::Answered { status, .. } => Self::of_status(*status, repeatable),
            // Too much was under way or had been spent; every other gate says no for good.
            ExchangeOutcome::Denied { denial } if denial.gate == Gate::Budget => Some(Self::TransientSafe),
            ExchangeOutcome::Denied { .. } => Some(Self::Permanent),
            ExchangeOutcome::Failed { failure } => {
                Some(Self::of_failure(failure.code, failure.sent, repeatable))
            }
        }
    }

    /// None: it is good.
    pub fn of_status(status: u16, repeatable: bool) -> Option<Self> {
        Some(match status {
            200..300 | 304 => return None,
            401 => Self::Auth,
            403 => Self::Permanent,
            408 | 425 => Self::Transient.by_method(repeatable),
            409 => Self::Conflict,
            429 => Self::RateLimited,
            400..500 => Self::Data,
            501 | 505 | 506 | 508 | 510 | 511 => Self::Permanent,
            500..600 => Self::Transient.by_method(repeatable),
            _ => Self::Permanent,
        })
    }

    fn of_failure(code: FailureCode, sent: bool, repeatable: bool) -> Self {
        match code {
            FailureCode::NameNotFound | FailureCode::TlsFailed | FailureCode::NotBuilt => Self::Permanent,
            _ if !sent => Self::TransientSafe,
            // The same question has the same answer, but of a write nobody knows what it was.
            FailureCode::TooLarge | FailureCode::TooDense if repeatable => Self::Permanent,
            _ => Self::Transient.by_method(repeatable),
        }
    }

    /// What a rule of the manifest says of an answer.
    pub fn of_meaning(meaning: Meaning, repeatable: bool) -> Self {
        match meaning {
            Meaning::RateLimited => Self::RateLimited,
            Meaning::Auth => Self::Auth,
            Meaning::NotProcessed => Self::TransientSafe,
            Meaning::Transient => Self::Transient.by_method(repeatable),
            Meaning::Conflict => Self::Conflict,
            Meaning::Done => Self::Done,
            Meaning::Permanent => Self::Permanent,
        }
    }

    /// What may be true of a request that was sent is not known of one that must not be repeated.
    fn by_method(self, repeatable: bool) -> Self {
        if self == Self::Transient && !repeatable { Self::Ambiguous } else { self }
    }

    /// Whether the same request may be tried again.
    pub fn is_retried(self) -> bool {
        matches!(self, Self::TransientSafe | Self::Transient | Self::RateLimited)
    }

    /// Whether it says that the remote, or the way to it, does not work.
    pub fn is_outage(self) -> bool {
        matches!(self, Self::TransientSafe | Self::Transient | Self::Ambiguous)
    }
}

/// Whether doing it twice does no more than doing it once (RFC 9110, 9.2.2).
pub fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denial::Denial;
    use crate::exchange::SendFailure;

    fn failed(code: FailureCode, sent: bool, repeatable: bool) -> Option<Class> {
        Class::of(&ExchangeOutcome::Failed { failure: SendFailure::new(code, sent) }, repeatable)
    }

    #[test]
    fn a_status_has_its_class_and_the_method_decides_where_the_outcome_is_unknown() {
        for (statuses, keyed, bare) in [
            (&[200, 201, 202, 204, 299, 304][..], None, None),
            (
                &[408, 425, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524],
                Some(Class::Transient),
                Some(Class::Ambiguous),
            ),
            (&[429], Some(Class::RateLimited), Some(Class::RateLimited)),
            (&[401], Some(Class::Auth), Some(Class::Auth)),
            (&[403, 301, 302, 501, 505, 100, 999], Some(Class::Permanent), Some(Class::Permanent)),
            (&[409], Some(Class::Conflict), Some(Class::Conflict)),
            (&[400, 402, 404, 405, 410, 413, 415, 422, 499], Some(Class::Data), Some(Class::Data)),
        ] {
            for status in statuses {
                assert_eq!(Class::of_status(*status, true), keyed, "{status} repeatable");
                assert_eq!(Class::of_status(*status, false), bare, "{status} bare");
            }
        }
    }

    #[test]
    fn what_was_not_sent_is_tried_again_whatever_the_method() {
        for code in [
            FailureCode::ConnectFailed,
            FailureCode::ConnectTimeout,
            FailureCode::NameUnavailable,
            FailureCode::NameTimeout,
            FailureCode::TlsTimeout,
            FailureCode::ConnectionLost,
        ] {
            assert_eq!(failed(code, false, false), Some(Class::TransientSafe), "{code:?}");
        }
    }

    #[test]
    fn what_was_sent_and_not_answered_is_unknown_unless_it_may_be_repeated() {
        for code in [
            FailureCode::FirstByteTimeout,
            FailureCode::IdleTimeout,
            FailureCode::TotalTimeout,
            FailureCode::ConnectionLost,
            FailureCode::CutShort,
            FailureCode::BadHead,
            FailureCode::CallEnded,
        ] {
            assert_eq!(failed(code, true, false), Some(Class::Ambiguous), "{code:?}");
            assert_eq!(failed(code, true, true), Some(Class::Transient), "{code:?}");
        }
        assert_eq!(failed(FailureCode::TooLarge, true, true), Some(Class::Permanent));
        assert_eq!(failed(FailureCode::TooLarge, true, false), Some(Class::Ambiguous));
    }

    #[test]
    fn what_asking_again_cannot_change_is_permanent() {
        for code in [FailureCode::NameNotFound, FailureCode::TlsFailed, FailureCode::NotBuilt] {
            assert_eq!(failed(code, false, true), Some(Class::Permanent), "{code:?}");
        }
        let denied = |gate| Class::of(&ExchangeOutcome::Denied { denial: Denial::new(gate, "", "") }, true);
        assert_eq!(denied(Gate::Scope), Some(Class::Permanent));
        assert_eq!(denied(Gate::Budget), Some(Class::TransientSafe));
    }
}
