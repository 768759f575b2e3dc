//! Kills a host, thousands of times, and proves after each time that it kept its promises.
//!
//! `crash --kills 5000 --store sled` starts a host on a data folder in a process of its own, kills it (SIGKILL) at a named
//! point of a commit or at any moment, reads everything that it left, and starts it again on the same folder. The vendors
//! live in this process and count what arrives. It ends with one line and a status: 0 only if nothing was lost, nothing
//! delivered under two keys, and nothing in any folder did not fit.
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
mod worker;

use std::process::ExitCode;

use lockgate::Engine;

const USAGE: &str = "crash [--kills N] [--store sled|redb|both] [--seed N] [--per-folder N]

  --kills N        how often, on each store (default 200)
  --store ENGINE   sled, redb or both (default both)
  --seed N         which moments are chosen (default 1)
  --per-folder N   kills before a folder is drained, judged whole and replaced (default 100)";

fn main() -> ExitCode {
    lockgate::run_if_compile_worker();
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "worker") {
        worker::run(&words[1..]);
        return ExitCode::SUCCESS;
    }
    let Some(wanted) = wanted(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match parent::run(&wanted) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What the command line asks for.
pub struct Wanted {
    pub kills: u64,
    pub engines: Vec<Engine>,
    pub seed: u64,
    pub per_folder: u64,
}

fn wanted(words: &[String]) -> Option<Wanted> {
    let both = vec![Engine::Sled, Engine::Redb];
    let mut wanted = Wanted { kills: 200, engines: both.clone(), seed: 1, per_folder: 100 };
    for pair in words.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--kills" => wanted.kills = value.parse().ok()?,
            "--seed" => wanted.seed = value.parse().ok()?,
            "--per-folder" => wanted.per_folder = value.parse().ok()?,
            "--store" if value == "both" => wanted.engines.clone_from(&both),
            "--store" => wanted.engines = vec![value.parse().ok()?],
            _ => return None,
        }
    }
    Some(wanted)
}
