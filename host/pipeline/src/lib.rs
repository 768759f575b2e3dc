//! The pipeline: trigger, run, delivery, dead letter.
//!
//! The river: a trigger makes a run (`trigger`, `schedule`, `replay`); the dispatcher leases free runs (`dispatch`,
//! `lease`); a run delivers what is due and reads pages until nothing is left (`work`). A page becomes parcels, marks and
//! the moved cursor in one commit (`page`, `take`); a batch goes through the mapping into the destination (`deliver`,
//! `inputs`, `judge`), and what became of each record is one commit as well (`settle`). Whatever ends leaves a row (`end`).
//!
//! Events that systems send are taken into an inbox first (`inbox`); a run makes records of them in one commit (`receive`),
//! and what it cannot read keeps what arrived (`unread`).
//!
//! Killed at any await, the next holder of the lease goes on from the last commit: nothing accepted is lost, and a record
//! that is delivered again has the key that it had before (`key`).
//!
//! It knows no HTTP and no wasm: it calls linked components through `runtime` (`connectors`) and keeps rows in `store`.

mod canary;
mod cancel;
mod cassettes;
mod circuits;
mod connectors;
mod dead_letters;
mod deliver;
mod dispatch;
mod drift;
mod end;
mod ends;
mod error;
mod evidence;
mod flight;
mod health;
mod hold;
mod inbox;
mod inputs;
mod judge;
mod key;
mod lease;
mod observe;
mod options;
mod outbox;
mod page;
mod parcels;
mod pipeline;
mod prune;
mod ready;
mod receive;
mod relook;
mod replay;
mod replay_jobs;
mod resume;
mod room;
mod sandbox;
mod schedule;
mod scopes;
mod settle;
mod take;
mod trace;
mod trigger;
mod unread;
mod work;

pub use circuits::Circuits;
pub use connectors::{Connectors, Prepared, Transform};
pub use error::PipelineError;
pub use inbox::{Arrival, Taken};
pub use options::Options;
pub use pipeline::Pipeline;
pub use ready::{NotReady, Ready};
pub use replay::How;
pub use replay_jobs::NewReplayJob;
pub use scopes::granted as scopes_granted;

#[cfg(test)]
mod tests;
