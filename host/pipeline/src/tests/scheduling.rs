//! Flows that run by themselves: when, how many at once, and what becomes of the times that were missed.

use domain::audit::Actor;
use domain::run::{Cause, RunStatus};
use domain::schedule::{CatchUp, Cron, Every, Schedule};
use store::DueFlows as _;

use super::bench::Bench;
use crate::schedule::trigger_due;
use crate::trigger::trigger;

const HOUR_MS: i64 = 3_600_000;

fn hourly(catch_up: CatchUp) -> Option<Schedule> {
    Some(Schedule::Cron(Cron { cron: "0 * * * *".to_owned(), zone: "UTC".to_owned(), catch_up }))
}

#[tokio::test]
async fn the_times_of_a_downtime_are_caught_up_with_as_the_flow_says() {
    for (catch_up, runs) in [(CatchUp::Once, 1), (CatchUp::None, 0), (CatchUp::All, 4)] {
        let bench = Bench::new(&[&["a"]]).await;
        bench.change_flow(|flow| flow.schedule = hourly(catch_up)).await;
        let room = bench.room();
        trigger_due(&room).await.unwrap();
        assert_eq!(bench.runs().len(), 0, "a cron waits for its time");
        let due_at = bench.state().due_at.unwrap();
        let to_due = i64::try_from(due_at.ms_since(bench.clock.now_for_tests())).unwrap();
        bench.clock.push(to_due + 3 * HOUR_MS + HOUR_MS / 2);
        for _ in 0..20 {
            trigger_due(&room).await.unwrap();
            for run in bench.runs().into_iter().filter(|run| !run.status.is_final()) {
                bench.work(&run.id).await;
            }
        }
        assert_eq!(bench.runs().len(), runs, "{catch_up:?}");
        assert!(bench.state().due_at.unwrap() > bench.clock.now_for_tests());
    }
}

#[tokio::test]
async fn a_time_that_comes_while_the_flow_is_run_is_seen_to_when_the_run_ends() {
    let bench = Bench::new(&[&["a"]]).await;
    let every = Every { every_ms: 60_000, catch_up: CatchUp::Once };
    bench.change_flow(|flow| flow.schedule = Some(Schedule::Every(every))).await;
    let room = bench.room();
    trigger_due(&room).await.unwrap();
    let first = bench.runs().remove(0);
    assert_eq!((first.cause, first.status), (Cause::Schedule, RunStatus::Queued));
    bench.clock.push(61_000);
    trigger_due(&room).await.unwrap();
    assert_eq!(bench.runs().len(), 1);
    assert_eq!(trigger_due(&room).await.unwrap(), 0, "nobody looks at it again and again");
    bench.work(&first.id).await;
    trigger_due(&room).await.unwrap();
    assert_eq!(bench.runs().len(), 2);
}

#[tokio::test]
async fn flows_that_are_not_due_are_not_looked_at_and_starts_are_bounded() {
    let mut bench = Bench::new(&[&["a"]]).await;
    bench.options.starts_per_tick_max = 100;
    for n in 0..250 {
        bench.add_flow_with(&format!("flow-{n}"), |flow| flow.schedule = hourly(CatchUp::Once)).await;
    }
    let room = bench.room();
    let mut looks = Vec::new();
    while looks.last() != Some(&0) {
        looks.push(trigger_due(&room).await.unwrap());
    }
    assert_eq!(looks, [100, 100, 50, 0], "each is looked at once, to note its time");
    bench.clock.push(HOUR_MS + 31_000);
    assert_eq!(room.store.due_flows(room.now(), 1_000).unwrap().len(), 250);
    assert_eq!(trigger_due(&room).await.unwrap(), 100, "a stampede is let in by the hundred");
    let times: std::collections::BTreeSet<_> =
        room.store.due_flows(room.now(), 1_000).unwrap().into_iter().map(|due| due.at).collect();
    assert!(times.len() > 100, "and each has a time of its own");
}

#[tokio::test]
async fn a_run_by_hand_moves_an_interval_and_leaves_a_cron_alone() {
    let bench = Bench::new(&[&["a"]]).await;
    bench.change_flow(|flow| flow.schedule = hourly(CatchUp::Once)).await;
    let room = bench.room();
    trigger_due(&room).await.unwrap();
    let due_at = bench.state().due_at;
    let by_hand =
        trigger(&room, &bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    bench.work(&by_hand).await;
    assert!(due_at.is_some());
    assert_eq!(bench.state().due_at, due_at);
}
