//! The integration tests, in one binary: the house rules, the promises, the capabilities, the real counterpart.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests read the tree, and end at the first surprise"
)]

mod api;
mod bad_input;
mod capabilities;
mod contract;
mod counterpart;
mod faults;
mod flows;
mod harness;
mod hooks;
mod hostile;
mod house;
mod identity;
mod kit;
mod languages;
mod letters;
mod openapi;
mod operated;
mod profiles;
mod promises;
mod scopes;
mod signatures;
mod versions;
