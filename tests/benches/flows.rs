//! What a flow costs: records per second from a poll and from webhooks, with and without durability, against the same
//! jobs done natively; what a record costs among few and among many flows; and the memory that a host needs while a
//! million records pass.
//!
//! `cargo bench -p cli -p lockgate-tests --bench flows` prints the tables of the README but the last, which is
//! `-- memory 1000000`. `-- poll`, `-- webhooks` and `-- many` print one of them; `--smoke` makes each of them small.
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

#[path = "flows/contest.rs"]
mod contest;
#[path = "flows/ferry.rs"]
mod ferry;
#[path = "flows/gate.rs"]
mod gate;
#[path = "flows/kept.rs"]
mod kept;
#[path = "flows/native.rs"]
mod native;
#[path = "flows/sender.rs"]
mod sender;

use std::time::Instant;

use lockgate::Engine;
use vendors::Depot;

use contest::{Contender, Contest};
use ferry::Ferry;
use gate::Gate;
use native::Native;
use sender::Sender;

const BATCH: u32 = 25;
/// How often the memory is looked at.
const STEPS: u64 = 10;

/// How much is measured.
struct Size {
    rounds: usize,
    records: u64,
    /// Fewer than a tenant may be sent at once.
    events: u64,
    flows_few: u64,
    flows_many: u64,
}

const FULL: Size = Size { rounds: 5, records: 3_000, events: 3_000, flows_few: 10, flows_many: 10_000 };
const SMOKE: Size = Size { rounds: 1, records: 200, events: 200, flows_few: 2, flows_many: 100 };

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    // `cargo test --benches` only asks whether it can start.
    if words.iter().any(|word| word == "--test") {
        return;
    }
    let size = if words.iter().any(|word| word == "--smoke") { &SMOKE } else { &FULL };
    words.retain(|word| word != "--smoke");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    tokio.block_on(Box::pin(async {
        match words[..] {
            ["memory", records] => memory_of(records.parse().expect("a number of records")).await,
            ["poll"] => poll(size).await,
            ["webhooks"] => webhooks(size).await,
            ["many"] => many_flows(size).await,
            [] => {
                poll(size).await;
                webhooks(size).await;
                many_flows(size).await;
            }
            _ => panic!("poll, webhooks, many or memory N, each with --smoke if wanted"),
        }
    }));
}

/// One record is one request here, as small as it can be: what is seen is the host.
async fn poll(size: &Size) {
    let mut contest = Contest::new("poll to delivery");
    for _ in 0..size.rounds {
        for contender in Contender::ALL {
            let depot = Depot::start(true).await.unwrap();
            depot.offer(size.records);
            let (delivered, took) = match contender {
                Contender::Memory | Contender::Sled | Contender::Redb => {
                    let ferry = Ferry::new(&depot, contender.engine(), 1, BATCH).await;
                    let began = Instant::now();
                    let delivered = ferry.run_all().await;
                    let took = began.elapsed();
                    ferry.end().await;
                    (delivered, took)
                }
                Contender::Synced | Contender::Nothing => {
                    let folder = tempfile::tempdir().unwrap();
                    let file = folder.path().join("done");
                    let native = Native::new(depot.url(), (contender == Contender::Synced).then_some(file));
                    let began = Instant::now();
                    (native.run().await, began.elapsed())
                }
            };
            assert_eq!((delivered, depot.taken()), (size.records, size.records));
            contest.note(contender, delivered as f64 / took.as_secs_f64());
        }
    }
    contest.print("records/s");
}

/// From the first event that is sent to the last record that is delivered. Every event is signed, verified, and on the
/// disk before its sender is told so.
async fn webhooks(size: &Size) {
    let mut contest = Contest::new("signed event to delivery");
    for _ in 0..size.rounds {
        for contender in Contender::ALL {
            let depot = Depot::start(true).await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let took = match contender {
                Contender::Memory | Contender::Sled | Contender::Redb => {
                    let ferry = Ferry::new(&depot, contender.engine(), 0, BATCH).await;
                    let served = ferry.serve(BATCH).await;
                    let took = sent(&served.url, &depot, size.events).await;
                    served.end().await;
                    ferry.end().await;
                    took
                }
                Contender::Synced | Contender::Nothing => {
                    let file = folder.path().join("taken");
                    let gate =
                        Gate::start(depot.url(), (contender == Contender::Synced).then_some(file)).await;
                    sent(&gate.url, &depot, size.events).await
                }
            };
            contest.note(contender, size.events as f64 / took);
        }
    }
    contest.print("events/s");
}

/// Sends so many events, and waits until as many records have arrived. In seconds.
async fn sent(url: &str, depot: &Depot, events: u64) -> f64 {
    let began = Instant::now();
    Sender::new(url).send(events).await;
    while depot.taken() < events {
        assert!(began.elapsed().as_secs() < 120, "{} of {events} were delivered", depot.taken());
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    began.elapsed().as_secs_f64()
}

/// The same number of records through few flows, through many, and through few among many. Every flow is a run of its
/// own, whose beginning and end are in the time.
async fn many_flows(size: &Size) {
    println!("\n| flows | of them run | records of each | per record | in all |\n|---|---|---|---|---|");
    let (few, many) = (size.flows_few, size.flows_many);
    let each = |flows: u64| 2 * many / flows;
    let mut offered = 0;
    for (flows, of_them) in [(few, vec![few]), (many, vec![many, few])] {
        let depot = Depot::start(true).await.unwrap();
        let ferry = Ferry::new(&depot, Some(Engine::Redb), flows, BATCH).await;
        for run in of_them {
            // The few have already carried what was offered to all.
            let before = if run == flows { 0 } else { offered };
            offered = before + each(run);
            depot.offer(offered);
            let began = Instant::now();
            let delivered = ferry.run(run).await;
            let took = began.elapsed().as_secs_f64();
            assert_eq!(delivered, run * each(run));
            let each_us = took * 1e6 / delivered as f64;
            println!("| {flows} | {run} | {} | {each_us:.0} us | {took:.1} s |", each(run));
        }
        ferry.end().await;
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
        let began = Instant::now();
        let delivered = ferry.run_all().await;
        passed += delivered;
        println!(
            "| {passed} | {} MiB | {} MiB | {:.0} |",
            rss_bytes() >> 20,
            ferry.folder_bytes() >> 20,
            delivered as f64 / began.elapsed().as_secs_f64(),
        );
    }
    assert_eq!((passed, depot.taken()), (records, records));
    ferry.end().await;
}

/// From the kernel's own count.
fn rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}
