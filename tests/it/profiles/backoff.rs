//! After a refused credential one call finds out, and nobody else reaches the network.

use lockgate::Kind;
use lockgate::domain::Secret;
use lockgate::domain::profile::{PROBE_EVERY_MS, Reason, Status};
use serde_json::json;

use super::scene::{Scene, probe};
use crate::harness::call;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_goes_every_thirty_seconds_and_the_others_are_told_to_wait_without_the_network() {
    let scene = Scene::new().await;
    scene.remote.says(401);
    assert!(scene.tenant.refresh(&probe()).await.unwrap().outcome.is_err());
    let standing = scene.standing();
    assert_eq!((standing.status, standing.reason), (Status::Degraded, Some(Reason::AuthRevoked)), "at once");
    let refused = scene.remote.count();
    for _ in 0..5 {
        let error = scene.tenant.refresh(&probe()).await.unwrap_err();
        assert_eq!((error.code, error.kind), ("profile_backoff", Kind::Dependency));
        let input = json!({ "method": "GET", "url": format!("{}/things", scene.remote.url) });
        let error = scene.tenant.call(&probe(), "fetch", vec![input], None).await.unwrap_err();
        assert_eq!(error.code, "profile_backoff");
    }
    assert_eq!(scene.remote.count(), refused, "nothing was sent");

    scene.clock.pass(PROBE_EVERY_MS);
    let asks = (0..8).map(|_| {
        let tenant = scene.tenant.clone();
        tokio::spawn(async move { tenant.call(&probe(), "echo", vec![json!({})], None).await.map(drop) })
    });
    let mut through = 0;
    for ask in asks.collect::<Vec<_>>() {
        match ask.await.unwrap() {
            Ok(()) => through += 1,
            Err(error) => assert_eq!(error.code, "profile_backoff"),
        }
    }
    assert!(through >= 1, "one found out that it works, and whoever came after it could go on");
    assert_eq!(scene.standing().status, Status::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_credential_ends_the_wait() {
    let scene = Scene::new().await;
    scene.remote.says(401);
    assert!(scene.tenant.refresh(&probe()).await.unwrap().outcome.is_err());
    assert_eq!(scene.tenant.refresh(&probe()).await.unwrap_err().code, "profile_backoff");
    scene.remote.says(200);
    scene.tenant.set_credential(&probe(), Secret::new("another-good-secret")).await.unwrap();
    call(&scene.tenant, "probe", "echo", json!({})).await;
    assert_eq!(scene.standing().status, Status::Active);
}
