//! The sandbox: admits uploaded components, links them, and calls them under hard limits.
//!
//! The river: `Upload` (bytes of a plausible component) -> `Admitted` (counted, validated, its imports allowed, compiled
//! and described) -> `Linked` (ready to be called) -> one fresh instance for each call. Illegal order does not compile.
//!
//! Three lifetimes: the process (`engine`: one engine, one ticker, the linkers), the component (`Linked`), the call
//! (`state`: a store with one small state for each capability).
//!
//! It never opens a file or a socket, and starts no process but its own compile worker: requests go through `egress`, artefacts and credentials through what it is handed.

mod admit;
mod answer;
mod artefact;
mod bindings;
mod call;
mod capabilities;
mod census;
mod compile;
mod cpu;
mod deck;
mod engine;
mod exports;
mod failure;
mod gauges;
mod guest_log;
mod imports;
mod limits;
mod link;
mod linked;
mod options;
mod places;
mod play;
mod refused;
mod runtime;
mod state;
mod timers;
mod type_nesting;
mod upload;
mod validate;
mod wasi;

pub use admit::{AdmissionReport, Admitted, Kind};
pub use call::{CallFor, CallReport};
pub use compile::Compiler;
pub use compile::worker::{can_be_compile_worker, run_if_compile_worker};
pub use deck::{Playing, Taping};
pub use gauges::{Gauges, PoolGauges};
pub use linked::Linked;
pub use options::RuntimeOptions;
pub use play::{Patience, Played};
pub use refused::Refused;
pub use runtime::{Runtime, RuntimeError};
pub use upload::Upload;

#[cfg(test)]
mod tests;
