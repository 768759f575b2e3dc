//! Runs that wait at their checkpoint: their place is free, and they go on where they were.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::audit::Actor;
use domain::call::GuestError;
use domain::run::{Cause, Run, RunStatus};
use domain::{FlowName, RunId};
use store::RunPlaces as _;

use super::bench::Bench;
use super::script::{Does, Gives};

async fn bench() -> Bench {
    let mut bench = Bench::new(&[&["a", "b"]]).await;
    (bench.options.suspend_after_ms, bench.options.tick_ms) = (50, 5);
    bench.change_flow(|flow| flow.delivery.retry.wait_max_ms = 600_000).await;
    bench
}

fn limited(bench: &Bench) {
    let limited = Does::Says(GuestError::RateLimited { wait_ms: Some(100_000) });
    bench.script.fates.lock().unwrap().insert("a".to_owned(), vec![limited]);
}

async fn until(bench: &Bench, id: &RunId, wanted: impl Fn(&Run) -> bool) -> Run {
    for _ in 0..2_000 {
        let run = bench.run(id);
        if wanted(&run) {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("waited in vain: {:?}", bench.run(id));
}

#[tokio::test]
async fn a_run_wakes_at_the_time_that_is_written_for_its_record_however_long_the_commit_took() {
    let bench = bench().await;
    bench.clock.step_ms.store(1, Ordering::SeqCst);
    limited(&bench);
    let pipeline = bench.pipeline();
    pipeline.spawn();
    let id =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    let run = until(&bench, &id, |run| run.status == RunStatus::Suspended).await;
    let waiting = bench.parcels().remove(0);
    assert_eq!((waiting.key.as_str(), waiting.next_at), ("a", run.suspension.unwrap().until));
    pipeline.shutdown().await;
}

#[tokio::test]
async fn a_long_wait_suspends_the_run_and_its_time_wakes_it() {
    let mut bench = bench().await;
    bench.options.concurrent_runs = 1;
    bench.add_flow("two").await;
    limited(&bench);
    let pipeline = bench.pipeline();
    pipeline.spawn();
    let id =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    let run = until(&bench, &id, |run| run.status == RunStatus::Suspended).await;
    let suspension = run.suspension.unwrap();
    assert_eq!(suspension.reason.code, "rate_limited");
    assert!(suspension.until.ms_since(suspension.since) >= 99_000);
    // The only place is free for another.
    let two: FlowName = "two".parse().unwrap();
    let other = pipeline.trigger(&bench.tenant, &two, Cause::Manual, &Actor::Library, None).await.unwrap();
    assert_eq!(until(&bench, &other, |run| run.status.is_final()).await.status, RunStatus::Succeeded);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(bench.run(&id).status, RunStatus::Suspended, "its time has not come");
    bench.clock.push(120_000);
    let run = until(&bench, &id, |run| run.status.is_final()).await;
    assert_eq!((run.status, run.counts.delivered, run.suspension), (RunStatus::Succeeded, 2, None));
    pipeline.shutdown().await;
}

#[tokio::test]
async fn the_recovery_of_its_profile_wakes_a_run_early() {
    let bench = bench().await;
    limited(&bench);
    let id = bench.trigger().await;
    assert_eq!(bench.work(&id).await.status, RunStatus::Suspended);
    assert_eq!(bench.store.ready_tenant_behind(None).unwrap(), None);
    let pipeline = bench.pipeline();
    let bill = "bill".parse().unwrap();
    assert_eq!(pipeline.wake_for(&bench.tenant, &"crm".parse().unwrap()).await.unwrap(), 0);
    assert_eq!(pipeline.wake_for(&bench.tenant, &bill).await.unwrap(), 1);
    assert_eq!(pipeline.wake_for(&bench.tenant, &bill).await.unwrap(), 0);
    assert_eq!(bench.store.ready_runs(&bench.tenant, None, 10).unwrap(), [id]);
}

#[tokio::test]
async fn polls_that_failed_before_a_suspension_count_after_it() {
    let bench = bench().await;
    bench
        .change_flow(|flow| {
            (flow.delivery.retry.base_ms, flow.delivery.retry.cap_ms) = (100_000, 100_000);
        })
        .await;
    let busy = Gives::Says(GuestError::Transient("busy".to_owned()));
    *bench.script.stumbles.lock().unwrap() = vec![busy; 9];
    let id = bench.trigger().await;
    for suspensions in 0.. {
        let run = bench.work(&id).await;
        if run.status.is_final() {
            assert_eq!((run.failure.unwrap().code.as_str(), suspensions), ("transient", 2));
            break;
        }
        assert_eq!(run.status, RunStatus::Suspended);
        bench.clock.push(120_000);
    }
}
