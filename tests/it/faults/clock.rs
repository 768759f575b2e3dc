//! A clock that jumps back an hour and ahead a year, and a remote that is away for an hour of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::RunStatus;
use lockgate::domain::{Clock, Timestamp};
use lockgate::{PipelineOptions, SystemClock, Verdict};
use vendors::{Depot, Fault, Faults, When};

use super::ferry;
use crate::harness;

const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

/// The machine's clock, and what somebody has set it forward or back by.
#[derive(Default)]
struct Jumping(AtomicI64);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(SystemClock.now().as_ms() + self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_back_an_hour_and_ahead_a_year_loses_and_repeats_nothing() {
    let clock = Arc::new(Jumping::default());
    let depot = Depot::start(false).await.unwrap();
    depot.mend();
    let host = harness::reaching(&[&depot.url()]).clock(clock.clone()).build().await.unwrap();
    let retry = RetryPolicy { base_ms: 5, cap_ms: 50, ..RetryPolicy::default() };
    let tenant = ferry(&host, &depot, retry).await;
    for (round, jump_ms) in (1..).zip([0, -HOUR_MS, HOUR_MS, YEAR_MS, -HOUR_MS]) {
        depot.offer(round * 120);
        let run = tenant.run_flow(&"ferry".parse().unwrap()).await.unwrap();
        // In the midst of the run: some records are on their way, and some wait for their next attempt.
        while depot.delivered() < (round as usize - 1) * 120 + 30 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        clock.0.fetch_add(jump_ms, Ordering::SeqCst);
        let run = harness::finished(&tenant, run).await;
        assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 120), "{jump_ms}: {run:?}");
        assert!(matches!(tenant.audit().verify(None).await.unwrap(), Verdict::Whole(Some(_))), "{jump_ms}");
    }
    let arrived = depot.arrived();
    assert_eq!(arrived.len(), 600);
    assert!(arrived.values().all(|one| one.taken.len() == 1 && one.keys.len() == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_that_is_away_for_an_hour_gets_everything_when_it_is_back() {
    let clock = Arc::new(Jumping::default());
    let depot = Depot::start(false).await.unwrap();
    depot.mend();
    let pipeline = PipelineOptions { lease_ms: 300, tick_ms: 20, ..PipelineOptions::default() };
    let builder = harness::reaching(&[&depot.url()]).clock(clock.clone()).pipeline(pipeline);
    let host = builder.build().await.unwrap();
    // Attempts enough for an hour, minutes apart.
    let retry = RetryPolicy {
        attempts_max: 40,
        base_ms: 120_000,
        cap_ms: 240_000,
        wait_max_ms: 600_000,
        ..RetryPolicy::default()
    };
    let tenant = ferry(&host, &depot, retry).await;
    depot.offer(60);
    depot.set_faults(Faults::none().on(When::nth("POST", "/things", 1).times(1_000_000), Fault::status(503)));
    let run = tenant.run_flow(&"ferry".parse().unwrap()).await.unwrap();
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert!(!tenant.run(&run.id).unwrap().status.is_final(), "it gave up");
        clock.0.fetch_add(HOUR_MS / 30, Ordering::SeqCst);
    }
    assert_eq!(depot.delivered(), 0);
    depot.set_faults(Faults::none());
    let ended = async {
        loop {
            clock.0.fetch_add(60_000, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            let run = tenant.run(&run.id).unwrap();
            if run.status.is_final() {
                return run;
            }
        }
    };
    let run = tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the run ends");
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Succeeded, 60, 0));
    assert!(depot.arrived().values().all(|one| one.keys.len() == 1 && one.taken.len() == 1));
}
