//! The ground: words, rules and decisions. No I/O, no clock, no async.
//!
//! It must never open a file, a socket or a room above it: everything it needs is handed to it
//! (see `injected`), and everything it decides is a value.

pub mod audit;
pub mod blame;
pub mod call;
pub mod canary;
pub mod cassette;
pub mod compat;
pub mod connector;
pub mod consent;
pub mod dead_letter;
pub mod denial;
pub mod drift;
pub mod egress;
pub mod event;
pub mod exchange;
pub mod failure_code;
pub mod flow;
pub mod grant;
pub mod hook;
pub mod ids;
pub mod injected;
pub mod json;
pub mod log;
pub mod manifest;
pub mod oauth;
pub mod observation;
pub mod parts;
pub mod places;
pub mod profile;
pub mod quota;
pub mod replay_job;
pub mod retry;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod secret;
pub mod signing;
pub mod text;
pub mod token;
pub mod trace;

pub use blame::Blame;
pub use denial::{Denial, Gate};
pub use failure_code::FailureCode;
pub use ids::{
    CassetteId, ConnectorName, CorrelationId, DeadLetterId, Digest, DigestOf, EntryDigest, EventId, FlowName,
    HookId, InboxId, InvalidId, ProfileKey, ProfileName, RecordKey, ReplayJobId, RunId, ScopeName,
    SecretName, SubscriptionName, TenantId, TokenId,
};
pub use injected::{Artefacts, Clock, Credentials, Later, Randomness, Resolver, Timestamp};
pub use secret::Secret;
