//! The lives of a host one after the other, the vendor beside them, and what it all came to.

use std::path::Path;
use std::time::{Duration, Instant};

use lockgate::Engine;
use vendors::Depot;

use crate::Wanted;
use crate::judge::{Found, Known, judge, missing};
use crate::life::{Ended, live};
use crate::plan::{Chance, End, end};
use crate::worker::Order;

/// New records before each life.
const RECORDS: u64 = 60;
/// Problems that are told; more of them say no more.
const TOLD_MAX: usize = 20;

#[derive(Default)]
struct Sum {
    kills: u64,
    at_points: u64,
    restarts: u64,
    records: u64,
    requests: u64,
    found: Found,
    took: Duration,
}

pub fn run(wanted: &Wanted) -> bool {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let artefacts = scratch.path().join("artefacts");
    std::fs::create_dir(&artefacts).unwrap();
    let mut rows = Vec::new();
    for engine in &wanted.engines {
        let depot = tokio.block_on(Depot::start(false)).unwrap();
        let sum = lives(wanted, *engine, &depot, scratch.path(), &artefacts);
        for problem in sum.found.all().take(TOLD_MAX) {
            println!("{engine}: {problem}");
        }
        rows.push((*engine, sum));
    }
    println!(
        "| store | kills | at a named point | restarts | records | requests | lost | doubled | under two keys | other | time |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (engine, sum) in &rows {
        let found = &sum.found;
        println!(
            "| {engine} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} s |",
            sum.kills,
            sum.at_points,
            sum.restarts,
            sum.records,
            sum.requests,
            found.lost.len(),
            found.doubled.len(),
            found.two_keys.len(),
            found.problems.len(),
            sum.took.as_secs_f64(),
        );
    }
    let kills: u64 = rows.iter().map(|(_, sum)| sum.kills).sum();
    let well = rows.iter().all(|(_, sum)| sum.found.all().next().is_none() && sum.kills >= wanted.kills);
    let verdict = if well { "nothing lost, nothing under two keys, everything fits" } else { "NOT WELL" };
    println!("{kills} kills: {verdict}");
    well
}

fn lives(wanted: &Wanted, engine: Engine, depot: &Depot, scratch: &Path, artefacts: &Path) -> Sum {
    let began = Instant::now();
    let mut sum = Sum::default();
    let mut chance = Chance::new(wanted.seed);
    let mut folders = 0_u64;
    while sum.kills < wanted.kills {
        folders += 1;
        let data = scratch.join(format!("{engine}-{folders}"));
        folder(wanted, engine, depot, (&data, artefacts), &mut chance, &mut sum);
        if sum.found.all().next().is_some() {
            // What is wrong stays wrong: the next lives would only tell it again.
            break;
        }
        drop(std::fs::remove_dir_all(&data));
        depot.clear();
        eprintln!("{engine}: {} kills, {:.0} s", sum.kills, began.elapsed().as_secs_f64());
    }
    sum.took = began.elapsed();
    sum
}

/// Kills on one folder, then lets it come to rest, where nothing may be missing.
fn folder(
    wanted: &Wanted,
    engine: Engine,
    depot: &Depot,
    (data, artefacts): (&Path, &Path),
    chance: &mut Chance,
    sum: &mut Sum,
) {
    let mut known = Known::default();
    let log = data.with_extension("log");
    let mut order = Order {
        data: data.to_owned(),
        engine: engine.to_string(),
        depot: depot.url(),
        artefacts: artefacts.to_owned(),
        credential: 1,
        extra: 0,
        until: "live".to_owned(),
    };
    let before = depot.requests();
    let this_folder = wanted.per_folder.min(wanted.kills - sum.kills);
    for number in 0..this_folder {
        depot.offer(depot.available() + RECORDS);
        let end = end(sum.kills, chance);
        order.credential = known.credential + 1;
        order.until = match end {
            End::At { point, kind, nth } => format!("{point}/{kind}/{nth}"),
            End::After(_) => "live".to_owned(),
        };
        let uploads = matches!(end, End::At { kind: lockgate::CommitKind::Upload, .. });
        order.extra = if uploads && number > 0 { sum.kills } else { 0 };
        let lived = live(&order, Some(end), &log);
        sum.kills += 1;
        sum.restarts += u64::from(number > 0);
        sum.at_points += u64::from(lived.ended == Ended::AtPoint);
        known.note(&lived.acknowledged);
        if lived.ended == Ended::ByItself {
            sum.found.problems.push(format!("the host ended by itself: {}", tail(&log)));
        }
        sum.found.add(judge(data, depot, &mut known));
        depot.expect_credential(known.credential);
        if sum.found.all().next().is_some() {
            sum.found.problems.push(format!("at kill {} of folder {}, {end:?}", sum.kills, data.display()));
            return;
        }
    }
    depot.mend();
    order.until = "drain".to_owned();
    order.credential = known.credential + 1;
    let lived = live(&order, None, &log);
    sum.restarts += 1;
    if lived.ended != Ended::Drained {
        sum.found.problems.push(format!("what waits was not delivered: {}", tail(&log)));
    }
    sum.found.add(judge(data, depot, &mut known));
    sum.found.lost.extend(missing(depot, &known));
    sum.records += depot.delivered() as u64;
    sum.requests += depot.requests() - before.min(depot.requests());
}

/// The last that a worker said of itself.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join(" / ")
}
