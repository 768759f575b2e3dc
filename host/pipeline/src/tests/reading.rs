//! What becomes of a source's pages: taken whole, once, and no faster than they can be delivered.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Blame;
use domain::call::{Fault, GuestError, Page, PolledRecord};
use domain::run::RunStatus;
use serde_json::json;
use store::{LogFilter, Logs as _, Paging};

use super::bench::Bench;
use super::script::{Does, Gives, page};

#[tokio::test]
async fn a_record_is_taken_once_however_often_it_is_given() {
    let bench = Bench::new(&[&["a", "b", "a"], &["b", "c"]]).await;
    let run = bench.once().await;
    assert_eq!((run.counts.read, run.counts.duplicate, run.counts.delivered), (5, 2, 3));
    assert_eq!(bench.state().cursor, Some(json!(2)));

    *bench.script.pages.lock().unwrap() =
        vec![page(&[], 0, false), page(&[], 1, false), page(&["c", "d"], 3, false)];
    let run = bench.once().await;
    assert_eq!((run.counts.read, run.counts.duplicate, run.counts.delivered), (2, 1, 1));
    assert_eq!(bench.script.handed_over().len(), 4);
}

#[tokio::test]
async fn nothing_of_a_page_is_taken_unless_all_of_it_can_be() {
    let bench = Bench::new(&[]).await;
    let record = |key: &str| PolledRecord { key: key.to_owned(), body: "{}".to_owned() };
    let broken = Page { records: vec![record("a"), record("")], next: Some("1".to_owned()), more: false };
    *bench.script.pages.lock().unwrap() = vec![Gives::Page(broken)];
    let run = bench.once().await;
    let failure = run.failure.unwrap();
    assert_eq!(
        (run.status, failure.code.as_str(), failure.blame),
        (RunStatus::Failed, "invalid_record", Blame::Guest)
    );
    assert_eq!((bench.seen("a"), bench.parcels().len(), bench.state().cursor), (None, 0, None));
}

#[tokio::test]
async fn a_source_that_stumbles_is_asked_again() {
    let bench = Bench::new(&[&["a"]]).await;
    // No remote asked for the wait on the wire, so it uses an attempt up like the others.
    bench.change_flow(|flow| flow.delivery.retry.attempts_max = 4).await;
    *bench.script.stumbles.lock().unwrap() = vec![
        Gives::Says(GuestError::Transient(String::new())),
        Gives::Breaks(Fault::Trap),
        Gives::Says(GuestError::RateLimited { wait_ms: Some(1) }),
    ];
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 1));
    assert_eq!(bench.script.polls.load(Ordering::SeqCst), 4);
    let logs = bench.store.logs(&bench.tenant, &LogFilter::default(), &Paging::first(10)).unwrap();
    let failed = |entry: &&domain::log::LogEntry| matches!(entry.event, domain::log::LogEvent::Failed { .. });
    assert_eq!(logs.items.iter().filter(failed).count(), 1, "the trap is in the log");
}

#[tokio::test]
async fn what_was_accepted_is_delivered_though_the_source_fails_later() {
    let bench = Bench::new(&[&["a", "b"], &["c"]]).await;
    bench.script.pages.lock().unwrap()[1] = Gives::Says(GuestError::Permanent("gone".to_owned()));
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Failed, 2));
    assert_eq!(run.failure.unwrap().code, "permanent");
}

#[tokio::test]
async fn a_source_that_leads_back_to_the_same_page_is_stopped() {
    let bench = Bench::new(&[]).await;
    *bench.script.pages.lock().unwrap() = vec![page(&["a"], 1, true), page(&["b"], 0, true)];
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Failed, 2));
    assert_eq!(run.failure.unwrap().code, "cursor_stuck");
    assert!(bench.script.polls.load(Ordering::SeqCst) < 10);
}

#[tokio::test]
async fn a_run_reads_a_bounded_number_of_pages_and_the_next_one_goes_on() {
    let mut bench = Bench::new(&[&["a"], &["b"], &["c"]]).await;
    bench.options.pages_max = 2;
    assert_eq!(bench.once().await.counts.delivered, 2);
    assert_eq!(bench.once().await.counts.delivered, 1);
}

#[tokio::test]
async fn no_page_is_read_while_too_many_records_wait() {
    let keys: Vec<String> = (0..50).map(|n| format!("k{n}")).collect();
    let pages: Vec<Vec<&str>> =
        keys.chunks(5).map(|page| page.iter().map(String::as_str).collect()).collect();
    let pages: Vec<&[&str]> = pages.iter().map(Vec::as_slice).collect();
    let mut bench = Bench::new(&pages).await;
    (bench.options.waiting_max, bench.options.suspend_after_ms) = (12, u64::MAX);
    bench
        .change_flow(|flow| (flow.delivery.retry.base_ms, flow.delivery.retry.cap_ms) = (600_000, 600_000))
        .await;
    *bench.script.otherwise.lock().unwrap() = Some(Does::Says(GuestError::Transient(String::new())));
    let run = bench.trigger().await;
    // The destination is down: the run waits, and what waits stays bounded.
    let stuck = tokio::time::timeout(Duration::from_millis(300), bench.work(&run)).await;
    assert!(stuck.is_err());
    assert_eq!(bench.parcels().len(), 15);
    assert_eq!(bench.script.polls.load(Ordering::SeqCst), 3);
}
