//! Two sides of one comparison, measured in turn in one run, as a row of a table.

use std::time::{Duration, Instant};

/// The first lines of the table.
pub fn head() {
    println!("\n| measured | median | against | median | ratio |\n|---|---|---|---|---|");
}

/// Runs both in turn, so that a change of the machine's speed meets both, and prints the medians and their ratio.
pub fn row(name: &str, peer: &str, unit: fn(f64) -> String, mut ours: Vec<f64>, mut theirs: Vec<f64>) {
    let mut ratios: Vec<_> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    let (ours, theirs, ratio) = (median(&mut ours), median(&mut theirs), median(&mut ratios));
    println!("| {name} | {} | {peer} | {} | {ratio:.2} |", unit(ours), unit(theirs));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[allow(dead_code, reason = "each benchmark has a copy of this file and uses its own part")]
pub fn microseconds(duration: Duration, calls: u32) -> f64 {
    duration.as_secs_f64() * 1e6 / f64::from(calls)
}

pub async fn timed<F: Future>(work: F) -> (F::Output, Duration) {
    let began = Instant::now();
    let output = work.await;
    (output, began.elapsed())
}
