//! Durable state: one committer, three back-ends, sealed secrets, content-addressed files.
//!
//! A write is a [`Commit`]: preconditions and puts that happen together or not at all, acknowledged only when
//! they are on the disk. A read is a plain function that never waits for a write. Nothing here knows what a
//! row means beyond its table, and no row is served whose check is wrong.

mod audit;
mod backend;
mod change;
mod check;
mod cipher;
mod commit;
mod committer;
#[cfg(test)]
mod contract;
mod encoding;
mod envelope;
mod error;
mod files;
mod key;
mod keys;
mod marker;
mod newest;
mod observe;
mod open;
mod page;
mod read;
mod root;
mod rotate;
mod seal;
mod store;
pub mod tables;

pub use change::Change;
pub use check::{Checked, Problem};
pub use commit::{Commit, Expect, ROW_BYTES_MAX, Versioned};
pub use error::StoreError;
pub use files::{COMPONENT_BYTES_MAX, artefacts::ArtefactFiles};
pub use key::{KeyEncryptionKey, KeyError};
pub use observe::{Kind, Observer, Point};
pub use open::{Engine, Place, StoreOptions, key_for};
pub use page::{PAGE_ITEMS_MAX, Page, Paging};
pub use rotate::{Rotated, check_key, rotate_key};
pub use seal::{OpenedSecret, Purpose, SECRET_BYTES_MAX, Seal};
pub use store::Store;
pub use tables::{
    Answer, Answers, Audit, Cassettes, Connectors, Counted, DeadLetters, Drifts, DueFlow, DueFlows,
    EventFilter, Events, FlowStates, Flows, HandOffs, HeldComponents, Holdings, Hooks, Inbox, KeptAnswer,
    LogFilter, LogTail, Logs, Observations, Outbox, Profiles, ReplayJobs, RunPlaces, Runs, Secrets,
    SeenRecords, Signers, Sleeper, Subscriptions, Tenant, Tenants, TokenLeases, Tokens, Trials,
};
