//! What the sandbox costs, as ratios within one run: a call against bare wasmtime, and the main job against the same
//! work done natively. The README says how it is run.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark measures the machine's time, and ends at the first surprise"
)]

mod bare;
mod job;
mod native;
mod ratio;

use ratio::{head, microseconds, row, timed};

fn main() {
    // `cargo test --benches` only asks whether it can start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    head();
    tokio.block_on(bare::compare());
    tokio.block_on(job::compare());
}
