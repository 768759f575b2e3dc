//! The test host of connector authors: the real host, with a programmable vendor in place of the network.
//!
//! [`Stand::open`] admits a component into a host in memory; [`Stand::test`] runs the tests of a file; [`conformance`] asks
//! what every connector has to do, whatever it is for, and answers with one [`Verdict`] for each check. Nothing waits
//! and nothing is random: slow answers are told to the host as such, clock and chance are the stand's own.
//!
//! It must never open a socket: the only network that it gives to a host is the vendor.

mod checks;
mod keys;
mod line;
mod material;
mod profile;
mod report;
mod stand;
mod testing;
mod time;

pub use checks::{CHECKS, Check, conformance};
pub use report::{Report, State, Verdict};
pub use stand::{Admission, Options, Ran, Stand, Unready};
pub use testing::tests;
