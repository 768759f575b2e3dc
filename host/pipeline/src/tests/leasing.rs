//! Who may work on a run, and what happens to one who may no longer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::run::RunStatus;
use store::Commit;

use super::bench::Bench;
use crate::lease::{Halt, Held};

async fn handed_over(bench: &Bench) {
    while bench.script.handed_over().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_run_is_held_by_one_process_until_its_lease_runs_out() {
    let bench = Bench::new(&[&["a"]]).await;
    let run = bench.trigger().await;
    let (one, other) = (bench.room(), bench.room());
    let held = Held::take(&one, &bench.tenant, &run).await.unwrap().unwrap();
    assert!(Held::take(&other, &bench.tenant, &run).await.unwrap().is_none());
    let fence = held.run.lease.as_ref().unwrap().fence;

    bench.clock.push(15_001);
    let taken = Held::take(&other, &bench.tenant, &run).await.unwrap().unwrap();
    assert_eq!(taken.run.lease.as_ref().unwrap().fence, fence + 1);
}

#[tokio::test]
async fn whoever_has_lost_the_lease_cannot_write() {
    let bench = Bench::new(&[&["a"]]).await;
    let run = bench.trigger().await;
    let mut late = Held::take(&bench.room(), &bench.tenant, &run).await.unwrap().unwrap();
    bench.clock.push(15_001);
    let _taken = Held::take(&bench.room(), &bench.tenant, &run).await.unwrap().unwrap();
    let before = bench.run(&run);
    let written = late.commit(Commit::new(), |run| run.counts.delivered = 99).await;
    assert!(matches!(written, Err(Halt::Lost)));
    assert_eq!(bench.run(&run), before);
}

#[tokio::test]
async fn a_call_that_comes_back_after_the_run_was_taken_over_changes_nothing() {
    let bench = Bench::new(&[&["a", "b"]]).await;
    bench.script.gated.store(true, Ordering::SeqCst);
    let run = bench.trigger().await;
    let slow = bench.work_in(bench.room(), &run);
    let ((), ()) = tokio::join!(slow, async {
        handed_over(&bench).await;
        bench.clock.push(15_001);
        bench.script.gated.store(false, Ordering::SeqCst);
        let done = bench.work(&run).await;
        assert_eq!((done.status, done.counts.delivered), (RunStatus::Succeeded, 2));
        bench.script.gate.notify_one();
    });
    let done = bench.run(&run);
    assert_eq!((done.status, done.counts.delivered, done.counts.read), (RunStatus::Succeeded, 2, 2));
    let keys: std::collections::BTreeSet<_> = bench.script.handed_over().into_iter().collect();
    assert_eq!(keys.len(), 2, "both processes used the same keys");
}

#[tokio::test]
async fn a_long_call_keeps_its_lease() {
    let mut bench = Bench::new(&[&["a"]]).await;
    bench.options.lease_ms = 60;
    bench.script.gated.store(true, Ordering::SeqCst);
    let run = bench.trigger().await;
    let ((), ()) = tokio::join!(bench.work_in(bench.room(), &run), async {
        handed_over(&bench).await;
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(30)).await;
            assert!(Held::take(&bench.room(), &bench.tenant, &run).await.unwrap().is_none());
        }
        bench.script.gate.notify_one();
    });
    assert_eq!(bench.run(&run).status, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_lease_from_a_clock_that_was_set_back_does_not_hold_for_ever() {
    let bench = Bench::new(&[&["a"]]).await;
    let run = bench.trigger().await;
    let _gone = Held::take(&bench.room(), &bench.tenant, &run).await.unwrap().unwrap();
    bench.clock.push(-86_400_000);
    assert!(Held::take(&bench.room(), &bench.tenant, &run).await.unwrap().is_some());
}

#[tokio::test]
async fn a_process_that_is_alone_takes_over_at_once() {
    let mut bench = Bench::new(&[&["a"]]).await;
    let run = bench.trigger().await;
    let _gone = Held::take(&bench.room(), &bench.tenant, &run).await.unwrap().unwrap();
    bench.options.exclusive = true;
    assert_eq!(bench.work(&run).await.status, RunStatus::Succeeded);
}
