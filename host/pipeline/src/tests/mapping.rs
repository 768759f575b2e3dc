//! The mapping step: what it drops, refuses and never finishes.

use domain::Blame;
use domain::flow::Seen;
use domain::run::RunStatus;
use serde_json::json;

use super::bench::Bench;

#[tokio::test]
async fn what_the_mapping_drops_is_skipped_for_good() {
    let bench = Bench::new(&[&["a", "drop-1", "b", "drop-2"]]).await;
    bench.map_with("drop").await;
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.skipped), (RunStatus::Succeeded, 2, 2));
    assert!(matches!(bench.seen("drop-2"), Some(Seen::Skipped { .. })));
    assert_eq!((run.counts.waiting(), bench.parcels().len()), (0, 0));
}

#[tokio::test]
async fn what_the_mapping_cannot_read_is_a_dead_letter_of_the_operator() {
    let bench = Bench::new(&[&["a", "refuse-1"]]).await;
    bench.map_with("refuse").await;
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 1, 1));
    let letters = bench.letters();
    let letter = letters.first().unwrap();
    assert_eq!((letter.cause.code.as_str(), letter.cause.blame), ("invalid", Blame::Operator));
    assert_eq!(letter.body, serde_json::json!({ "key": "refuse-1" }), "it is kept as the source gave it");
}

#[tokio::test]
async fn an_endless_mapping_ends_with_the_records_that_make_it_endless() {
    let bench = Bench::new(&[&["a", "loop-1", "b"]]).await;
    bench.map_with("loop").await;
    let run = bench.once().await;
    assert_eq!((run.counts.delivered, run.counts.dead_lettered), (2, 1));
    let letters = bench.letters();
    let letter = letters.first().unwrap();
    assert_eq!((letter.cause.code.as_str(), letter.cause.blame), ("cpu_limit", Blame::Operator));
}

#[tokio::test]
async fn what_the_destination_does_not_take_is_the_operators_and_never_reaches_it() {
    let bench = Bench::new(&[&["a", "b"]]).await;
    bench.take_only(json!({ "type": "object", "properties": { "key": { "enum": ["a"] } } })).await;
    let run = bench.once().await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 1, 1));
    assert_eq!(bench.script.handed_over().len(), 1, "the connector was handed what it does not take");
    let letter = bench.letters().remove(0);
    assert_eq!((letter.cause.code.as_str(), letter.cause.blame), ("invalid_input", Blame::Operator));
    assert!(letter.cause.message.contains("/key"), "the path is missing: {}", letter.cause.message);
    assert_eq!(letter.attempts.len(), 1);
    assert!(!bench.profile("bill").outcomes.iter().any(|outcome| outcome.failure.is_some()));
}

#[tokio::test]
async fn an_action_whose_schema_cannot_be_used_blocks_the_run() {
    let bench = Bench::new(&[&["a"]]).await;
    bench.take_only(json!({ "$ref": "https://example.com/schema" })).await;
    let run = bench.once().await;
    assert_eq!(run.status, RunStatus::Blocked);
    assert_eq!(run.failure.map(|failure| failure.code), Some("schema_invalid".to_owned()));
}
