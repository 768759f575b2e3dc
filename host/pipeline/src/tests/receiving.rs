//! Events that systems send: taken once, read into the outbox, and never lost between the two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::CorrelationId;
use domain::dead_letter::DeadLetterState;
use domain::hook::{Hook, Mark, Raw};
use domain::run::{Cause, Run, RunStatus};
use store::Inbox as _;

use super::bench::{Bench, TestRandomness};
use super::crash::cut;
use crate::error::PipelineError;
use crate::inbox::{Arrival, Taken, accept};

const PATIENCE: Duration = Duration::from_secs(20);

fn arrival(id: &str, body: &str) -> Arrival {
    Arrival {
        marks: vec![Mark::of_event_id(id)],
        event_id: Some(id.to_owned()),
        headers: Vec::new(),
        body: Raw(body.as_bytes().to_vec()),
        correlation: CorrelationId::make(&TestRandomness::default()),
    }
}

pub(super) async fn take(bench: &Bench, hook: &Hook, id: &str, body: &str) -> Result<Taken, PipelineError> {
    accept(&bench.room(), &bench.tenant, hook, &arrival(id, body)).await.map(|(taken, _)| taken)
}

fn waiting(bench: &Bench) -> u64 {
    bench.store.count_events(&bench.tenant).unwrap()
}

async fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = found() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

fn keys(bench: &Bench) -> Vec<String> {
    let parsed = |(_, body): (String, String)| serde_json::from_str::<serde_json::Value>(&body).unwrap();
    bench
        .script
        .handed_over()
        .into_iter()
        .map(|one| parsed(one)["key"].as_str().unwrap().to_owned())
        .collect()
}

fn over(bench: &Bench) -> Option<Run> {
    bench.runs().into_iter().next().filter(|run| run.status.is_final())
}

#[tokio::test]
async fn an_event_is_delivered_at_once_by_a_run_under_its_own_trace() {
    let mut bench = Bench::new(&[]).await;
    bench.options.tick_ms = 3_600_000;
    let hook = bench.listen().await;
    let pipeline = bench.pipeline();
    pipeline.spawn();
    // The first tick is over; from here on only the event itself can wake anybody.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let arrival = arrival("evt_1", "a b");
    assert_eq!(pipeline.accept(&bench.tenant, &hook, &arrival).await.unwrap(), Taken::New);
    let run = until("the run's end", || over(&bench)).await;
    assert_eq!((run.cause, run.status), (Cause::Webhook, RunStatus::Succeeded), "{:?}", run.failure);
    assert_eq!((run.counts.read, run.counts.delivered), (2, 2));
    assert_eq!(run.correlation, arrival.correlation);
    assert_eq!((keys(&bench), waiting(&bench)), (vec!["a".to_owned(), "b".to_owned()], 0));
    assert_eq!(bench.script.polls.load(Ordering::SeqCst), 0, "such a source is never polled");
    pipeline.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_event_from_a_hundred_sides_is_taken_once() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    let room = bench.room();
    let asked = (0..100).map(|_| {
        let (room, tenant, hook) = (room.clone(), bench.tenant.clone(), hook.clone());
        tokio::spawn(async move { accept(&room, &tenant, &hook, &arrival("evt_1", "a")).await.unwrap().0 })
    });
    let asked: Vec<_> = asked.collect();
    let mut new = 0;
    for one in asked {
        new += usize::from(one.await.unwrap() == Taken::New);
    }
    assert_eq!((new, waiting(&bench)), (1, 1));
    // It is known for a week, and then it would be another one.
    bench.clock.push(7 * 86_400_000 - 60_000);
    assert_eq!(take(&bench, &hook, "evt_1", "a").await.unwrap(), Taken::Again);
    bench.clock.push(120_000);
    assert_eq!(take(&bench, &hook, "evt_1", "a").await.unwrap(), Taken::New);
    // The record was seen, whatever became of the memory of its event.
    let run = bench.once().await;
    assert_eq!((run.counts.delivered, run.counts.duplicate), (1, 1));
}

#[tokio::test]
async fn one_run_takes_whatever_arrives_while_it_is_open() {
    let mut bench = Bench::new(&[]).await;
    bench.options.tick_ms = 3_600_000;
    bench.script.gated.store(true, Ordering::SeqCst);
    let hook = bench.listen().await;
    let pipeline = bench.pipeline();
    pipeline.spawn();
    for n in 0..40 {
        let arrival = arrival(&format!("evt_{n}"), &format!("k{n:02}"));
        pipeline.accept(&bench.tenant, &hook, &arrival).await.unwrap();
    }
    bench.script.gated.store(false, Ordering::SeqCst);
    until("all of them", || {
        bench.script.gate.notify_one();
        (keys(&bench).len() >= 40).then_some(())
    })
    .await;
    until("the run's end", || over(&bench)).await;
    let delivered: BTreeSet<String> = keys(&bench).into_iter().collect();
    assert_eq!((delivered.len(), waiting(&bench)), (40, 0));
    assert!(bench.runs().len() <= 3, "{} runs for forty events", bench.runs().len());
    pipeline.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_that_keeps_the_event_and_comes_back() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    take(&bench, &hook, "evt_1", "a refuse").await.unwrap();
    take(&bench, &hook, "evt_2", "b").await.unwrap();
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 1, 1));
    let letter = bench.letters().remove(0);
    assert_eq!((letter.cause.code.as_str(), waiting(&bench)), ("invalid", 0));
    assert_eq!(letter.event.as_ref().unwrap().body, Raw(b"a refuse".to_vec()));

    // Once more in vain: it is the same letter, parked again.
    let again = bench.replay(&letter.id).await;
    assert!(matches!(bench.letters()[0].state, DeadLetterState::Replaying { .. }));
    bench.work(&again).await;
    assert_eq!((bench.letters().len(), bench.letters()[0].state.clone()), (1, DeadLetterState::Parked));

    bench.script.mended.store(true, Ordering::SeqCst);
    let again = bench.replay(&letter.id).await;
    let run = bench.work(&again).await;
    assert_eq!((run.cause, run.counts.delivered), (Cause::Webhook, 2), "{:?}", run.failure);
    assert!(matches!(bench.letters()[0].state, DeadLetterState::Resolved { .. }));
    assert_eq!(keys(&bench), ["b", "a", "refuse"]);
}

