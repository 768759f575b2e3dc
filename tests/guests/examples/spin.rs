//! A guest that never comes back: it computes, waits for the clock or calls the host without end.

use std::hint::black_box;
use std::time::{Duration, Instant};

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Page, Value, logging, profile};

struct Spin;

impl Connector for Spin {
    fn describe() -> Manifest {
        Manifest {
            triggers: ["spin", "sleep", "call_host"].map(guests::trigger).to_vec(),
            ..guests::manifest("spin", &["spin", "sleep", "call_host"])
        }
    }

    fn check() -> Result<(), Error> {
        without_end("spin")
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.into_iter().map(|input| without_end(action).map(|()| input.body)).collect()
    }

    fn poll(trigger: &str, _cursor: Option<Value>) -> Result<Page, Error> {
        without_end(trigger).map(|()| Page { records: Vec::new(), next: None, more: true })
    }
}

fn without_end(how: &str) -> Result<(), Error> {
    match how {
        "spin" => spin(),
        "sleep" => sleep(),
        "call_host" => call_host(),
        _ => Err(Error::unknown("way to spin", how)),
    }
}

fn spin() -> Result<(), Error> {
    let mut number = 0_u64;
    // The end is out of reach, but the compiler must not know it.
    while black_box(number) < u64::MAX {
        number = black_box(number.wrapping_mul(6_364_136_223_846_793_005) & 0xffff);
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "what a guest finds when it looks at the clock is the point")]
fn sleep() -> Result<(), Error> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(86_400) {
        std::thread::sleep(Duration::from_secs(3_600));
    }
    Ok(())
}

fn call_host() -> Result<(), Error> {
    while profile::scopes().len() < usize::MAX {
        logging::debug("still here");
    }
    Ok(())
}

lockgate_sdk::export!(Spin);
