//! What it all came to, as the table of the README.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate::Engine;

use crate::judge::Found;
use crate::plan::Chain;

/// Problems that are told; more of them say no more.
const TOLD_MAX: usize = 20;

/// The lives of one store with one chain.
#[derive(Default)]
pub struct Sum {
    pub kills: u64,
    pub at_points: u64,
    pub restarts: u64,
    pub records: u64,
    pub requests: u64,
    /// Pairs of tokens that the identity provider gave out.
    pub tokens: u64,
    pub found: Found,
    pub took: Duration,
}

pub type Sums = BTreeMap<Chain, Sum>;

/// Prints problems, table and verdict. Whether all is well.
pub fn print(rows: &[(Engine, Sums)], kills_wanted: u64) -> bool {
    for (engine, sums) in rows {
        for (chain, sum) in sums {
            for problem in sum.found.all().take(TOLD_MAX) {
                println!("{engine}, {chain}: {problem}");
            }
        }
    }
    println!(
        "| store | chain | kills | at a named point | restarts | records | requests | token renewals | lost | doubled | under two keys | other | time |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (engine, sums) in rows {
        for (chain, sum) in sums {
            let found = &sum.found;
            println!(
                "| {engine} | {chain} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} s |",
                sum.kills,
                sum.at_points,
                sum.restarts,
                sum.records,
                sum.requests,
                sum.tokens,
                found.lost.len(),
                found.doubled.len(),
                found.two_keys.len(),
                found.problems.len(),
                sum.took.as_secs_f64(),
            );
        }
    }
    let kills_of = |sums: &Sums| sums.values().map(|sum| sum.kills).sum::<u64>();
    let kills: u64 = rows.iter().map(|(_, sums)| kills_of(sums)).sum();
    let is_well = |sum: &Sum| sum.found.all().next().is_none();
    let well = rows.iter().all(|(_, sums)| sums.values().all(is_well) && kills_of(sums) >= kills_wanted);
    let verdict = if well { "nothing lost, nothing under two keys, everything fits" } else { "NOT WELL" };
    println!("{kills} kills: {verdict}");
    well
}
