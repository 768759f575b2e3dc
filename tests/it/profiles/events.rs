//! Events go out signed, at least once and under the same id, through the one door; a slow endpoint delays no other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockgate::domain::event::{
    DISABLED_AFTER_MS, DeliveryState, DisabledBecause, EventKind, PREVIOUS_SECRET_MS,
};
use lockgate::{NewSubscription, Subscribed, Tenant};
use serde_json::json;

use super::scene::{Arrived, Remote, Scene, builder, clock, populate, probe, until};
use crate::harness::{call, reaching};
use crate::versions::broken;

async fn subscribe(tenant: &Tenant, name: &str, url: &str, kinds: &[EventKind]) -> Subscribed {
    let kinds: BTreeSet<EventKind> = kinds.iter().copied().collect();
    let new = NewSubscription { name: name.parse().unwrap(), url: url.to_owned(), kinds };
    tenant.subscribe(new).await.unwrap()
}

fn secret(subscribed: &Subscribed) -> String {
    String::from_utf8(subscribed.secret.expose().to_vec()).unwrap()
}

/// As the specification says, with another implementation of HMAC than the host's.
fn verified(arrived: &Arrived, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let (id, at) = (&arrived.headers["webhook-id"], &arrived.headers["webhook-timestamp"]);
    let signed = format!("{id}.{at}.{}", arrived.body);
    arrived.headers["webhook-signature"].split(' ').any(|signature| {
        let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        ring::hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
    })
}

