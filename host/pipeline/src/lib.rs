//! The pipeline: trigger, run, delivery, dead letter.
//!
//! The river: a trigger makes a run (`trigger`, `schedule`, `replay`); the dispatcher leases free runs (`dispatch`,
//! `lease`); a run delivers what is due and reads pages until nothing is left (`work`). A page becomes parcels, marks and
//! the moved cursor in one commit (`page`, `take`); a batch goes through the mapping into the destination (`deliver`,
//! `inputs`, `judge`), and what became of each record is one commit as well (`settle`). Whatever ends leaves a row (`end`).
//!
//! Killed at any await, the next holder of the lease goes on from the last commit: nothing accepted is lost, and a record
//! that is delivered again has the key that it had before (`key`).
//!
//! It knows no HTTP and no wasm: it calls linked components through `runtime` (`connectors`) and keeps rows in `store`.

mod canary;
mod circuits;
mod connectors;
mod deliver;
mod dispatch;
mod drift;
mod end;
mod ends;
mod error;
mod health;
mod inputs;
mod judge;
mod key;
mod lease;
mod observe;
mod options;
mod outbox;
mod page;
mod pipeline;
mod ready;
mod replay;
mod room;
mod sandbox;
mod schedule;
mod settle;
mod take;
mod trace;
mod trigger;
mod work;

pub use circuits::Circuits;
pub use connectors::{Connectors, Prepared, Transform};
pub use error::PipelineError;
pub use options::Options;
pub use pipeline::Pipeline;
pub use ready::{NotReady, Ready};

#[cfg(test)]
mod tests;
