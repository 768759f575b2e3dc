//! The embeddable Lockgate host: upload a component, grant it little, call it, let flows move records through it.
//!
//! `Host` is built once in a process; `Host::tenant` gives a handle to everything that one tenant owns. Nothing
//! crosses from one handle to another. `examples/one_action.rs` is the shortest complete program.
#![warn(missing_docs)]

mod artefacts;
mod audit;
mod background;
mod builder;
mod calls;
mod canary;
mod check;
mod checks;
mod connectors;
mod consents;
mod dead_letters;
mod drift;
mod error;
mod errors_below;
mod events;
mod flow_versions;
mod flows;
mod gauges;
mod hooks;
mod host;
mod idempotency;
mod judgements;
mod keys;
mod logs;
mod plays;
mod policy;
mod profiles;
mod quotas;
mod recordings;
mod records;
mod rehearsals;
mod removal;
mod runs;
mod secrets;
mod signers;
mod system;
mod tenant;
mod tokens;
mod turns;
mod upkeep;
mod versions;

pub use artefacts::artefact_cache;
pub use audit::{Trail, Verdict, verify_folder};
pub use background::UpkeepOptions;
pub use builder::{Builder, Engine, Key};
pub use calls::Called;
pub use check::check_folder;
pub use checks::Refreshed;
pub use connectors::Uploaded;
pub use consents::{CALLBACK_PATH, Callback, Connect, Connected, Opened, START_PATH};
pub use dead_letters::{Replay, Replayed};
pub use error::{Error, Kind};
pub use events::{NewSubscription, Subscribed};
pub use flow_versions::{FlowChange, FlowStanding};
pub use flows::NewFlow;
pub use gauges::Gauges;
pub use hooks::{HookAnswer, HookRefused, HookRequest, KeepOld, MadeHook, NewHook, OpenHook};
pub use host::Host;
pub use idempotency::{Begun, Unfinished};
pub use judgements::{JudgedCassette, Judgements};
pub use keys::{Rotated, rotate_key};
pub use plays::Component;
pub use policy::{Explanation, Observed};
pub use profiles::{AuthChoice, NewProfile, TracingChange};
pub use quotas::Usage;
pub use records::{FOUND_MAX, Found, Where, Whereabouts};
pub use runs::RunsOf;
pub use secrets::check_secret;
pub use system::{OsRandomness, SystemClock};
pub use tenant::Tenant;
pub use tokens::{NewToken, Speaker, TokenFor};
pub use versions::{Update, UpdateState};

/// The words of the house: ids, rows and decisions.
pub use domain;
pub use domain::quota::Quotas;
/// Options of the rooms that an embedding program may tune.
pub use egress::{EgressOptions, SystemResolver};
/// What a test puts in the place of the network.
pub use egress::{EveryName, Network, NetworkFailure, Stream};
pub use logs::LogFilter;
pub use pipeline::Options as PipelineOptions;
pub use runtime::{AdmissionReport, CallReport, Compiler, Played, RuntimeOptions, run_if_compile_worker};
pub use store::{
    Answer, Checked, Counted, Kind as CommitKind, LogTail, Observer, Page, Point as CommitPoint, Problem,
};
pub use wit::Rate;
