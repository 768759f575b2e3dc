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

/// The same for one that callers send as well, with the case that holds unless they do.
macro_rules! mirror_both {
    ($(#[$doc:meta])* $name:ident of $from:ty, else $default:ident { $($(#[$case_doc:meta])* $case:ident),+ $(,)? }) => {
        mirror! { $(#[$doc])* $name of $from { $($(#[$case_doc])* $case),+ } }

        impl From<$name> for $from {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$case => Self::$case),+
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }
    };
}

mirror_both! {
    /// What becomes of the times at which the host could not run a flow.
    CatchUp of domain::schedule::CatchUp, else Once {
        /// One run makes up for all of them.
        Once,
        /// They are passed over.
        None,
        /// One run for each of them, one after the other: those of the last day.
        All,
    }
}

mirror_both! {
    /// Which records wait for which.
    Order of domain::flow::Order, else None {
        /// None for another: a record that fails holds back nobody.
        None,
        /// A record waits until the earlier ones with its order key have met their fate.
        PerKey,
        /// Every record waits for all earlier ones: one at a time.
        Strict,
    }
}

mirror_both! {
    /// What happens to a record that has no attempt left, or that none can help.
    OnSpent of domain::flow::OnSpent, else Bury {
        /// It becomes a dead letter, and the flow goes on.
        Bury,
        /// It stays where it is, and the flow stops until somebody resumes it.
        Pause,
    }
}

mirror_both! {
    /// What happens to the records that a run has not delivered by its deadline.
    OnDeadline of domain::flow::OnDeadline, else Keep {
        /// They wait for the next run.
        Keep,
        /// They become dead letters.
        Bury,
    }
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
    /// What became of a record in one attempt.
    Became of domain::log::Became {
        /// The destination has it.
        Delivered,
        /// The mapping dropped it.
        Skipped,
        /// It waits for its next attempt.
        Waiting,
        /// It gave up: it is a dead letter.
        Buried,
    }
}

mirror! {
    /// Where on its way a record was refused.
    Step of domain::dead_letter::Step {
        /// As the source gave it, it is not what that declares.
        Record,
        /// In the mapping.
        Mapping,
        /// Mapped, it is not what the destination's action takes.
        Input,
        /// At the destination.
        Delivery,
    }
}

mirror! {
    /// Where a replay of many dead letters stands.
    JobState of domain::replay_job::JobState {
        /// It goes on.
        Running,
        /// Every letter of it has been sent or refused.
        Done,
        /// Somebody ended it.
        Cancelled,
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

mirror_both! {
    /// What becomes of a record that is not as its connector declares it.
    OnDrift of domain::flow::OnDrift, else Park {
        /// It is parked as a dead letter, before the mapping sees it.
        Park,
        /// It goes on as if it were as declared.
        Report,
    }
}

mirror! {
    /// Why a profile is not active.
    StatusReason of domain::profile::Reason {
        /// Disabled by a person.
        Paused,
        CredentialMissing,
        /// A person is handing over the credential at the remote.
        HandoffPending,
        /// Nobody finished handing it over in time.
        HandoffExpired,
        GrantMissing,
        NeverChecked,
        /// The credential's own date has passed.
        AuthExpired,
        /// The remote refuses the credential.
        AuthRevoked,
        /// What was granted does not cover what is asked.
        ScopeMissing,
        #[serde(rename = "upstream_5xx")]
        Upstream5xx,
        /// No connection, no name, no certificate, no answer in time.
        Network,
        /// A gate refused the way out.
        EgressDenied,
        /// The connector's own code broke, or ran into a limit.
        ConnectorTrap,
    }
}

mirror! {
    /// Why a subscription is not enabled.
    DisabledBecause of domain::event::DisabledBecause {
        /// No delivery succeeded for days.
        Failing,
        /// It answered that it is gone (410).
        Gone,
    }
}

/// How far an event is on its way to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryWord {
    Waiting,
    Delivered,
    Failed,
}

mirror! {
    /// How a credential ages.
    CredentialAge of domain::profile::Age {
        Fresh,
        /// Somebody should replace it.
        Due,
        /// It has ended, or it was due for too long.
        Overdue,
    }
}

mirror! {
    /// Why a run began.
    Cause of domain::run::Cause {
        Manual,
        Schedule,
        Replay,
        /// Events that a system sent.
        Webhook,
    }
}

mirror! {
    /// Where a run stands.
    RunStatus of domain::run::RunStatus {
        Queued,
        Running,
        /// It waits at its checkpoint, and nobody works on it.
        Suspended,
        Succeeded,
        /// It ended, and some records are dead letters.
        Partial,
        Failed,
        /// A profile that it needs is disabled or not ready.
        Blocked,
        /// Somebody stopped it. What was accepted waits for the next run.
        Cancelled,
    }
}

impl RunStatus {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Suspended)
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
