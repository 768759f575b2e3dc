//! The words that programs decide by, as the API spells them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An enum of the API beside the one it mirrors: a case added below does not compile until it is added here.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident of $from:ty { $($(#[$case_doc:meta])* $case:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$case_doc])* $case),+
        }

        impl From<$from> for $name {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$case => Self::$case),+
                }
            }
        }

        impl $name {
            /// The word as it is written.
            pub fn word(self) -> String {
                match serde_json::to_value(self) {
                    Ok(serde_json::Value::String(word)) => word,
                    _ => String::new(),
                }
            }
        }
    };
}

mirror! {
    /// Who has to act on a failure.
    Blame of domain::Blame {
        /// The connector's code.
        Guest,
        /// Lockgate or its machine.
        Host,
        /// The system at the other end.
        Remote,
        /// Configuration, credentials or policy.
        Operator,
    }
}

mirror! {
    /// How a profile fares.
    Status of domain::profile::Status {
        /// The credential is there and the last calls succeeded.
        Active,
        /// The credential is refused or the last calls failed.
        Degraded,
        /// Paused on purpose.
        Disabled,
        /// The credential or the grant is missing, or it has never been checked.
        Pending,
    }
}

mirror! {
    /// What a difference from a declaration means.
    Severity of domain::drift::Severity {
        /// There is something more.
        Additive,
        /// Something is not as declared.
        Breaking,
    }
}

mirror! {
    /// What becomes of a record that is not as its connector declares it.
    OnDrift of domain::flow::OnDrift {
        /// It is parked as a dead letter, before the mapping sees it.
        Park,
        /// It goes on as if it were as declared.
        Report,
    }
}

mirror! {
    /// Why a run began.
    Cause of domain::run::Cause { Manual, Schedule, Replay, Webhook }
}

mirror! {
    /// Where a run stands.
    RunStatus of domain::run::RunStatus {
        Queued,
        Running,
        Succeeded,
        /// It ended, and some records are dead letters.
        Partial,
        Failed,
        /// A profile that it needs is disabled or not ready.
        Blocked,
    }
}

impl RunStatus {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

mirror! {
    /// The gates of the egress policy, in the order in which they judge.
    Gate of domain::Gate {
        Capability,
        Normalise,
        Scheme,
        Ceiling,
        Hosts,
        Scope,
        Headers,
        Budget,
        Address,
        Credential,
    }
}

mirror! {
    /// How a request failed on the wire.
    SendFailureKind of domain::exchange::SendFailureKind {
        Name,
        Connect,
        Tls,
        Timeout,
        TooLarge,
        BadResponse,
        Other,
    }
}

mirror! {
    /// What went wrong on the wire, one code for each cause.
    FailureCode of domain::FailureCode {
        NameNotFound,
        NameUnavailable,
        NameTimeout,
        ConnectFailed,
        ConnectTimeout,
        TlsFailed,
        TlsTimeout,
        FirstByteTimeout,
        IdleTimeout,
        TotalTimeout,
        CallEnded,
        TooLarge,
        TooDense,
        BadHead,
        HeadTooLarge,
        TooManyInterim,
        ProtocolSwitch,
        ConflictingFraming,
        BadFraming,
        CutShort,
        UnknownEncoding,
        BadEncoding,
        ProxyAnswer,
        ConnectionLost,
        TokenUnavailable,
        NotBuilt,
        Other,
    }
}

mirror! {
    /// What is wrong with an entry of the audit trail.
    AuditWrong of domain::audit::Wrong {
        Edited,
        Missing,
        OutOfOrder,
        BeyondHead,
        HeadDoesNotFit,
        NotAsNoted,
        RolledBack,
    }
}

mirror! {
    /// How much a line of a log matters.
    Level of domain::call::Level { Debug, Info, Warn, Error }
}

mirror! {
    /// Whether an action changes the remote.
    Effect of wit::Effect { Read, Write }
}

mirror! {
    /// How a request of a connector changed from one version to another.
    Direction of domain::consent::Direction { Added, Widened, Narrowed, Removed }
}

mirror! {
    /// What kind of thing a connector asks for.
    Subject of domain::consent::Subject { Host, Scope, Secret, Auth, Capability }
}
