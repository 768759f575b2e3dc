//! A host that starts with very much to do: how soon the first record is delivered, how long all take, and the memory
//! that it needs meanwhile. Filling the folder and emptying it are processes of their own, so that the memory is that of
//! the host which empties it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lockgate::Engine;
use lockgate::domain::run::RunStatus;
use lockgate_tests::queue::queue;
use vendors::Depot;

use crate::plan::Chain;
use crate::worker::{Order, TENANT, builder, ferry, finished};

pub fn run(engines: &[Engine], records: u64) -> bool {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!(
        "| store | records queued | ready after | first delivered after | all after | records/s | memory at most |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut well = true;
    for engine in engines {
        let depot = tokio.block_on(Depot::start(true)).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let artefacts = scratch.path().join("artefacts");
        std::fs::create_dir(&artefacts).unwrap();
        let order = Order {
            data: scratch.path().join("data"),
            engine: engine.to_string(),
            chain: Chain::Ferry,
            remotes: vec![depot.url()],
            artefacts,
            credential: 1,
            extra: 0,
            until: format!("fill/{records}"),
        };
        let filled = begin(&order).wait().unwrap().success();
        let order = Order { until: format!("empty/{records}"), ..order };
        let emptied = filled.then(|| empty(&order, &depot, records));
        match emptied.filter(|emptied| emptied.done && depot.taken() == records) {
            None => {
                println!("| {engine} | {records} | NOT WELL: {} delivered | | | | |", depot.taken());
                well = false;
            }
            Some(emptied) => println!(
                "| {engine} | {records} | {:.2} s | {:.2} s | {:.1} s | {:.0} | {} MiB |",
                emptied.ready.as_secs_f64(),
                emptied.first.as_secs_f64(),
                emptied.all.as_secs_f64(),
                records as f64 / (emptied.all - emptied.ready).as_secs_f64(),
                emptied.peak_kib >> 10,
            ),
        }
    }
    well
}

/// All times are from the moment at which the process was started.
struct Emptied {
    ready: Duration,
    first: Duration,
    all: Duration,
    peak_kib: u64,
    done: bool,
}

fn begin(order: &Order) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .arg("queued-host")
        .args(order.words())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn empty(order: &Order, depot: &Depot, records: u64) -> Emptied {
    let began = Instant::now();
    let mut child = begin(order);
    let out = BufReader::new(child.stdout.take().unwrap());
    let told = std::thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        lines.map(|line| (line, began.elapsed())).collect::<Vec<_>>()
    });
    let mut first = None;
    while depot.taken() < records && child.try_wait().unwrap().is_none() {
        if first.is_none() && depot.taken() > 0 {
            first = Some(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let done = child.wait().unwrap().success();
    let told = told.join().unwrap();
    let when = |word: &str| told.iter().find(|(line, _)| line.starts_with(word));
    let all = when("emptied").map_or_else(|| began.elapsed(), |(_, at)| *at);
    let peak_kib = when("peak").and_then(|(line, _)| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
    Emptied {
        ready: when("ready").map_or(all, |(_, at)| *at),
        first: first.unwrap_or(all),
        all,
        peak_kib,
        done: done && peak_kib > 0,
    }
}

/// The host's half of it, in a process of its own.
pub fn host(words: &[String]) {
    let order = Order::read(words);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (what, records) = order.until.split_once('/').unwrap();
    let records = records.parse().unwrap();
    match what {
        "fill" => tokio.block_on(Box::pin(fill(&order, records))),
        _ => tokio.block_on(Box::pin(drain(&order, records))),
    }
}

/// As a host leaves a folder that was stopped in the midst of a long run.
async fn fill(order: &Order, records: u64) {
    let host = builder(order).build().await.unwrap();
    let tenant = host.tenant(TENANT).unwrap();
    ferry::set_up(&tenant, order).await;
    let run = tenant.run_flow(&ferry::FLOW.parse().unwrap()).await.unwrap();
    let run = finished(&tenant, run).await;
    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.failure);
    host.shutdown().await;
    drop((tenant, host));
    let (tenant, flow) = (TENANT.parse().unwrap(), ferry::FLOW.parse().unwrap());
    queue(&order.data, order.engine.parse().unwrap(), &tenant, &flow, &run.id, records).await.unwrap();
}

async fn drain(order: &Order, records: u64) {
    let host = builder(order).build().await.unwrap();
    let tenant = host.tenant(TENANT).unwrap();
    println!("ready");
    let run = tenant.run_flow(&ferry::FLOW.parse().unwrap()).await.unwrap();
    let run = finished(&tenant, run).await;
    println!("emptied");
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, records), "{:?}", run.failure);
    host.shutdown().await;
    println!("peak {}", peak_kib());
}

/// From the kernel's own count.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
