//! Host calls that would wait for ever: the time of the whole call bounds them, and what they held is given back.

use lockgate::LogFilter;
use lockgate::domain::exchange::ExchangeOutcome;
use lockgate::domain::log::LogEvent;
use serde_json::json;

use super::ends_as;
use crate::harness::aftermath::{Scene, limits};
use crate::harness::{CANARY, Echo, Tarpit, profile, reaching};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_waits_for_a_clock_is_ended_by_the_clock_of_the_host() {
    let scene = Scene::new().await;
    for name in ["waits_for_ever", "polls_for_ever"] {
        ends_as(&scene, name, &["wall_limit"]).await;
    }
    ends_as(&scene, "polls_nothing", &["trap"]).await;
}

/// A host with a slow remote, and a profile of mallory's that may call it.
async fn scene() -> (Scene, Tarpit) {
    let (echo, tarpit) = (Echo::start().await, Tarpit::start().await);
    let host = reaching(&[&echo.url, &tarpit.url]).limits(limits()).build().await.unwrap();
    let scene = Scene::of(host, echo).await;
    scene.mallory.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    profile(&scene.mallory, "probe", "prober", &tarpit.url, CANARY, &["things:read"]).await;
    (scene, tarpit)
}

/// Fetches twice as the guest; the last status, or the code with which the call ended. A request may take as long as
/// its call, so at the end of that time either may notice first; the second fetch is then beyond it.
async fn fetch(scene: &Scene, url: String) -> String {
    let tenant = scene.mallory.clone();
    let called = scene.during(async move {
        tenant.call(&"probe".parse().unwrap(), "fetch", vec![json!({ "url": url }); 2], None).await
    });
    match called.await {
        Ok(called) => called.results[1].as_ref().unwrap()["status"].to_string(),
        Err(error) => error.code.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_that_never_answers_holds_a_call_for_its_time_and_leaves_a_row() {
    let (scene, tarpit) = scene().await;
    assert_eq!(fetch(&scene, format!("{}/things/silent", tarpit.url)).await, "wall_limit");
    let name = "probe".parse().unwrap();
    assert_eq!(scene.failures(&name), ["wall_limit"]);
    let filter = LogFilter { profile: Some(&name), ..LogFilter::default() };
    let rows = scene.mallory.logs(filter, 100).unwrap().items;
    let sent = rows.iter().find_map(|row| match &row.event {
        LogEvent::Exchange { exchange } => Some(exchange),
        _ => None,
    });
    let sent = sent.expect("the request has a row");
    assert!(matches!(&sent.outcome, ExchangeOutcome::Failed { failure } if failure.sent), "{sent:?}");
}

/// The answer of one call can never be read by the next: what was under way is closed, not kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_answer_was_under_way_is_closed_and_not_used_again() {
    let (scene, tarpit) = scene().await;
    let fine = || format!("{}/things/fine", tarpit.url);
    assert_eq!(fetch(&scene, fine()).await, "200");
    assert_eq!(fetch(&scene, format!("{}/things", tarpit.url)).await, "wall_limit");
    assert_eq!(fetch(&scene, fine()).await, "200");
    let connections = tarpit.connections();
    let mut cut = connections.iter().filter(|one| one.paths.iter().any(|path| path == "/things")).peekable();
    assert!(cut.peek().is_some(), "{connections:?}");
    for one in cut {
        assert!(one.closed && one.paths.last().is_some_and(|path| path == "/things"), "{connections:?}");
    }
}