async fn arrival(endpoint: &Remote, count: usize) -> Vec<Arrived> {
    until("an event", || Some(endpoint.arrived()).filter(|arrived| arrived.len() >= count)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_status_arrives_signed_and_nobody_gets_what_was_not_asked_for() {
    let (all, some) = (Remote::start(200).await, Remote::start(204).await);
    let scene = Scene::reaching(&[&all.url, &some.url]).await;
    let subscribed = subscribe(&scene.tenant, "all", &format!("{}/hook?k=1", all.url), &[]).await;
    subscribe(&scene.tenant, "some", &some.url, &[EventKind::RunFailed]).await;
    scene.tenant.refresh(&probe()).await.unwrap();
    let arrived = arrival(&all, 1).await.remove(0);
    assert!(verified(&arrived, &secret(&subscribed)), "{arrived:?}");
    assert!(!verified(
        &Arrived { body: arrived.body.clone() + " ", ..arrived.clone() },
        &secret(&subscribed)
    ));
    let body: serde_json::Value = serde_json::from_str(&arrived.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["new"]), (&"profile.status_changed".into(), &"active".into()));
    let event = &scene.events()[0];
    assert_eq!(arrived.headers["webhook-id"], event.id.as_str());
    let at: i64 = arrived.headers["webhook-timestamp"].parse().unwrap();
    assert_eq!(at, scene.tenant.now().as_ms() / 1_000);
    assert!(!arrived.headers.contains_key("authorization"));

    scene.tenant.test_subscription(&"some".parse().unwrap()).await.unwrap();
    let test = arrival(&some, 1).await.remove(0);
    assert!(test.body.contains("event_subscription.test"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((all.count(), some.count()), (1, 1));
    let done = scene.tenant.finished_deliveries(&"all".parse().unwrap(), None, 10).unwrap().items;
    assert!(matches!(done[0].state, DeliveryState::Delivered { .. }), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_the_host_gives_up_is_told_to_who_asked_for_it() {
    let endpoint = Remote::start(200).await;
    let scene = Scene::reaching(&[&endpoint.url]).await;
    let tenant = &scene.tenant;
    let subscribed =
        subscribe(tenant, "pager", &endpoint.url, &[EventKind::ConnectorVersionRolledBack]).await;
    tenant.upload(broken()).await.unwrap();
    tenant.start_canary(&probe(), None, 99).await.unwrap();
    while tenant.profile(&probe()).unwrap().canary.is_some() {
        call(tenant, "probe", "log", json!({ "message": "a line" })).await;
    }
    let arrived = arrival(&endpoint, 1).await.remove(0);
    assert!(verified(&arrived, &secret(&subscribed)));
    let body: serde_json::Value = serde_json::from_str(&arrived.body).unwrap();
    assert_eq!(body["type"], "connector.version_rolled_back");
    let data = &body["data"];
    assert_eq!((&data["profile"], &data["given_up"]), (&"probe".into(), &"0.2.0".into()));
    assert_eq!((&data["in_use"], &data["tried"]["given_up"]["failures"]), (&"0.1.0".into(), &5.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_is_stopped_before_it_was_called_leaves_a_trial_that_runs_can_see() {
    let scene = Scene::new().await;
    let tenant = &scene.tenant;
    tenant.upload(broken()).await.unwrap();
    tenant.start_canary(&probe(), None, 50).await.unwrap();
    let profile = tenant.stop_canary(&probe()).await.unwrap();
    let trial = tenant.trial(&profile).unwrap().expect("what became of it is kept");
    assert_eq!((trial.version.to_string().as_str(), trial.canary.tries), ("0.2.0", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_secrets_sign_for_a_day_and_then_the_old_one_is_destroyed() {
    let endpoint = Remote::start(200).await;
    let scene = Scene::reaching(&[&endpoint.url]).await;
    let name = "pager".parse().unwrap();
    let old = secret(&subscribe(&scene.tenant, "pager", &endpoint.url, &[]).await);
    let new = secret(&scene.tenant.rotate_subscription_secret(&name).await.unwrap());
    assert_ne!(old, new);
    scene.tenant.test_subscription(&name).await.unwrap();
    let arrived = arrival(&endpoint, 1).await.remove(0);
    assert!(verified(&arrived, &old) && verified(&arrived, &new));
    scene.clock.pass(PREVIOUS_SECRET_MS);
    let gone = || scene.tenant.subscription(&name).unwrap().previous_until.is_none().then_some(());
    until("the old secret's end", gone).await;
    scene.tenant.test_subscription(&name).await.unwrap();
    let arrived = arrival(&endpoint, 2).await.remove(1);
    assert!(!verified(&arrived, &old) && verified(&arrived, &new));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_host_dies_in_the_middle_arrives_after_the_next_start_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = Remote::start(200).await;
    endpoint.takes_ms(60_000);
    let clock = clock();
    let remote = Remote::start(200).await;
    let scene = Scene::in_folder(folder.path(), &clock, remote, &[&endpoint.url]).await;
    populate(&scene.tenant, &scene.remote).await;
    let subscribed = subscribe(&scene.tenant, "pager", &endpoint.url, &[]).await;
    scene.tenant.refresh(&probe()).await.unwrap();
    let first = arrival(&endpoint, 1).await.remove(0);
    // Nobody is told to stop: it is gone in the middle of the answer.
    let Scene { remote, host, tenant, .. } = scene;
    drop((host, tenant));
    endpoint.takes_ms(0);
    let opened = until_open(folder.path(), &clock, remote, &endpoint.url).await;
    let again = arrival(&endpoint, 2).await.remove(1);
    assert_eq!(again.headers["webhook-id"], first.headers["webhook-id"]);
    assert_eq!(again.body, first.body);
    assert!(verified(&again, &secret(&subscribed)));
    let name = "pager".parse().unwrap();
    let done = || {
        let done = opened.tenant.finished_deliveries(&name, None, 10).unwrap().items;
        (done.len() == 1).then_some(())
    };
    until("the outcome", done).await;
    assert!(opened.tenant.waiting_deliveries(&name, 10).unwrap().is_empty());
}

/// The folder is free a moment after its host has gone.
async fn until_open(
    folder: &std::path::Path,
    clock: &Arc<super::scene::Hand>,
    remote: Remote,
    other: &str,
) -> Scene {
    for _ in 0..500 {
        let host = builder(clock, &[other, &remote.url]).data_dir(folder).build().await;
        if let Ok(host) = host {
            let tenant = host.tenant("acme").unwrap();
            return Scene { remote, clock: clock.clone(), host, tenant };
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the folder is never free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_endpoint_delays_no_other_and_is_tried_again_later() {
    let (slow, quick) = (Remote::start(200).await, Remote::start(200).await);
    slow.takes_ms(60_000);
    let scene = Scene::reaching(&[&slow.url, &quick.url]).await;
    subscribe(&scene.tenant, "slow", &slow.url, &[]).await;
    subscribe(&scene.tenant, "quick", &quick.url, &[]).await;
    scene.tenant.refresh(&probe()).await.unwrap();
    let began = std::time::Instant::now();
    arrival(&quick, 1).await;
    assert!(began.elapsed() < Duration::from_millis(1_900), "it waited for the slow one");
    let name = "slow".parse().unwrap();
    let failed = || {
        let waiting = scene.tenant.waiting_deliveries(&name, 10).unwrap();
        waiting.into_iter().find(|delivery| delivery.attempts == 1)
    };
    let waiting = until("the slow one's time-out", failed).await;
    assert!(waiting.last.unwrap().error.is_some());
    slow.takes_ms(0);
    scene.clock.pass(6_000);
    until("the second attempt", || (slow.count() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_takes_nothing_for_days_is_left_alone_and_says_so() {
    let endpoint = Remote::start(500).await;
    let scene = Scene::reaching(&[&endpoint.url]).await;
    subscribe(&scene.tenant, "pager", &endpoint.url, &[]).await;
    scene.tenant.refresh(&probe()).await.unwrap();
    arrival(&endpoint, 1).await;
    let name = "pager".parse().unwrap();
    let failing = || scene.tenant.subscription(&name).unwrap().failing_since;
    until("the first failure", failing).await;
    scene.clock.pass(DISABLED_AFTER_MS);
    let disabled = || Some(scene.tenant.subscription(&name).unwrap()).filter(|row| !row.enabled);
    let row = until("the end of patience", disabled).await;
    assert_eq!(row.disabled_because, Some(DisabledBecause::Failing));
    assert!(scene.events().iter().any(|event| event.kind == EventKind::SubscriptionDisabled));
    let before = endpoint.count();
    scene.clock.pass(DISABLED_AFTER_MS);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(endpoint.count(), before);
    endpoint.says(200);
    scene.tenant.enable_subscription(&name, true).await.unwrap();
    until("what waited", || scene.tenant.waiting_deliveries(&name, 10).unwrap().is_empty().then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_no_connector_could_reach_is_refused_by_the_same_gates() {
    let host = reaching(&[]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    for url in [
        "http://127.0.0.1:9/",
        "https://169.254.169.254/latest",
        "http://ops.example.com/",
        "https://localhost/",
        "https://user:pass@ops.example.com/",
        "file:///etc/passwd",
        "",
    ] {
        let new = NewSubscription { name: "a".parse().unwrap(), url: url.to_owned(), kinds: BTreeSet::new() };
        assert_eq!(tenant.subscribe(new).await.unwrap_err().code, "url_refused", "{url}");
    }
    for n in 0..20 {
        subscribe(&tenant, &format!("s{n}"), "https://ops.example.com/", &[]).await;
    }
    let new = NewSubscription {
        name: "more".parse().unwrap(),
        url: "https://ops.example.com/".to_owned(),
        kinds: BTreeSet::new(),
    };
    assert_eq!(tenant.subscribe(new).await.unwrap_err().code, "quota_exceeded");
    tenant.delete_subscription(&"s0".parse().unwrap()).await.unwrap();
    let again = subscribe(&tenant, "s0", "https://ops.example.com/", &[]).await;
    assert!(secret(&again).starts_with("whsec_"));
}
