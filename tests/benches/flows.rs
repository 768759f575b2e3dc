//! What a flow costs: records per second with and without durability against the same job done natively, what a record
//! costs among few and among many flows, and the memory that a host needs while a million records pass.
//!
//! `cargo bench -p cli -p lockgate-tests --bench flows` prints the first two; `-- memory 1000000` the last.
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

#[path = "flows/ferry.rs"]
mod ferry;
#[path = "flows/native.rs"]
mod native;
#[path = "ratio.rs"]
mod ratio;

use lockgate::Engine;
use ratio::{head, row, timed};
use vendors::Depot;

use ferry::Ferry;
use native::Native;

const ROUNDS: usize = 5;
const RECORDS: u64 = 4_000;
/// How often the memory is looked at.
const STEPS: u64 = 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    // `cargo test --benches` only asks whether it can start.
    if words.iter().any(|word| word == "--test") {
        return;
    }
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match words.as_slice() {
        [memory, records] if memory == "memory" => {
            tokio.block_on(Box::pin(memory_of(records.parse().expect("a number of records"))));
        }
        _ => tokio.block_on(Box::pin(async {
            speed().await;
            many_flows().await;
        })),
    }
}

/// One record is one request here, as small as it can be: what is seen is the host.
async fn speed() {
    head();
    let rate = |rate: f64| format!("{rate:.0} records/s");
    for (name, engine) in [
        ("poll flow, in memory", None),
        ("poll flow, durable on sled", Some(Engine::Sled)),
        ("poll flow, durable on redb", Some(Engine::Redb)),
    ] {
        for (peer, sync) in [("native, a sync per batch", true), ("native, keeping nothing", false)] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                ours.push(in_the_sandbox(engine).await);
                theirs.push(natively(sync).await);
            }
            row(name, peer, rate, ours, theirs);
        }
    }
}

async fn in_the_sandbox(engine: Option<Engine>) -> f64 {
    let depot = Depot::start(true).await.unwrap();
    depot.offer(RECORDS);
    let ferry = Ferry::new(&depot, engine, 1, 25).await;
    let (delivered, took) = timed(ferry.run_all()).await;
    assert_eq!((delivered, depot.taken()), (RECORDS, RECORDS));
    delivered as f64 / took.as_secs_f64()
}

async fn natively(sync: bool) -> f64 {
    let depot = Depot::start(true).await.unwrap();
    depot.offer(RECORDS);
    let folder = tempfile::tempdir().unwrap();
    let native = Native::new(depot.url(), sync.then(|| folder.path().join("done")));
    let (delivered, took) = timed(native.run()).await;
    assert_eq!((delivered, depot.taken()), (RECORDS, RECORDS));
    delivered as f64 / took.as_secs_f64()
}

/// The same number of records through few flows and through many; every flow is a run of its own.
async fn many_flows() {
    println!("\n| flows | records of each | per record | runs and all |\n|---|---|---|---|");
    for (flows, each) in [(10_u64, 2_000_u64), (10_000, 2)] {
        let depot = Depot::start(true).await.unwrap();
        depot.offer(each);
        let ferry = Ferry::new(&depot, Some(Engine::Redb), flows, 25).await;
        let (delivered, took) = timed(ferry.run_all()).await;
        assert_eq!(delivered, flows * each);
        let each_us = took.as_secs_f64() * 1e6 / delivered as f64;
        println!("| {flows} | {each} | {each_us:.0} us | {:.1} s |", took.as_secs_f64());
    }
}

/// The vendor is in this process and keeps nothing of a record, so that what grows is the host.
async fn memory_of(records: u64) {
    let depot = Depot::start(true).await.unwrap();
    let ferry = Ferry::new(&depot, Some(Engine::Redb), 1, 250).await;
    println!("\n| records | resident memory | data folder | records/s |\n|---|---|---|---|");
    let mut passed = 0;
    for step in 1..=STEPS {
        depot.offer(records * step / STEPS);
        let (delivered, took) = timed(ferry.run_all()).await;
        passed += delivered;
        println!(
            "| {passed} | {} MiB | {} MiB | {:.0} |",
            rss_bytes() >> 20,
            ferry.folder_bytes() >> 20,
            delivered as f64 / took.as_secs_f64(),
        );
    }
    assert_eq!(passed, records);
}

/// From the kernel's own count.
fn rss_bytes() -> u64 {
    let counts = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = counts.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4_096
}
