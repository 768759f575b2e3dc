//! What becomes of accepted records: delivered, retried, buried, kept.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use domain::Blame;
use domain::call::{Fault, GuestError};
use domain::dead_letter::DeadLetterState;
use domain::flow::Seen;
use domain::profile::Status;
use domain::run::RunStatus;

use super::bench::Bench;
use super::script::Does;

fn says(error: fn(String) -> GuestError) -> Does {
    Does::Says(error("so it is".to_owned()))
}

fn fate(bench: &Bench, key: &str, fates: Vec<Does>) {
    bench.script.fates.lock().unwrap().insert(key.to_owned(), fates);
}

fn keys_used(bench: &Bench, record: &str) -> Vec<String> {
    let body = format!("{{\"key\":\"{record}\"}}");
    bench.script.handed_over().into_iter().filter(|(_, b)| *b == body).map(|(key, _)| key).collect()
}

#[tokio::test]
async fn every_record_is_delivered_in_order_in_batches_and_counted() {
    let bench = Bench::new(&[&["a", "b", "c", "d"], &["e"]]).await;
    bench.script.denied.store(1, Ordering::SeqCst);
    let run = bench.once().await;
    assert_eq!(run.status, RunStatus::Succeeded);
    assert_eq!((run.counts.read, run.counts.delivered, run.counts.waiting()), (5, 5, 0));
    assert_eq!((run.counts.retried, run.counts.denied), (0, 3));
    let sizes: Vec<usize> = bench.script.batches.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 1, 1]);
    assert!(run.lease.is_none() && run.finished_at.is_some());
    assert!(matches!(bench.seen("e"), Some(Seen::Delivered { .. })));
    assert!(bench.parcels().is_empty());
    assert_eq!(bench.status("crm"), Status::Active);
    assert_eq!(bench.status("bill"), Status::Active);
}

#[tokio::test]
async fn a_record_that_fails_at_first_is_tried_again_under_the_same_key() {
    let bench = Bench::new(&[&["a", "b"]]).await;
    fate(&bench, "a", vec![says(GuestError::Transient), says(GuestError::Transient)]);
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.retried), (RunStatus::Succeeded, 2, 2));
    let keys = keys_used(&bench, "a");
    assert_eq!(keys.len(), 3);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(keys_used(&bench, "b").len(), 1);
}

#[tokio::test]
async fn a_record_whose_attempts_are_spent_becomes_a_dead_letter_with_all_of_them() {
    let bench = Bench::new(&[&["a", "b"]]).await;
    fate(&bench, "a", vec![says(GuestError::Transient); 9]);
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 1, 1));
    let letters = bench.letters();
    let letter = letters.first().unwrap();
    assert_eq!((letters.len(), letter.attempts.len()), (1, 3));
    assert_eq!(letter.attempts.iter().map(|attempt| attempt.n).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((letter.cause.code.as_str(), letter.cause.blame), ("transient", Blame::Remote));
    assert_eq!((letter.run.clone(), letter.state.clone()), (run.id.clone(), DeadLetterState::Parked));
    assert_eq!(vec![letter.idempotency_key.clone(); 3], keys_used(&bench, "a"));
    assert!(matches!(bench.seen("a"), Some(Seen::Buried { .. })));
}

#[tokio::test]
async fn what_cannot_work_later_is_buried_at_once() {
    let bench = Bench::new(&[&["a"]]).await;
    fate(&bench, "a", vec![says(GuestError::Invalid)]);
    let run = bench.once().await;
    assert_eq!((run.counts.dead_lettered, run.counts.retried), (1, 0));
    assert_eq!(bench.letters().first().unwrap().cause.code, "invalid");
}

#[tokio::test]
async fn an_unknown_outcome_is_repeated_only_where_the_remote_recognises_the_key() {
    let bench = Bench::new(&[&["a"]]).await;
    fate(&bench, "a", vec![says(GuestError::Ambiguous)]);
    assert_eq!(bench.once().await.counts.delivered, 1);

    let bench = Bench::new(&[&["a"]]).await;
    bench.forget_idempotency().await;
    fate(&bench, "a", vec![says(GuestError::Ambiguous)]);
    assert_eq!(bench.once().await.counts.dead_lettered, 1);
    assert_eq!(bench.letters().first().unwrap().cause.code, "ambiguous");
    assert_eq!(keys_used(&bench, "a").len(), 1);
}

#[tokio::test]
async fn a_record_that_breaks_the_connector_does_not_take_its_neighbours_with_it() {
    let bench = Bench::new(&[&["a", "poison", "b"]]).await;
    fate(&bench, "poison", vec![Does::Breaks(Fault::Trap); 9]);
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 2, 1));
    let letters = bench.letters();
    let letter = letters.first().unwrap();
    assert_eq!(
        (letter.key.as_str(), letter.cause.code.as_str(), letter.attempts.len()),
        ("poison", "trap", 2)
    );
    assert_eq!(letter.cause.blame, Blame::Guest);
}

#[tokio::test]
async fn a_call_that_broke_after_it_had_acted_is_not_repeated_blindly() {
    let bench = Bench::new(&[&["a"]]).await;
    bench.forget_idempotency().await;
    fate(&bench, "a", vec![Does::ActsAndBreaks(Fault::WallLimit)]);
    bench.once().await;
    assert_eq!(bench.letters().first().unwrap().cause.code, "ambiguous");
    assert_eq!(keys_used(&bench, "a").len(), 1);
}

#[tokio::test]
async fn a_wait_that_the_remote_asks_for_uses_up_no_attempt_and_holds_the_others_back() {
    let bench = Bench::new(&[&["a", "b", "c", "d"]]).await;
    let limited = || Does::Hears(429, Some(120), GuestError::RateLimited { wait_ms: None });
    fate(&bench, "a", vec![limited(), limited(), limited(), says(GuestError::Transient)]);
    let began = tokio::time::Instant::now();
    let run = bench.once().await;
    assert!(began.elapsed().as_millis() >= 360);
    assert_eq!((run.counts.delivered, run.counts.dead_lettered, run.counts.retried), (4, 0, 4));
    let batches = bench.script.batches.lock().unwrap().clone();
    let second: Vec<&str> = batches.get(1).unwrap().iter().map(|(_, body)| body.as_str()).collect();
    assert_eq!(second, ["{\"key\":\"a\"}", "{\"key\":\"d\"}"], "d waited as long as a");
}

#[tokio::test]
async fn a_profile_that_is_disabled_is_not_used_for_one_more_call() {
    let bench = Bench::new(&[&["a", "b", "c", "d"]]).await;
    bench.script.gated.store(true, Ordering::SeqCst);
    let run = bench.trigger().await;
    let (worked, ()) = tokio::join!(bench.work(&run), async {
        while bench.script.handed_over().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        bench.change_profile("bill", |profile| profile.enabled = false).await;
        bench.script.gate.notify_one();
    });
    assert_eq!((worked.status, worked.counts.delivered), (RunStatus::Failed, 3));
    assert_eq!(worked.failure.unwrap().code, "profile_disabled");
    assert_eq!(bench.parcels().len(), 1);
}
