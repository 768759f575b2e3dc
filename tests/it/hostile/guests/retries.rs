//! Flows whose code fails, asks for more work, or never ends: one row for each run, and an end to every one.

use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::domain::profile::{Reason, Status};
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::{Run, RunStatus};
use lockgate::domain::token::Bearer;
use lockgate::domain::{Blame, ProfileName};
use lockgate::{NewFlow, PipelineOptions, RunsOf};
use serde_json::Value;

use super::is_the_guests_own;
use crate::harness::aftermath::{Scene, limits};
use crate::harness::raw::{behaving, raw};
use crate::harness::{CANARY, Echo, finished, profile, reaching};

/// Few pages and few faults, so that what never ends is ended soon. The six records are tried again more often than the
/// profile's budget has room for in a minute, so there is none.
async fn scene() -> Scene {
    let echo = Echo::start().await;
    let pipeline = PipelineOptions {
        pages_max: 20,
        faults_in_a_row_max: 4,
        circuits: false,
        ..PipelineOptions::default()
    };
    let builder = reaching(&[&echo.url]).limits(limits()).pipeline(pipeline);
    let scene = Scene::of(builder.build().await.unwrap(), echo).await;
    // Six records, two a page.
    scene.mallory.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    profile(&scene.mallory, "source", "prober", &scene.echo.url, CANARY, &["things:read"]).await;
    scene
}

/// Runs a flow between two profiles to its end, and sees that it has one row.
async fn run(scene: &Scene, name: &str, source: &str, destination: &ProfileName) -> Run {
    let name = name.parse().unwrap();
    if scene.mallory.flow(&name).is_err() {
        let retry = RetryPolicy {
            attempts_max: 3,
            base_ms: 5,
            cap_ms: 20,
            wait_max_ms: 400,
            ..RetryPolicy::default()
        };
        let new = NewFlow {
            name: Clone::clone(&name),
            source: Source { profile: source.parse().unwrap(), trigger: "things".to_owned() },
            mapping: None,
            destination: Destination { profile: destination.clone(), action: "act".to_owned() },
            schedule: None,
            delivery: DeliveryPolicy { batch: 1, retry, ..DeliveryPolicy::default() },
        };
        scene.mallory.create_flow(new).await.unwrap();
    }
    let before = rows(scene, &name);
    let (tenant, of) = (scene.mallory.clone(), name.clone());
    let ended = scene.during(async move {
        let started = tenant.run_flow(&of).await.unwrap();
        finished(&tenant, started).await
    });
    let ended = ended.await;
    assert_eq!(rows(scene, &name), before + 1, "{name} has one more row");
    let outcome = match (code(&ended), ended.status) {
        ("", RunStatus::Succeeded) => "completed",
        ("", _) => "partial",
        (code, _) => code,
    };
    assert_eq!(
        scene.audited("run.ended", &format!("{name}/{}", ended.id)),
        [outcome],
        "{name} has one entry"
    );
    ended
}

fn rows(scene: &Scene, flow: &lockgate::domain::FlowName) -> usize {
    scene.mallory.runs(RunsOf { flow: Some(flow), ..RunsOf::default() }, 100).unwrap().items.len()
}

fn code(run: &Run) -> &str {
    run.failure.as_ref().map_or("", |failure| failure.code.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_misbehaves_ends_its_run_with_a_reason() {
    let scene = scene().await;
    let good = scene.install(behaving("good")).await;
    for (name, fault) in [
        ("loops_in_poll", "cpu_limit"),
        ("returns_an_unknown_option", "trap"),
        ("returns_a_million_records", "output_limit"),
        ("stands_still", "cursor_stuck"),
    ] {
        let source = scene.install(raw(name)).await;
        let ended = run(&scene, &format!("from-{source}"), source.as_str(), &good).await;
        assert_eq!((ended.status, code(&ended)), (RunStatus::Failed, fault), "{name}: {ended:?}");
        assert_eq!(ended.failure.unwrap().blame, Blame::Guest, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_always_promises_more_is_read_so_far_and_no_further() {
    let scene = scene().await;
    let good = scene.install(behaving("good")).await;
    let source = scene.install(raw("promises_more_for_ever")).await;
    let ended = run(&scene, "for-ever", source.as_str(), &good).await;
    assert!(ended.status.is_final() && ended.counts.read == 0, "{ended:?}");
    // The canonical ABI reads any number but zero as true: a page with more behind it, again and again.
    let source = scene.install(raw("returns_a_bool_of_two")).await;
    let ended = run(&scene, "of-two", source.as_str(), &good).await;
    assert_eq!(code(&ended), "cursor_stuck");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_asks_for_another_try_gets_so_many_and_no_more() {
    let scene = scene().await;
    // No remote asked for a wait, so the connector's own wish uses attempts up, like any other failure.
    for name in ["asks_to_retry_for_ever", "asks_to_wait_nothing"] {
        let destination = scene.install(raw(name)).await;
        let ended = run(&scene, &format!("to-{destination}"), "source", &destination).await;
        let counts = ended.counts;
        assert_eq!(
            (ended.status, counts.dead_lettered, counts.retried),
            (RunStatus::Partial, 6, 6 * 2),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_breaks_at_every_call_ends_its_run_and_then_is_left_alone() {
    let scene = scene().await;
    let broken = scene.install(raw("traps_in_run")).await;
    let ended = run(&scene, "one", "source", &broken).await;
    assert_eq!((ended.status, code(&ended)), (RunStatus::Failed, "repeated_faults"), "{ended:?}");
    for n in 0..4 {
        assert_eq!(scene.call(&broken).await.unwrap_err().code, "trap", "call {n}");
    }
    let row = scene.mallory.profile(&broken).unwrap();
    let standing = scene.mallory.standing(&row);
    assert_eq!((standing.status, standing.reason), (Status::Degraded, Some(Reason::ConnectorTrap)));
    assert!(row.quarantined_until().is_some(), "{:?}", row.outcomes);

    let shown = shown(&scene, &broken).await;
    assert_eq!(shown["status"], "degraded");
    assert!(shown["quarantined_until"].is_string(), "{shown}");

    let refused = scene.call(&broken).await.unwrap_err();
    assert_eq!((refused.code, refused.blame), ("quarantined", Blame::Guest));
    let blocked = run(&scene, "one", "source", &broken).await;
    assert_eq!((blocked.status, code(&blocked)), (RunStatus::Blocked, "quarantined"));

    scene.mallory.check(&broken).await.unwrap().unwrap();
    let again = scene.call(&broken).await.unwrap_err();
    is_the_guests_own("traps_in_run", &again, &["trap"]);
}

/// A profile as the API shows it.
async fn shown(scene: &Scene, profile: &ProfileName) -> Value {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let tenant = scene.mallory.id().clone();
    let token = scene.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
    let asked = client.get(format!("http://{}/v1/profiles/{profile}", scene.address)).bearer_auth(token);
    let answer = asked.send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&answer).unwrap()
}
