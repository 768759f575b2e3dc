//! A profile's status follows from its calls and from the time, and says since when and why.

use lockgate::domain::Secret;
use lockgate::domain::event::EventKind;
use lockgate::domain::profile::{Age, CredentialTerms, Reason, Status};
use serde_json::json;

use super::scene::{Scene, probe, until};
use crate::harness::{call, reaching};

const DAY_MS: u64 = 86_400_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_decides_and_five_outcomes_turn_it() {
    let scene = Scene::new().await;
    assert_eq!(
        (scene.standing().status, scene.standing().reason),
        (Status::Pending, Some(Reason::NeverChecked))
    );
    let refreshed = scene.tenant.refresh(&probe()).await.unwrap();
    assert_eq!((refreshed.outcome, scene.standing().status), (Ok(()), Status::Active));
    let since = scene.standing().since;
    scene.remote.says(503);
    for n in 1..=5 {
        scene.clock.pass(1_000);
        assert!(scene.tenant.refresh(&probe()).await.unwrap().outcome.is_err());
        let expected = if n < 5 { Status::Active } else { Status::Degraded };
        assert_eq!(scene.standing().status, expected, "after {n} failures");
    }
    assert_eq!(scene.standing().reason, Some(Reason::Upstream5xx));
    assert!(scene.standing().since > since);
    scene.remote.says(200);
    for n in 1..=5 {
        scene.clock.pass(1_000);
        scene.tenant.refresh(&probe()).await.unwrap();
        let expected = if n < 5 { Status::Degraded } else { Status::Active };
        assert_eq!(scene.standing().status, expected, "after {n} successes");
    }
    // A wish to slow down and a wrong record say nothing about it.
    for status in [429, 404, 422, 429, 404, 422] {
        scene.remote.says(status);
        assert!(scene.tenant.refresh(&probe()).await.unwrap().outcome.is_err());
        assert_eq!(scene.standing().status, Status::Active, "{status}");
    }
    let before = scene.remote.count();
    scene.remote.says(429);
    assert!(scene.tenant.refresh(&probe()).await.unwrap().outcome.is_err());
    assert_eq!(scene.remote.count(), before + 1, "a 429 is not tried again");

    let told: Vec<_> = scene.events().into_iter().map(|event| event.data["new"].clone()).collect();
    assert_eq!(told, ["active", "degraded", "active"]);
    let history = scene.tenant.profile(&probe()).unwrap().history;
    assert_eq!(
        history.iter().map(|change| change.new).collect::<Vec<_>>(),
        [Status::Active, Status::Degraded, Status::Active]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_while_it_is_verified_gets_the_same_answer() {
    let scene = Scene::new().await;
    scene.remote.takes_ms(300);
    let asks = (0..5).map(|_| {
        let tenant = scene.tenant.clone();
        tokio::spawn(async move { tenant.refresh(&probe()).await.unwrap().outcome })
    });
    for ask in asks.collect::<Vec<_>>() {
        assert_eq!(ask.await.unwrap(), Ok(()));
    }
    assert_eq!(scene.remote.count(), 1, "one call for all of them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_by_hand_count_too() {
    let scene = Scene::new().await;
    call(&scene.tenant, "probe", "echo", json!({})).await;
    assert_eq!(scene.standing().status, Status::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_that_ends_is_told_of_in_time_and_degrades_its_profile_without_a_call() {
    let scene = Scene::new().await;
    scene.tenant.refresh(&probe()).await.unwrap();
    let ends = CredentialTerms {
        expires_at: Some(scene.tenant.now().plus_ms(20 * DAY_MS)),
        ..CredentialTerms::default()
    };
    let changed =
        scene.tenant.set_credential_on(&probe(), Secret::new("another-good-secret"), ends).await.unwrap();
    assert_eq!(changed.credential.version, 2);
    scene.tenant.refresh(&probe()).await.unwrap();
    let requests = scene.remote.count();
    let of = |kind| scene.events().into_iter().filter(|event| event.kind == kind).count();
    assert_eq!(of(EventKind::CredentialRotated), 1);
    scene.clock.pass(7 * DAY_MS);
    until("the warning", || (of(EventKind::CredentialExpiring) == 1).then_some(())).await;
    let age = |scene: &Scene| {
        scene.tenant.profile(&probe()).unwrap().credential.life.unwrap().age(scene.tenant.now())
    };
    assert_eq!((age(&scene), scene.standing().status), (Age::Due, Status::Active));
    scene.clock.pass(13 * DAY_MS);
    until("the end", || (of(EventKind::CredentialExpired) == 1).then_some(())).await;
    assert_eq!((age(&scene), scene.standing().reason), (Age::Overdue, Some(Reason::AuthExpired)));
    let changed = |event: &lockgate::domain::event::Event| {
        event.kind == EventKind::ProfileStatusChanged && event.data["reason"] == "auth_expired"
    };
    assert_eq!(scene.events().iter().filter(|event| changed(event)).count(), 1);
    scene.clock.pass(DAY_MS);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!((of(EventKind::CredentialExpiring), of(EventKind::CredentialExpired)), (1, 1), "each once");
    assert_eq!(scene.remote.count(), requests, "nobody was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_the_hosts_own_is_no_profile() {
    let host = reaching(&[]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    let new = lockgate::NewProfile {
        name: "lockgate-event-subscriptions".parse().unwrap(),
        connector: "prober".parse().unwrap(),
        version: None,
        config: json!({ "api_base": "https://api.example.com" }),
        auth: Some(lockgate::AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    };
    assert_eq!(tenant.create_profile(new).await.unwrap_err().code, "reserved_name");
}
