//! Which records wait for which, and how many are on their way at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::call::{GuestError, Page, PolledRecord};
use domain::flow::Order;
use domain::run::RunStatus;

use super::bench::Bench;
use super::script::{Does, Gives};

/// Five records of two customers.
async fn bench(order: Order, batch: u32, parallel: u32) -> Bench {
    let bench = Bench::new(&[]).await;
    let record = |key: &str| PolledRecord {
        key: key.to_owned(),
        body: format!("{{\"key\":\"{key}\",\"customer\":{{\"id\":\"{}\"}}}}", &key[..1]),
    };
    let records = ["a1", "b1", "a2", "b2", "a3"].map(record).into();
    *bench.script.pages.lock().unwrap() =
        vec![Gives::Page(Page { records, next: Some("1".to_owned()), more: false })];
    bench
        .change_flow(|flow| {
            flow.delivery.order = order;
            flow.delivery.order_key = (order == Order::PerKey).then(|| "/customer/id".to_owned());
            (flow.delivery.batch, flow.delivery.parallel) = (batch, parallel);
            (flow.delivery.retry.base_ms, flow.delivery.retry.cap_ms) = (80, 80);
        })
        .await;
    bench
}

fn keys(bench: &Bench) -> Vec<Vec<String>> {
    let key = |body: &str| {
        serde_json::from_str::<serde_json::Value>(body).unwrap()["key"].as_str().unwrap().to_owned()
    };
    let batches = bench.script.batches.lock().unwrap();
    batches.iter().map(|batch| batch.iter().map(|(_, body)| key(body)).collect()).collect()
}

fn stumbles(bench: &Bench, key: &str) {
    let transient = Does::Says(GuestError::Transient("later".to_owned()));
    bench.script.fates.lock().unwrap().insert(key.to_owned(), vec![transient]);
}

#[tokio::test]
async fn a_record_that_fails_holds_back_later_ones_of_its_key_and_no_others() {
    let bench = bench(Order::PerKey, 10, 1).await;
    stumbles(&bench, "a1");
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 5));
    let batches = keys(&bench);
    assert_eq!(batches[0], ["a1", "b1"], "no key twice in one call");
    let all: Vec<String> = batches.concat();
    let of = |customer: char| all.iter().filter(|key| key.starts_with(customer)).cloned().collect::<Vec<_>>();
    assert_eq!(of('a'), ["a1", "a1", "a2", "a3"]);
    assert_eq!(of('b'), ["b1", "b2"]);
    let place = |key: &str| all.iter().rposition(|found| found == key).unwrap();
    assert!(place("b2") < place("a1"), "the other customer does not wait: {all:?}");
}

#[tokio::test]
async fn under_a_strict_order_every_record_waits_for_all_before_it() {
    let bench = bench(Order::Strict, 10, 1).await;
    stumbles(&bench, "b1");
    assert_eq!(bench.once().await.counts.delivered, 5);
    assert_eq!(keys(&bench).concat(), ["a1", "b1", "b1", "a2", "b2", "a3"]);
    assert!(keys(&bench).iter().all(|batch| batch.len() == 1));
}

#[tokio::test]
async fn several_batches_are_on_their_way_at_once_and_no_more_than_allowed() {
    let bench = bench(Order::None, 1, 3).await;
    bench.script.gated.store(true, Ordering::SeqCst);
    let run = bench.trigger().await;
    let (worked, ()) = tokio::join!(bench.work(&run), async {
        while keys(&bench).len() < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(keys(&bench).len(), 3);
        bench.script.gated.store(false, Ordering::SeqCst);
        bench.script.gate.notify_waiters();
    });
    assert_eq!((worked.status, worked.counts.delivered), (RunStatus::Succeeded, 5));
}

#[tokio::test]
async fn the_next_page_is_read_while_batches_are_on_their_way() {
    let bench = Bench::new(&[&["a"], &["b"], &["c"]]).await;
    bench.change_flow(|flow| flow.delivery.parallel = 2).await;
    bench.script.gated.store(true, Ordering::SeqCst);
    let run = bench.trigger().await;
    let (worked, ()) = tokio::join!(bench.work(&run), async {
        while bench.script.polls.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bench.script.gated.store(false, Ordering::SeqCst);
        bench.script.gate.notify_waiters();
    });
    assert_eq!((worked.status, worked.counts.delivered), (RunStatus::Succeeded, 3));
}
