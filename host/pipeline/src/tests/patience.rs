//! Waits, doubts and outages: what is decided from what was seen on the wire, on a clock that the test moves.

use std::time::Duration;

use domain::call::GuestError;
use domain::exchange::{ExchangeOutcome, SendFailure};
use domain::retry::State;
use domain::run::{Run, RunStatus};
use domain::{Clock as _, FailureCode, ProfileKey, RunId};

use super::bench::Bench;
use super::script::{Does, exchange};

fn busy() -> Does {
    Does::Hears(503, None, GuestError::Transient("busy".to_owned()))
}

fn fate(bench: &Bench, key: &str, fates: Vec<Does>) {
    bench.script.fates.lock().unwrap().insert(key.to_owned(), fates);
}

fn biller(bench: &Bench) -> ProfileKey {
    ProfileKey { tenant: bench.tenant.clone(), profile: "bill".parse().unwrap() }
}

/// A bench whose runs look at the clock every few milliseconds.
async fn bench(pages: &[&[&str]]) -> Bench {
    let mut bench = Bench::new(pages).await;
    bench.options.lease_ms = 30;
    bench
}

/// Works on a run, by as many processes as it takes, on a clock that a test pushes so often by so much.
async fn on_a_fast_clock(bench: &Bench, run: &RunId, step_ms: i64, pushes: usize) -> Run {
    let clock = async {
        for _ in 0..pushes {
            tokio::time::sleep(Duration::from_millis(4)).await;
            bench.clock.push(step_ms);
        }
    };
    let works = async {
        while !bench.run(run).status.is_final() {
            bench.work_in(bench.room(), run).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        () = works => {}
        () = clock => {}
    }
    // Whoever held it is gone, and its lease runs out.
    bench.clock.push(100);
    bench.run(run)
}

#[tokio::test]
async fn a_write_that_was_lost_under_its_key_is_repeated_under_the_same_key() {
    let bench = Bench::new(&[&["a"]]).await;
    let lost = Does::Loses { keyed: true, says: GuestError::Transient("cut off".to_owned()) };
    fate(&bench, "a", vec![lost]);
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.retried), (RunStatus::Succeeded, 1, 1));
    let keys: Vec<_> = bench.script.handed_over().into_iter().map(|(key, _)| key).collect();
    assert!(keys.len() == 2 && keys.first() == keys.last(), "{keys:?}");
}

#[tokio::test]
async fn a_connector_cannot_have_a_write_repeated_that_was_lost_without_a_key() {
    for says in [
        GuestError::Transient("try again".to_owned()),
        GuestError::RateLimited { wait_ms: Some(1) },
        GuestError::Ambiguous("cut off".to_owned()),
    ] {
        // The action declares a key; the request did not carry it.
        let bench = Bench::new(&[&["a"]]).await;
        fate(&bench, "a", vec![Does::Loses { keyed: false, says: says.clone() }]);
        let run = bench.once().await;
        assert_eq!((run.status, run.counts.dead_lettered), (RunStatus::Partial, 1), "{says:?}");
        let letters = bench.letters();
        let letter = letters.first().unwrap();
        assert_eq!(letter.cause.code, "ambiguous");
        assert!(letter.cause.message.contains("look there whether it was done"), "{}", letter.cause.message);
        assert_eq!(bench.script.handed_over().len(), 1, "{says:?}");
    }
}

#[tokio::test]
async fn a_connector_cannot_have_a_refusal_tried_again() {
    let bench = Bench::new(&[&["a"]]).await;
    fate(&bench, "a", vec![Does::Hears(422, None, GuestError::Transient("please".to_owned())); 9]);
    let run = bench.once().await;
    assert_eq!((run.counts.dead_lettered, bench.script.handed_over().len()), (1, 1));
    assert_eq!(bench.letters().first().unwrap().cause.code, "permanent");
}

#[tokio::test]
async fn a_wait_beyond_the_flows_patience_loses_no_record() {
    let bench = bench(&[&["a"]]).await;
    let daily = Does::Hears(429, Some(3_600_000), GuestError::RateLimited { wait_ms: None });
    fate(&bench, "a", vec![daily]);
    let run = bench.trigger().await;
    let early = on_a_fast_clock(&bench, &run, 50_000, 60).await;
    assert_eq!((early.counts.waiting(), bench.script.handed_over().len()), (1, 1), "before the hour is over");
    let run = on_a_fast_clock(&bench, &run, 60_000, 100).await;
    assert_eq!((run.counts.delivered, run.counts.dead_lettered), (1, 0), "{run:?}");
}

#[tokio::test]
async fn a_remote_that_is_down_for_an_hour_costs_no_record_and_is_hardly_asked() {
    let bench = bench(&[&["a", "b", "c", "d"], &["e", "f", "g", "h"]]).await;
    *bench.script.otherwise.lock().unwrap() = Some(busy());
    let run = bench.trigger().await;
    on_a_fast_clock(&bench, &run, 10_000, 360).await;
    let during = bench.script.handed_over().len();
    // A handful until the circuit opens, then one record at 30 s, 1 min, 2 min, ... 15 min.
    assert!((5..=3 * 3 + 10).contains(&during), "{during} records were sent to a remote that is down");
    assert!(bench.letters().is_empty());
    assert!(matches!(bench.script.circuits.state(&biller(&bench), bench.clock.now()), State::Open { .. }));
    assert_eq!(bench.script.circuits.open(), 1);

    *bench.script.otherwise.lock().unwrap() = None;
    let run = on_a_fast_clock(&bench, &run, 60_000, 100).await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Succeeded, 8, 0));
    assert_eq!(bench.script.circuits.state(&biller(&bench), bench.clock.now()), State::Closed);
}

#[tokio::test]
async fn a_circuit_is_open_for_every_run_of_the_profile() {
    let bench = bench(&[&["a"]]).await;
    let failure = SendFailure::new(FailureCode::ConnectFailed, false);
    let refused = exchange("GET", ExchangeOutcome::Failed { failure }).judged(None, None);
    bench.script.circuits.note(&biller(&bench), &vec![refused; 5], bench.clock.now());
    let run = bench.trigger().await;
    let run = on_a_fast_clock(&bench, &run, 0, 20).await;
    assert_eq!((run.counts.read, run.counts.waiting()), (1, 1), "what is read waits");
    assert!(bench.script.handed_over().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn retries_add_no_more_than_their_share() {
    let records: Vec<String> = (0..40).map(|n| format!("r{n:02}")).collect();
    let page: Vec<&str> = records.iter().map(String::as_str).collect();
    let bench = bench(&[&page]).await;
    // Every other one fails once, so the circuit stays closed.
    for key in page.iter().step_by(2) {
        fate(&bench, key, vec![busy()]);
    }
    let run = bench.trigger().await;
    on_a_fast_clock(&bench, &run, 0, 60).await;
    let sent = bench.script.handed_over().len();
    assert!(sent <= 40 + 10 + 8, "{sent} of 40 records in one minute");
    let run = on_a_fast_clock(&bench, &run, 30_000, 60).await;
    assert_eq!((run.counts.delivered, run.counts.dead_lettered), (40, 0));
}
