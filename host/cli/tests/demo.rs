//! The demo as a user runs it: the real binary, also when it is killed in the middle.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests read what the command left behind, and end at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const RECORDS: u64 = 809;
const AMOUNT_CENTS: u64 = 123_985_578;

fn demo(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    command.args(["demo", "--once", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    command.stdin(Stdio::null());
    command
}

/// Runs it to its end; the summary is all that it prints.
fn summary(data: &Path) -> Value {
    let output = demo(data).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[test]
fn it_delivers_every_deal_to_the_cent_and_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let first = summary(folder.path());
    for (field, expected) in
        [("read", RECORDS), ("delivered", RECORDS), ("amount_cents", AMOUNT_CENTS), ("denied", 1)]
    {
        assert_eq!(first[field], expected, "{field}: {first}");
    }
    assert_eq!(first["dead_lettered"], 0, "{first}");
    assert!(first["retried"].as_u64().unwrap() > 0, "the vendors' faults made nothing retry: {first}");

    let second = summary(folder.path());
    assert_eq!((&second["delivered"], &second["amount_cents"]), (&0.into(), &0.into()), "{second}");
    assert_eq!(second["total"]["amount_cents"], AMOUNT_CENTS);
}

#[test]
fn killed_at_any_moment_it_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    // Counted in writes that the billing side has taken: from the first one to far into the run.
    for writes in [1, 40, 333, 700, 1_100, 1_500] {
        let mut child = demo(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(&mut child, folder.path(), writes);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = summary(folder.path());
    assert_eq!(last["total"]["invoices"], RECORDS, "{last}");
    assert_eq!(last["total"]["amount_cents"], AMOUNT_CENTS, "{last}");
    assert_eq!(
        last["read"],
        last["delivered"].as_u64().unwrap() + last["duplicate"].as_u64().unwrap(),
        "{last}"
    );

    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in taken(folder.path()) {
        let (body, key) = (entry["body"].as_str().unwrap(), entry["key"].as_str().unwrap());
        if let Some((_, deal)) = body.split_once("metadata%5Bdeal_id%5D=") {
            keys.entry(deal.split('&').next().unwrap().to_owned()).or_default().insert(key.to_owned());
        }
    }
    assert_eq!(keys.len() as u64, RECORDS);
    let twice: Vec<_> = keys.iter().filter(|(_, keys)| keys.len() > 1).collect();
    assert!(twice.is_empty(), "delivered under two keys: {twice:?}");
}

/// Waits until the billing side has taken so many writes, or the demo has ended by itself.
fn wait_for(child: &mut Child, data: &Path, writes: usize) {
    let began = Instant::now();
    while taken(data).len() < writes && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(120), "the demo does not get to {writes} writes");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the billing side has noted, whole lines only.
fn taken(data: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(data.join("vendors/stripe.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
