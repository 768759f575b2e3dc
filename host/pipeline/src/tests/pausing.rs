//! A flow that stands still at a record, a run that somebody ends, and one that is too late.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::audit::Actor;
use domain::call::GuestError;
use domain::flow::{OnDeadline, OnSpent, Order};
use domain::run::{Cause, RunStatus};

use super::bench::Bench;
use super::script::Does;
use crate::cancel::cancel;
use crate::error::PipelineError;
use crate::resume::resume;
use crate::trigger::trigger;

fn fails(bench: &Bench, key: &str, times: usize) {
    let transient = Does::Says(GuestError::Transient("later".to_owned()));
    bench.script.fates.lock().unwrap().insert(key.to_owned(), vec![transient; times]);
}

fn keys_used(bench: &Bench) -> Vec<String> {
    bench.script.handed_over().into_iter().map(|(_, body)| body).collect()
}

#[tokio::test]
async fn a_flow_stands_still_at_the_record_that_gave_up_and_goes_on_with_it() {
    let bench = Bench::new(&[&["a", "b", "c"]]).await;
    bench
        .change_flow(|flow| {
            (flow.delivery.on_spent, flow.delivery.order) = (OnSpent::Pause, Order::Strict);
        })
        .await;
    fails(&bench, "b", 4);
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Failed, 1));
    assert_eq!(run.failure.unwrap().code, "flow_paused");
    let paused = bench.state().paused.unwrap();
    assert_eq!((paused.key.as_str(), paused.reason.code.as_str()), ("b", "transient"));
    assert_eq!((bench.parcels().len(), bench.letters().len()), (2, 0));
    for cause in [Cause::Manual, Cause::Schedule] {
        let refused = trigger(&bench.room(), &bench.tenant, &bench.flow, cause, &Actor::Library, None).await;
        assert!(matches!(refused, Err(PipelineError::FlowPaused { .. })));
    }

    let id = resume(&bench.room(), &bench.tenant, &bench.flow, &Actor::Library).await.unwrap();
    let run = bench.work(&id).await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 2), "{:?}", run.failure);
    let order: Vec<String> =
        ["a", "b", "b", "b", "b", "b", "c"].map(|key| format!("{{\"key\":\"{key}\"}}")).into();
    assert_eq!(keys_used(&bench), order, "three attempts, and new ones after the resumption");
    let used: BTreeSet<_> = bench.script.handed_over().into_iter().collect();
    assert_eq!(used.len(), 3, "each record under one key");
    let again = resume(&bench.room(), &bench.tenant, &bench.flow, &Actor::Library).await;
    assert!(matches!(again, Err(PipelineError::NotPaused(_))));
}

#[tokio::test]
async fn a_run_that_nobody_works_on_is_cancelled_at_once() {
    let bench = Bench::new(&[&["a"]]).await;
    let id = bench.trigger().await;
    cancel(&bench.room(), &bench.tenant, &id, &Actor::Library).await.unwrap();
    let run = bench.run(&id);
    assert_eq!((run.status, run.failure.unwrap().code.as_str()), (RunStatus::Cancelled, "cancelled"));
    let again = cancel(&bench.room(), &bench.tenant, &id, &Actor::Library).await;
    assert!(matches!(again, Err(PipelineError::RunOver(_))));
    assert_eq!(bench.once().await.counts.delivered, 1, "the flow is free");
}

#[tokio::test]
async fn a_cancelled_run_lets_its_call_finish_and_leaves_the_rest_for_the_next() {
    let bench = Bench::new(&[&["a", "b", "c", "d"]]).await;
    bench.script.gated.store(true, Ordering::SeqCst);
    let room = bench.room();
    let id = bench.trigger().await;
    let ((), ()) = tokio::join!(bench.work_in(room.clone(), &id), async {
        while bench.script.handed_over().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        cancel(&room, &bench.tenant, &id, &Actor::Library).await.unwrap();
        assert_eq!(bench.run(&id).status, RunStatus::Running);
        bench.script.gated.store(false, Ordering::SeqCst);
        bench.script.gate.notify_waiters();
    });
    let run = bench.run(&id);
    assert_eq!((run.status, run.counts.delivered, run.counts.waiting()), (RunStatus::Cancelled, 3, 1));
    assert_eq!(bench.parcels().len(), 1);
    assert_eq!(bench.once().await.counts.delivered, 1);
    assert_eq!(bench.script.handed_over().len(), 4, "nothing was delivered twice");
}

#[tokio::test]
async fn what_is_not_delivered_by_the_deadline_is_kept_or_buried() {
    for on_deadline in [OnDeadline::Keep, OnDeadline::Bury] {
        let mut bench = Bench::new(&[&["a", "b"]]).await;
        bench.options.suspend_after_ms = 0;
        bench
            .change_flow(|flow| {
                (flow.delivery.deadline_ms, flow.delivery.on_deadline) = (Some(5_000), on_deadline);
                (flow.delivery.retry.base_ms, flow.delivery.retry.cap_ms) = (600_000, 600_000);
            })
            .await;
        fails(&bench, "b", 9);
        let id = bench.trigger().await;
        let waiting = bench.work(&id).await;
        assert_eq!(waiting.status, RunStatus::Suspended);
        assert_eq!(waiting.suspension.map(|suspension| suspension.until), waiting.deadline_at);
        bench.clock.push(5_001);
        let run = bench.work(&id).await;
        assert_eq!((run.status, run.failure.unwrap().code.as_str()), (RunStatus::Failed, "deadline_passed"));
        let buried = on_deadline == OnDeadline::Bury;
        assert_eq!((bench.parcels().len(), bench.letters().len()), if buried { (0, 1) } else { (1, 0) });
    }
}
