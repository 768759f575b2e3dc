//! Whether and when to try again: decided from what the host saw on the wire, and from what the connector says, which may
//! only narrow it. Never from a text.
//!
//! An exchange has a class (`class`; `rules` reads what a manifest says of a system's answers, `asked` how long a remote
//! asked to wait). What the host saw of one record's requests (`seen`) and the connector's own word come to one class
//! and one action (`verdict`), within what a flow allows (`policy`). Two more things hold back, for each profile and
//! whoever calls: too many retries (`budget`) and a remote that is down (`breaker`).

pub mod asked;
mod breaker;
mod budget;
mod class;
mod keys;
mod policy;
mod rules;
mod seen;
mod verdict;
mod window;

pub use breaker::{Breaker, Pass, State};
pub use budget::Budget;
pub use class::{Class, is_idempotent};
pub use keys::KeyPlace;
pub use policy::{InvalidPolicy, RetryPolicy, Spent};
pub use rules::{Read, Rules};
pub use seen::{Saw, Seen, health};
pub use verdict::{Action, Case, Judged};
