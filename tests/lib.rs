//! What tests, benchmarks and the crash harness share: components of the misbehaving guests, built by the build script, and
//! a data folder with much to do.

pub mod queue;

/// One constant a guest.
pub mod guests {
    include!(concat!(env!("OUT_DIR"), "/examples.rs"));
}

/// The Rust one of three connectors that do the same job.
pub mod connectors {
    include!(concat!(env!("OUT_DIR"), "/components.rs"));
}
