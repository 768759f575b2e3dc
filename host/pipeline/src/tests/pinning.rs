//! A run ends with what it began with: the definition of its flow, and the versions of its connectors.

use domain::call::GuestError;
use domain::flow::Mapping;
use domain::run::RunStatus;

use super::bench::Bench;
use super::script::Does;

#[tokio::test]
async fn a_run_follows_the_definition_that_it_began_with() {
    let bench = Bench::new(&[&["a", "drop"]]).await;
    let old = bench.trigger().await;
    bench
        .change_flow(|flow| {
            flow.version = 2;
            flow.mapping = Some(Mapping { jq: "drop".to_owned() });
        })
        .await;
    let run = bench.work(&old).await;
    assert_eq!((run.flow_version, run.counts.delivered, run.counts.skipped), (1, 2, 0));
    bench.give(&[&["a", "drop"], &["drop-2"]]);
    bench.change_flow(|flow| flow.version = 3).await;
    let run = bench.once().await;
    assert_eq!((run.flow_version, run.counts.skipped), (3, 1));
}

#[tokio::test]
async fn a_definition_that_is_no_longer_kept_ends_the_run_with_a_reason() {
    let bench = Bench::new(&[&["a"]]).await;
    let old = bench.trigger().await;
    for version in 2..60 {
        bench.change_flow(|flow| flow.version = version).await;
    }
    let run = bench.work(&old).await;
    assert_eq!((run.status, run.failure.unwrap().code.as_str()), (RunStatus::Blocked, "flow_version_gone"));
}

#[tokio::test]
async fn a_run_calls_the_versions_that_it_began_with_or_ends_with_a_reason() {
    let bench = Bench::new(&[&["a"]]).await;
    let invalid = || Does::Says(GuestError::Invalid(String::new()));
    *bench.script.otherwise.lock().unwrap() = Some(invalid());
    let old = bench.trigger().await;
    bench.upgrade("bill", "1.1.0").await;
    let run = bench.work(&old).await;
    assert_eq!(run.pins.unwrap().destination.version.to_string(), "1.0.0");
    assert_eq!(bench.letters().first().unwrap().connector.version.to_string(), "1.0.0");

    bench.give(&[&["a"], &["b"]]);
    let newer = bench.trigger().await;
    bench.upgrade("bill", "1.2.0").await;
    bench.remove_connector("bill", "1.1.0").await;
    let run = bench.work(&newer).await;
    assert_eq!((run.status, run.failure.unwrap().code.as_str()), (RunStatus::Blocked, "pinned_version_gone"));
}