#[tokio::test]
async fn what_fails_for_a_while_is_tried_again_and_holds_up_nothing_behind_it() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    take(&bench, &hook, "evt_1", "later").await.unwrap();
    take(&bench, &hook, "evt_2", "b").await.unwrap();
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 2), "{:?}", run.failure);
    assert_eq!(keys(&bench), ["b", "later"]);
    assert_eq!(bench.script.received.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_connector_that_breaks_costs_its_event_and_no_other() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    for (id, body) in [("evt_1", "break"), ("evt_2", "b"), ("evt_3", "c")] {
        take(&bench, &hook, id, body).await.unwrap();
    }
    let run = bench.once().await;
    assert_eq!((run.counts.delivered, run.counts.dead_lettered), (2, 1));
    assert_eq!(bench.letters()[0].event.as_ref().unwrap().event_id.as_deref(), Some("evt_1"));
}

#[tokio::test]
async fn an_inbox_that_is_full_refuses_and_takes_again_when_there_is_room() {
    let mut bench = Bench::new(&[]).await;
    bench.options.inbox_events_max = 3;
    let hook = bench.listen().await;
    for n in 0..3 {
        take(&bench, &hook, &format!("evt_{n}"), "a").await.unwrap();
    }
    let full = take(&bench, &hook, "evt_3", "a").await.unwrap_err();
    assert!(matches!(full, PipelineError::InboxFull { held: 3, max: 3 }), "{full}");
    // What is known is no burden, and is not refused.
    assert_eq!(take(&bench, &hook, "evt_1", "a").await.unwrap(), Taken::Again);
    bench.once().await;
    assert_eq!(take(&bench, &hook, "evt_3", "a").await.unwrap(), Taken::New);
}

#[tokio::test]
async fn every_flow_of_the_trigger_gets_the_event_and_without_one_it_is_not_taken() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    let elsewhere = Hook { trigger: "others".to_owned(), ..hook.clone() };
    let refused = take(&bench, &elsewhere, "evt_1", "a").await.unwrap_err();
    assert_eq!(refused.code(), "no_flow");
    bench.add_flow("second").await;
    take(&bench, &hook, "evt_1", "a").await.unwrap();
    assert_eq!(waiting(&bench), 2);
    let of = |name: &str| bench.store.count_events_of(&bench.tenant, &name.parse().unwrap()).unwrap();
    assert_eq!((of("deals"), of("second")), (1, 1));
}

#[tokio::test]
async fn events_of_an_earlier_process_are_found_at_the_first_tick() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    take(&bench, &hook, "evt_1", "a").await.unwrap();
    let pipeline = bench.pipeline();
    pipeline.spawn();
    until("the run's end", || over(&bench)).await;
    assert_eq!((keys(&bench), waiting(&bench)), (vec!["a".to_owned()], 0));
    pipeline.shutdown().await;
}

#[tokio::test]
async fn killed_anywhere_between_inbox_and_outbox_nothing_is_lost_and_nothing_is_read_into_it_twice() {
    let mut finished = false;
    for polls in 1.. {
        let mut bench = Bench::new(&[]).await;
        bench.options.exclusive = true;
        let hook = bench.listen().await;
        for (id, body) in [("evt_1", "a b"), ("evt_2", "refuse"), ("evt_3", "c")] {
            take(&bench, &hook, id, body).await.unwrap();
        }
        let run = bench.trigger().await;
        finished = cut(Box::pin(bench.work_in(bench.room(), &run)), polls).await.is_some();
        bench.settled().await;
        let done = bench.work(&run).await;
        assert_eq!((done.status, done.counts.waiting()), (RunStatus::Partial, 0), "after {polls} polls");
        assert_eq!((done.counts.read, done.counts.delivered, done.counts.dead_lettered), (4, 3, 1));
        assert_eq!((bench.letters().len(), bench.parcels().len(), waiting(&bench)), (1, 0, 0));
        let mut by_record: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (key, body) in bench.script.handed_over() {
            by_record.entry(body).or_default().insert(key);
        }
        assert_eq!(by_record.len(), 3);
        assert!(by_record.values().all(|keys| keys.len() == 1), "two keys for one record: {by_record:?}");
        if finished {
            break;
        }
    }
    assert!(finished);
}

#[tokio::test]
async fn a_flow_that_failed_for_its_events_is_left_alone_for_a_while() {
    let mut bench = Bench::new(&[]).await;
    bench.options.tick_ms = 5;
    let hook = bench.listen().await;
    bench.change_profile("bill", |profile| profile.enabled = false).await;
    take(&bench, &hook, "evt_1", "a").await.unwrap();
    let pipeline = bench.pipeline();
    pipeline.spawn();
    let run = until("a blocked run", || over(&bench)).await;
    assert_eq!(run.status, RunStatus::Blocked);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!((bench.runs().len(), waiting(&bench)), (1, 1));
    bench.change_profile("bill", |profile| profile.enabled = true).await;
    bench.clock.push(31_000);
    until("the event", || (waiting(&bench) == 0).then_some(())).await;
    pipeline.shutdown().await;
}
