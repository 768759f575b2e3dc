//! What the door costs, as ratios within one run: judging, sending, scrubbing and logging a request, against a plain
//! client that sends the same to the same remote. The README says how it is run.
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

#[path = "egress/door.rs"]
mod door;
#[path = "egress/guest.rs"]
mod guest;
#[allow(dead_code, reason = "the other benchmark uses all of it")]
mod ratio;
#[path = "egress/remote.rs"]
mod remote;

use std::time::Instant;

use door::Door;
use guest::Guest;
use ratio::{head, microseconds, row};
use remote::Remote;

const ROUNDS: usize = 15;

fn main() {
    // `cargo test --benches` only asks whether it can start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    head();
    tokio.block_on(compare());
}

async fn compare() {
    let remote = Remote::start().await;
    let (door, guest, plain) = (Door::to(&remote.url), Guest::at(&remote.url).await, Plain::new());
    for (name, bytes, calls) in [("100 B", 100, 400), ("1 MB", 1_000_000, 40)] {
        let url = format!("{}/things/{bytes}", remote.url);
        let (mut ours, mut theirs, mut guests, mut theirs_again) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(each(calls, async || assert_eq!(door.get(&url).await, bytes)).await);
            theirs.push(each(calls, async || assert_eq!(plain.get(&url).await, bytes)).await);
            guests.push(each(calls, async || guest.get(&url).await).await);
            theirs_again.push(each(calls, async || assert_eq!(plain.get(&url).await, bytes)).await);
        }
        let us = |us: f64| format!("{us:.1} us");
        row(&format!("judged GET, {name} back"), "plain reqwest", us, ours, theirs);
        row(&format!("GET by a component, {name} back"), "plain reqwest", us, guests, theirs_again);

        let url = format!("{}/things", remote.url);
        let body = vec![b'x'; bytes];
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(each(calls, async || door.post(&url, body.clone()).await).await);
            theirs.push(each(calls, async || plain.post(&url, body.clone()).await).await);
        }
        row(&format!("judged POST of {name}"), "plain reqwest", us, ours, theirs);
    }
}

/// Microseconds of one call.
async fn each(calls: u32, call: impl AsyncFn()) -> f64 {
    let began = Instant::now();
    for _ in 0..calls {
        call().await;
    }
    microseconds(began.elapsed(), calls)
}

/// A client that judges nothing, masks nothing and keeps nothing.
struct Plain(reqwest::Client);

impl Plain {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(reqwest::Client::builder().no_proxy().build().expect("a client"))
    }

    async fn get(&self, url: &str) -> usize {
        let response = self.0.get(url).bearer_auth(door::SECRET).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.bytes().await.expect("a body").len()
    }

    async fn post(&self, url: &str, body: Vec<u8>) {
        let response = self.0.post(url).bearer_auth(door::SECRET).body(body).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.bytes().await.expect("a body");
    }
}
