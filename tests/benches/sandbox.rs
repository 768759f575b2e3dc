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

use std::time::{Duration, Instant};

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
    println!("\n| measured | median | against | median | ratio |\n|---|---|---|---|---|");
    tokio.block_on(bare::compare());
    tokio.block_on(job::compare());
}

/// Runs both in turn, so that a change of the machine's speed meets both, and prints the medians and their ratio.
fn row(name: &str, peer: &str, unit: fn(f64) -> String, mut ours: Vec<f64>, mut theirs: Vec<f64>) {
    let mut ratios: Vec<_> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    let (ours, theirs, ratio) = (median(&mut ours), median(&mut theirs), median(&mut ratios));
    println!("| {name} | {} | {peer} | {} | {ratio:.2} |", unit(ours), unit(theirs));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn microseconds(duration: Duration, calls: u32) -> f64 {
    duration.as_secs_f64() * 1e6 / f64::from(calls)
}

async fn timed<F: Future>(work: F) -> (F::Output, Duration) {
    let began = Instant::now();
    let output = work.await;
    (output, began.elapsed())
}
