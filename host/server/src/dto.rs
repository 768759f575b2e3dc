//! The shapes of the API: what is sent and what is answered. They are not the rows of the store, so that either can
//! change without the other.
//!
//! What a caller sends refuses unknown fields; what the host answers may gain fields.

mod audit;
mod authorisation;
mod call;
mod canary;
mod cassette;
mod connector;
mod dead_letter;
mod delivery;
mod drift;
mod event;
mod exchange;
mod flow;
mod hook;
mod judgement;
mod log;
mod page;
mod policy;
mod profile;
mod quota;
mod record;
mod replay;
mod run;
mod schedule;
mod signers;
mod standing;
mod token;
mod version;
mod words;

pub use audit::{AuditBreak, AuditEntry, AuditSubject, AuditVerdict};
pub use authorisation::{Authorisation, Connect};
pub use call::{CallError, CallInputs, CallResult, Called, Checked, Usage};
pub use canary::{Canary, NewCanary, Tally};
pub use cassette::{KeptCassette, NewRecording, Recording, RecordingWanted};
pub use connector::{
    Action, Admission, AuthScheme, Connector, ConnectorManifest, ConnectorSummary, Example, HostInput, Rate,
    Rule, Scope, SmallStep, Trigger, Uploaded,
};
pub use dead_letter::{
    DeadLetter, DeadLetterState, DeadLetterSummary, Edited, NewBody, NewDiscard, SentEvent,
};
pub use delivery::{Delivery, Retry};
pub use drift::{Drift, Drifted};
pub use event::{Event, EventAnswer, EventDelivery, NewSubscription, Subscription, SubscriptionMade};
pub use exchange::{Denial, Exchange, ExchangeOutcome, Header, SendFailure};
pub use flow::{Destination, Flow, FlowChange, FlowStanding, FlowUpdated, Mapping, NewFlow, Paused, Source};
pub use hook::{Hook, HookMade, HookRefusal, HookSample, HookShown, HookTested, NewHook, NewHookSecret};
pub use judgement::{Difference, JudgedCassette, JudgedTally, Judgements, NewJudgement};
pub use log::{LogEntry, LogEvent, LogLine, Settled};
pub use page::Page;
pub use policy::{
    Explanation, NewExplanation, NewHeader, NewObservation, Proposal, ProposedHost, ProposedScope, Tried,
    Verdict, VerdictWord,
};
pub use profile::{
    Auth, ConnectorRef, CredentialPart, CredentialValue, HostRight, NewAuth, NewProfile, NewTracing, Outcome,
    Profile, ProfileSummary, Rights, ScopeRight, SecretHeld, SecretValue, Tracing,
};
pub use quota::QuotaUsage;
pub use record::{FoundRecord, FoundRecords, RecordPlace};
pub use replay::{NewReplay, ReplayJob, ReplayPlan, Replayed};
pub use run::{Attempt, Counts, Failure, Pins, Run, Suspension};
pub use schedule::Schedule;
pub use signers::Signers;
pub use standing::{CredentialLife, StatusChange};
pub use token::{NewToken, NewTokenMade, Role, Token, Whoami};
pub use version::{Change, Consent, Diff, Update, UpdateState, Upgrade};
pub use words::{
    AuditWrong, Became, Blame, CatchUp, Cause, CredentialAge, DeliveryWord, Direction, DisabledBecause,
    Effect, FailureCode, Gate, JobState, Level, OnDeadline, OnDrift, OnSpent, Order, RunStatus,
    SendFailureKind, Severity, Status, StatusReason, Step, Subject,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The host answers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The version of the host.
    pub version: String,
}
