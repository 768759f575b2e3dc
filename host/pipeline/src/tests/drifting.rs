//! What comes otherwise than declared: what breaks a declaration is parked, the rest is told.

use domain::Blame;
use domain::drift::Severity;
use domain::flow::{OnDrift, Seen};
use domain::run::RunStatus;
use serde_json::json;
use store::Drifts as _;

use super::bench::Bench;

fn drifted(bench: &Bench, profile: &str) -> Vec<(Severity, String, u64)> {
    let row = bench.store.drift(&bench.tenant, &profile.parse().unwrap()).unwrap();
    let drifted = row.map(|row| row.value.drifted).unwrap_or_default();
    drifted.into_iter().map(|one| (one.difference.severity, one.difference.place, one.count)).collect()
}

#[tokio::test]
async fn a_record_that_breaks_its_declaration_is_parked_before_the_mapping_and_the_others_go_on() {
    let bench = Bench::new(&[&["a", "odd", "b"]]).await;
    bench.map_with("nothing").await;
    bench
        .give_only(
            json!({ "type": "object", "properties": { "key": { "enum": ["a", "b"] } }, "required": ["key"] }),
        )
        .await;
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 2, 1));
    let letter = bench.letters().remove(0);
    assert_eq!((letter.cause.code.as_str(), letter.cause.blame), ("schema_drift", Blame::Remote));
    assert!(letter.cause.message.contains("/key"), "{}", letter.cause.message);
    assert!(!letter.cause.message.contains("odd"), "a value is told: {}", letter.cause.message);
    assert_eq!(letter.attempts.len(), 1, "it was tried again, although it stays as it is");
    assert!(matches!(bench.seen("odd"), Some(Seen::Buried { .. })));
    assert_eq!(drifted(&bench, "crm"), [(Severity::Breaking, "/key".to_owned(), 1)]);
}

#[tokio::test]
async fn a_parked_record_passes_once_the_declaration_fits_it() {
    let bench = Bench::new(&[&["odd"]]).await;
    bench.give_only(json!({ "properties": { "key": { "type": "number" } } })).await;
    bench.once().await;
    let letter = bench.letters().remove(0);
    let again = bench.replay(&letter.id).await;
    assert_eq!(bench.work(&again).await.counts.dead_lettered, 1, "it is as odd as it was");
    bench.give_only(json!({ "properties": { "key": { "type": "string" } } })).await;
    let again = bench.replay(&letter.id).await;
    let run = bench.work(&again).await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 1));
    assert_eq!(bench.script.handed_over().first().map(|(key, _)| key.clone()), Some(letter.idempotency_key));
}

#[tokio::test]
async fn a_flow_that_only_reports_lets_it_pass() {
    let bench = Bench::new(&[&["a", "b"], &["c"]]).await;
    bench.give_only(json!({ "properties": { "key": { "type": "number" } } })).await;
    bench.change_flow(|flow| flow.delivery.drift = OnDrift::Report).await;
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 3));
    assert_eq!(drifted(&bench, "crm"), [(Severity::Breaking, "/key".to_owned(), 3)]);
}

#[tokio::test]
async fn what_is_new_is_told_and_stops_nothing() {
    let bench = Bench::new(&[&["a", "b"]]).await;
    bench.give_only(json!({ "type": "object", "properties": { "id": {} } })).await;
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 2));
    assert_eq!(drifted(&bench, "crm"), [(Severity::Additive, "/key".to_owned(), 2)]);
}

#[tokio::test]
async fn what_a_destination_answers_otherwise_is_told_of_the_destination() {
    let bench = Bench::new(&[&["a"]]).await;
    bench.answer_with(json!({ "type": "object", "required": ["id"] })).await;
    let run = bench.once().await;
    assert_eq!(
        (run.status, run.counts.delivered),
        (RunStatus::Succeeded, 1),
        "it was delivered all the same"
    );
    assert_eq!(drifted(&bench, "bill"), [(Severity::Breaking, "/id".to_owned(), 1)]);
    assert_eq!(drifted(&bench, "crm"), []);
}
