//! The dispatcher: starts, schedules, bounds and stops.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::RunId;
use domain::audit::Actor;
use domain::run::{Cause, Run, RunStatus};
use domain::schedule::{CatchUp, Every, Schedule};

use super::bench::Bench;

async fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..2_000 {
        if let Some(found) = found() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("waited in vain for {what}");
}

async fn over(bench: &Bench, id: &RunId) -> Run {
    until("the run's end", || Some(bench.run(id)).filter(|run| run.status.is_final())).await
}

#[tokio::test]
async fn a_triggered_run_is_worked_on_at_once() {
    let mut bench = Bench::new(&[&["a", "b"]]).await;
    bench.options.tick_ms = 3_600_000;
    let pipeline = bench.pipeline();
    let early =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    assert_eq!(bench.run(&early).status, RunStatus::Queued);
    pipeline.spawn();
    assert_eq!(over(&bench, &early).await.status, RunStatus::Succeeded);
    let late =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    assert_eq!(over(&bench, &late).await.status, RunStatus::Succeeded);
    pipeline.shutdown().await;
}

#[tokio::test]
async fn a_flow_with_a_schedule_runs_by_itself() {
    let mut bench = Bench::new(&[&["a"]]).await;
    bench.options.tick_ms = 5;
    bench
        .change_flow(|flow| {
            flow.schedule = Some(Schedule::Every(Every { every_ms: 60_000, catch_up: CatchUp::Once }))
        })
        .await;
    let pipeline = bench.pipeline();
    pipeline.spawn();
    until("the first run", || bench.runs().first().filter(|run| run.status.is_final()).cloned()).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(bench.runs().len(), 1, "its period has not passed");
    bench.clock.push(60_000);
    until("the second run", || (bench.runs().len() == 2).then_some(())).await;
    assert!(bench.runs().iter().all(|run| run.cause == Cause::Schedule));
    pipeline.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_lets_the_step_finish_and_the_next_process_go_on() {
    let bench = Bench::new(&[&["a", "b", "c", "d"]]).await;
    bench.script.gated.store(true, Ordering::SeqCst);
    let pipeline = bench.pipeline();
    pipeline.spawn();
    let id =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    until("the first batch", || (!bench.script.handed_over().is_empty()).then_some(())).await;
    let ((), ()) = tokio::join!(pipeline.shutdown(), async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        bench.script.gated.store(false, Ordering::SeqCst);
        bench.script.gate.notify_one();
    });
    let run = bench.run(&id);
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Running, 3));

    let next = bench.pipeline();
    next.spawn();
    assert_eq!(over(&bench, &id).await.counts.delivered, 4);
    assert_eq!(bench.script.handed_over().len(), 4, "nothing was delivered twice");
    next.shutdown().await;
}

#[tokio::test]
async fn a_defect_of_the_host_ends_the_run_and_not_the_pipeline() {
    let bench = Bench::new(&[&["a"]]).await;
    bench.script.panics.store(true, Ordering::SeqCst);
    let pipeline = bench.pipeline();
    pipeline.spawn();
    let id =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    let run = over(&bench, &id).await;
    assert_eq!((run.status, run.failure.unwrap().code.as_str()), (RunStatus::Failed, "internal"));
    bench.script.panics.store(false, Ordering::SeqCst);
    let id =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    assert_eq!(over(&bench, &id).await.counts.delivered, 1);
    pipeline.shutdown().await;
}

#[tokio::test]
async fn no_more_runs_than_allowed_are_worked_on_at_once() {
    let mut bench = Bench::new(&[&["a"]]).await;
    bench.options.concurrent_runs_per_tenant = 1;
    for name in ["two", "three"] {
        bench.add_flow(name).await;
    }
    bench.script.gated.store(true, Ordering::SeqCst);
    let pipeline = bench.pipeline();
    let mut ids = Vec::new();
    for name in ["deals", "two", "three"] {
        ids.push(
            pipeline
                .trigger(&bench.tenant, &name.parse().unwrap(), Cause::Manual, &Actor::Library, None)
                .await
                .unwrap(),
        );
    }
    pipeline.spawn();
    until("the first batch", || (!bench.script.handed_over().is_empty()).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let running = |bench: &Bench| ids.iter().filter(|id| bench.run(id).status == RunStatus::Running).count();
    assert_eq!(running(&bench), 1);
    bench.script.gated.store(false, Ordering::SeqCst);
    bench.script.gate.notify_one();
    for id in &ids {
        assert_eq!(over(&bench, id).await.status, RunStatus::Succeeded);
    }
    pipeline.shutdown().await;
}

#[tokio::test]
async fn a_tenant_with_many_records_does_not_delay_another_with_ten() {
    let keys: Vec<String> = (0..300).map(|n| format!("big{n}")).collect();
    let pages: Vec<Vec<&str>> =
        keys.chunks(10).map(|page| page.iter().map(String::as_str).collect()).collect();
    let pages: Vec<&[&str]> = pages.iter().map(Vec::as_slice).collect();
    let mut bench = Bench::new(&pages).await;
    // One place for all, and a turn is four calls.
    (bench.options.concurrent_runs, bench.options.slice_turns) = (1, 4);
    (bench.options.tick_ms, bench.options.slice_ms) = (1, 60_000);
    bench.change_flow(|flow| flow.delivery.batch = 1).await;
    let ten: Vec<String> = (0..10).map(|n| format!("small{n}")).collect();
    let small = bench.add_tenant("small", &ten, 30).await;
    let pipeline = bench.pipeline();
    pipeline.spawn();
    let of = |bench: &Bench, word: &str| {
        bench.script.handed_over().iter().filter(|(_, body)| body.contains(word)).count()
    };
    let big =
        pipeline.trigger(&bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    until("the first records", || (of(&bench, "big") >= 10).then_some(())).await;
    pipeline.trigger(&small, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    let before = of(&bench, "big");
    let between =
        until("the ten records", || (of(&bench, "small") == 10).then(|| of(&bench, "big") - before)).await;
    // The ten are four calls at a time: at most four turns of the other lie between, and the one under way.
    assert!(between <= 5 * 4, "{between} records of the other came first");
    assert_eq!(over(&bench, &big).await.counts.delivered, 300);
    pipeline.shutdown().await;
}
