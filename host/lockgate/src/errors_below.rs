//! From the errors of the rooms below to the one error of the host.

use auth::SchemeError;
use domain::call::{CallFailure, Fault};
use domain::grant::GrantError;
use domain::manifest::ConfigError;
use domain::quota::QuotaExceeded;
use domain::{Blame, InvalidId};
use egress::EgressError;
use pipeline::{NotReady, PipelineError};
use runtime::{Refused, RuntimeError};
use store::{KeyError, StoreError};

use crate::error::{Error, Kind};

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::new(Kind::Invalid, "invalid_name", error.to_string())
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(Kind::Invalid, "invalid_config", error.to_string())
    }
}

impl From<GrantError> for Error {
    fn from(error: GrantError) -> Self {
        Self::new(Kind::Refused, "grant_refused", error.to_string())
    }
}

impl From<SchemeError> for Error {
    fn from(error: SchemeError) -> Self {
        let code = match error {
            SchemeError::TooShort => "secret_too_short",
            _ => "invalid_credential",
        };
        Self::new(Kind::Invalid, code, error.to_string())
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::new(Kind::Refused, "key", error.to_string())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Conflict { .. } => Kind::Conflict,
            StoreError::TooLarge { .. } => Kind::TooLarge,
            StoreError::NotJson { .. } | StoreError::BadCursor | StoreError::SecretSize { .. } => {
                Kind::Invalid
            }
            StoreError::Key(_)
            | StoreError::OtherKey { .. }
            | StoreError::OtherEngine { .. }
            | StoreError::NoStore { .. }
            | StoreError::InUse { .. }
            | StoreError::SecretRolledBack { .. } => Kind::Refused,
            _ => Kind::Internal,
        };
        Self { kind, code: error.code(), blame: error.blame(), message: error.to_string(), until: None }
    }
}

impl From<QuotaExceeded> for Error {
    fn from(error: QuotaExceeded) -> Self {
        let kind = if error.quota.passes() { Kind::TooMany } else { Kind::OverQuota };
        Self::new(kind, "quota_exceeded", error.to_string())
    }
}

impl From<EgressError> for Error {
    fn from(error: EgressError) -> Self {
        let message = error.to_string();
        Self { kind: Kind::Internal, code: "egress", blame: Blame::Operator, message, until: None }
    }
}

impl From<RuntimeError> for Error {
    fn from(error: RuntimeError) -> Self {
        Self::new(Kind::Internal, "runtime", error.to_string())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let kind = match &refused {
            Refused::TooLarge { .. } => Kind::TooLarge,
            Refused::Host { .. } => Kind::Internal,
            Refused::Busy => Kind::Busy,
            Refused::Empty
            | Refused::Text
            | Refused::Precompiled
            | Refused::CoreModule
            | Refused::NotAComponent
            | Refused::Invalid { .. } => Kind::Invalid,
            _ => Kind::Refused,
        };
        Self { kind, code: refused.code(), blame: refused.blame(), message: refused.to_string(), until: None }
    }
}

impl From<CallFailure> for Error {
    fn from(failure: CallFailure) -> Self {
        let kind = if failure.fault == Fault::Host { Kind::Internal } else { Kind::Guest };
        Self { kind, code: failure.fault.code(), blame: failure.blame, message: failure.message, until: None }
    }
}

impl From<NotReady> for Error {
    fn from(reason: NotReady) -> Self {
        let kind = match reason {
            NotReady::Backoff { .. } => Kind::Dependency,
            _ if reason.blame() == Blame::Host => Kind::Internal,
            _ => Kind::Refused,
        };
        let until = match reason {
            NotReady::Backoff { until, .. } | NotReady::CircuitOpen { until, .. } => Some(until),
            _ => None,
        };
        Self { kind, code: reason.code(), blame: reason.blame(), message: reason.to_string(), until }
    }
}

impl From<PipelineError> for Error {
    fn from(error: PipelineError) -> Self {
        let kind = match error {
            PipelineError::Store(below) => return below.into(),
            PipelineError::UnknownFlow(_)
            | PipelineError::UnknownDeadLetter(_)
            | PipelineError::UnknownRun(_)
            | PipelineError::UnknownReplayJob(_) => Kind::NotFound,
            PipelineError::FlowDisabled(_)
            | PipelineError::EditRefused { .. }
            | PipelineError::CannotBegin { .. } => Kind::Refused,
            _ => Kind::Conflict,
        };
        Self { kind, code: error.code(), blame: error.blame(), message: error.to_string(), until: None }
    }
}
