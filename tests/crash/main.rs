//! Kills a host, thousands of times, and proves after each time that it kept its promises.
//!
//! `crash --kills 5000 --store sled` starts a host on a data folder in a process of its own, kills it (SIGKILL) at a named
//! point of a commit or at any moment, reads everything that it left, and starts it again on the same folder. The vendors
//! live in this process and count what arrives. It ends with one line and a status: 0 only if nothing was lost, nothing
//! delivered under two keys, and nothing in any folder did not fit.
//!
//! `crash queued 100000` starts a host for which that many records wait, and says how soon the first is delivered.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a program for those who test: it measures real time, and ends at the first surprise"
)]

mod artefacts;
mod judge;
mod life;
mod parent;
mod plan;
mod queued;
mod table;
mod worker;
mod world;

use std::process::ExitCode;

use lockgate::Engine;
use plan::Chain;

const USAGE: &str = "crash [--kills N] [--store sled|redb|both] [--chain ferry|crm|both] [--parallel]
      [--seed N] [--per-folder N] [--keep DIR]
crash queued N [--store sled|redb|both]

  --kills N        how often, on each store (default 200)
  --store ENGINE   sled, redb or both (default both)
  --chain CHAIN    what the host carries: numbered records (ferry), deals to invoices beside tokens that are renewed
                   (crm), or each in every other folder (both, the default)
  --parallel       both stores at the same time
  --seed N         which moments are chosen (default 1)
  --per-folder N   kills before a folder is drained, judged whole and replaced (default 100)
  --keep DIR       where the folders are, and stay when something is wrong (default: a temporary folder)

  queued N         how soon a host delivers for which N records wait at its start, and how much memory it needs";

fn main() -> ExitCode {
    lockgate::run_if_compile_worker();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("worker") => {
            worker::run(&words[1..]);
            return ExitCode::SUCCESS;
        }
        Some("queued-host") => {
            queued::host(&words[1..]);
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let Some(wanted) = wanted(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let well = match wanted.queued {
        Some(records) => queued::run(&wanted.engines, records),
        None => parent::run(&wanted),
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the command line asks for.
pub struct Wanted {
    pub kills: u64,
    pub engines: Vec<Engine>,
    pub chains: Vec<Chain>,
    pub parallel: bool,
    pub seed: u64,
    pub per_folder: u64,
    pub keep: Option<std::path::PathBuf>,
    /// Not to kill, but to start with so many records.
    pub queued: Option<u64>,
}

fn wanted(words: &[String]) -> Option<Wanted> {
    let mut wanted = Wanted {
        kills: 200,
        engines: vec![Engine::Sled, Engine::Redb],
        chains: Chain::ALL.to_vec(),
        parallel: false,
        seed: 1,
        per_folder: 100,
        keep: None,
        queued: None,
    };
    let mut words = words.iter();
    while let Some(name) = words.next() {
        if name == "--parallel" {
            wanted.parallel = true;
            continue;
        }
        let value = words.next()?;
        match name.as_str() {
            "queued" => wanted.queued = Some(value.parse().ok()?),
            "--kills" => wanted.kills = value.parse().ok()?,
            "--seed" => wanted.seed = value.parse().ok()?,
            "--per-folder" => wanted.per_folder = value.parse().ok().filter(|number| *number > 0)?,
            "--keep" => wanted.keep = Some(value.into()),
            "--store" if value == "both" => {}
            "--store" => wanted.engines = vec![value.parse().ok()?],
            "--chain" if value == "both" => {}
            "--chain" => wanted.chains = vec![value.parse().ok()?],
            _ => return None,
        }
    }
    Some(wanted)
}
