//! Functions that hostile bytes meet first, each as a target: a plain function over bytes that panics where something does
//! not hold that has to hold whatever the bytes are.
//!
//! `cargo test` runs every target over the seeds in `seeds/` and over a bounded number of their mutants, the same ones
//! every time. `tests/fuzz/run TARGET SECONDS` lets libFuzzer look for more, guided by coverage.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target says by a panic what does not hold"
)]

pub mod mutate;
mod targets;

pub use targets::TARGETS;

/// One function over bytes, and what it is begun with.
#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Panics where what has to hold does not.
    pub run: fn(&[u8]),
    /// Seeds that are made, besides those that are kept as files.
    pub made: fn() -> Vec<Vec<u8>>,
}

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// No seeds but the kept ones.
fn none_made() -> Vec<Vec<u8>> {
    Vec::new()
}
