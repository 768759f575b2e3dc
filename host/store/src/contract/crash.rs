//! A process that is killed while it writes: what was acknowledged is there, and no commit is there by half.

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::contract::samples::Counting;
use crate::contract::{Bench, key};
use crate::{Commit, Engine, Expect, KeyEncryptionKey, Place, Store, StoreOptions};

const FOLDER: &str = "LOCKGATE_TEST_CRASH_FOLDER";
const ENGINE: &str = "LOCKGATE_TEST_CRASH_ENGINE";
const START: &str = "LOCKGATE_TEST_CRASH_START";
const ACKNOWLEDGED: &str = "acknowledged ";

#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged() {
    for engine in [Engine::Sled, Engine::Redb] {
        let bench = Bench::new(Some(engine));
        let mut acknowledged = BTreeSet::new();
        for round in 0..5_u64 {
            let start = round * 10_000;
            acknowledged.extend(write_and_kill(&bench, engine, start, 3 + 17 * round));
            let store = bench.open();
            let exists = |kind: &str, number: u64| {
                let row = store.read::<(u64, String)>(&key("t", &format!("{kind}-{number:08}"))).unwrap();
                row.is_some_and(|row| row.value.0 == number)
            };
            for number in &acknowledged {
                assert!(exists("small", *number), "{engine}: commit {number} was acknowledged and is lost");
            }
            for number in start..start + 1_000 {
                assert_eq!(
                    exists("small", number),
                    exists("large", number),
                    "{engine}: half of commit {number}"
                );
            }
        }
    }
}

/// Kills the writer after so many acknowledgements; answers with all that it gave.
fn write_and_kill(bench: &Bench, engine: Engine, start: u64, acknowledgements: u64) -> Vec<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["contract::crash::writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, bench.path())
        .env(ENGINE, engine.as_str())
        .env(START, start.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let Some((_, number)) = line.split_once(ACKNOWLEDGED) else { continue };
        acknowledged.push(number.parse().unwrap());
        if acknowledged.len() as u64 == acknowledgements {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.len() as u64 >= acknowledgements, "{engine}: the writer ended by itself");
    acknowledged
}

#[test]
#[ignore = "the writing half of the test above, which starts it in a process of its own"]
fn writes_until_it_is_killed() {
    let Ok(path) = env::var(FOLDER) else { return };
    let engine = env::var(ENGINE).unwrap().parse().unwrap();
    let start: u64 = env::var(START).unwrap().parse().unwrap();
    let place = Place::Dir { path: path.into(), engine };
    let store = Store::open(StoreOptions { place, key: KeyEncryptionKey::for_tests() }, &Counting::default())
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        // Bounded, so that a writer whose parent has gone does not fill the disk.
        for number in start..start + 1_000 {
            let mut commit = Commit::new();
            commit.put(key("t", &format!("small-{number:08}")), &(number, "small"), Expect::Absent);
            commit.put(key("t", &format!("large-{number:08}")), &(number, "x".repeat(9_000)), Expect::Absent);
            commit.put(key("t", "churn"), &"y".repeat((number % 50 * 400) as usize), Expect::Any);
            store.commit(commit).await.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "{ACKNOWLEDGED}{number}").unwrap();
            out.flush().unwrap();
        }
    });
}
