//! A guest that takes more than its share: memory, stack, table, log, output; or that just falls over.

use std::hint::black_box;
use std::io::Write as _;

use lockgate_sdk::http::Request;
use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Page, Record, Value, http, json, logging, profile};

struct Hog;

const ACTIONS: [&str; 12] = [
    "memory",
    "memory_slowly",
    "recurse",
    "panic",
    "abort",
    "log_flood",
    "log_giant",
    "stdout_flood",
    "stdout_giant",
    "output",
    "requests",
    "too_few_results",
];

impl Connector for Hog {
    fn describe() -> Manifest {
        Manifest {
            triggers: ["records", "panic", "fine"].map(guests::trigger).to_vec(),
            ..guests::manifest("hog", &ACTIONS)
        }
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        if action == "too_few_results" {
            return Vec::new();
        }
        inputs.iter().map(|_| take(action)).collect()
    }

    fn poll(trigger: &str, _cursor: Option<Value>) -> Result<Page, Error> {
        let record = |number: usize| Record { key: format!("r/{number}"), body: json!("x".repeat(1024)) };
        match trigger {
            "records" => Ok(Page { records: (0..20_000).map(record).collect(), next: None, more: true }),
            "fine" => Ok(Page { records: vec![record(0)], next: Some(json!(1)), more: false }),
            _ => take(trigger).map(|_| Page { records: Vec::new(), next: None, more: false }),
        }
    }
}

fn take(what: &str) -> Result<Value, Error> {
    match what {
        "memory" => Ok(json!(black_box(vec![1_u8; 512 << 20]).len())),
        "memory_slowly" => Ok(json!(memory_slowly())),
        "recurse" => Ok(json!(recurse(black_box(u64::MAX)))),
        "panic" => panic_now(),
        "abort" => std::process::abort(),
        "log_flood" => {
            for number in 0..100_000 {
                logging::info(&format!("line {number}"));
            }
            Ok(json!("flooded"))
        }
        "log_giant" => {
            logging::info(&"x".repeat(4 << 20));
            Ok(json!("logged"))
        }
        "stdout_flood" => written((0..100_000).map(|_| "x".repeat(1_000) + "\n")),
        "stdout_giant" => written((0..1_000).map(|_| "x".repeat(64 << 10))),
        // A batch of three is more than a call may return, while all of it fits into the memory of a call.
        "output" => Ok(json!("x".repeat(6 << 20))),
        "requests" => requests(),
        _ => Err(Error::unknown("thing to take", what)),
    }
}

/// A guest that knows only files writes where it has always written.
fn written(mut pieces: impl Iterator<Item = String>) -> Result<Value, Error> {
    let mut out = std::io::stdout().lock();
    pieces
        .try_for_each(|piece| out.write_all(piece.as_bytes()))
        .map_err(|error| Error::Transient(error.to_string()))?;
    Ok(json!("written"))
}

/// Page after page, each of them touched.
fn memory_slowly() -> usize {
    let mut pages: Vec<Vec<u8>> = Vec::new();
    while pages.len() < 1 << 20 {
        pages.push(black_box(vec![1_u8; 64 << 10]));
    }
    pages.len()
}

/// No frame keeps anything in memory, so that it is the stack of calls that ends first.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == 0 { 1 } else { recurse(depth - 1).rotate_left(7) ^ depth }
}

#[allow(clippy::panic, reason = "what becomes of a guest that panics is the point")]
fn panic_now() -> Result<Value, Error> {
    panic!("the guest panics on purpose")
}

/// More requests than any call may make.
fn requests() -> Result<Value, Error> {
    let config: Value = profile::config()?;
    let base = config.get("api_base").and_then(Value::as_str).unwrap_or_default();
    let wave = || (0..100).map(|_| Request::get(format!("{base}/things"))).collect();
    let denied = (0..20).flat_map(|_| http::send_all(wave())).filter(Result::is_err).count();
    Ok(json!({"refused": denied}))
}

lockgate_sdk::export!(Hog);
