//! Watching what a connector tries: it lets nothing more through, ends by itself, and proposes the least.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lockgate::domain::{Clock, Gate, Timestamp};
use serde_json::json;

use super::World;
use crate::harness;

const BASE: &str = "http://127.0.0.1:{port}";
const HOUR_MS: u64 = 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_tried_becomes_the_least_policy() {
    let world = World::new(BASE, &[BASE]).await;
    let name = "probe".parse().unwrap();
    let base = &world.base;
    assert_eq!(world.tenant.observed(&name).unwrap_err().code, "not_observed");
    // Not watched: not noted.
    world.get(&format!("{base}/things")).await;
    world.tenant.observe(&name, HOUR_MS).await.unwrap();
    for id in [1, 22, 333] {
        assert_eq!(world.get(&format!("{base}/things/{id}?secret=hush-{id}")).await["status"], 200);
    }
    // Watching lets nothing more through.
    world.denies(json!({ "method": "POST", "url": format!("{base}/things") }), "scope").await;
    world.denies(json!({ "url": format!("{base}/things/7/secrets") }), "scope").await;
    world.denies(json!({ "url": "https://evil.example/things" }), "hosts").await;
    world.denies(json!({ "url": format!("{base}/things/../x") }), "normalise").await;

    let observed = world.tenant.observed(&name).unwrap();
    assert!(observed.on);
    let rows: Vec<_> = observed
        .seen
        .tried
        .iter()
        .map(|row| (&*row.method, &*row.path, row.allowed, row.denied, row.gate))
        .collect();
    assert_eq!(
        rows,
        [
            ("GET", "/things/{id}", 3, 0, None),
            ("POST", "/things", 0, 1, Some(Gate::Scope)),
            ("GET", "/things/{id}/secrets", 0, 1, Some(Gate::Scope)),
            ("GET", "/things", 0, 1, Some(Gate::Hosts)),
            ("GET", "", 0, 1, Some(Gate::Normalise)),
        ]
    );
    assert!(!format!("{observed:?}").contains("hush"), "no query is kept");
    let proposal = &observed.proposal;
    let scopes: Vec<_> = proposal.scopes.iter().map(|right| (right.name.as_str(), right.granted)).collect();
    assert_eq!(scopes, [("things:read", true), ("things:write", false)]);
    assert_eq!(proposal.hosts.len(), 1);
    assert_eq!((proposal.uncovered.len(), proposal.refused.len()), (2, 1));
    assert!(proposal.unused_hosts.is_empty() && proposal.unused_scopes.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_once_are_all_counted() {
    let world = World::new(BASE, &[BASE]).await;
    let name = "probe".parse().unwrap();
    world.tenant.observe(&name, HOUR_MS).await.unwrap();
    let calls = (0..12).map(|id| {
        let url = format!("{}/things/{id}", world.base);
        let tenant = world.tenant.clone();
        async move { harness::call(&tenant, "probe", "fetch", json!({ "url": url })).await }
    });
    futures_util::future::join_all(calls).await;
    let observed = world.tenant.observed(&name).unwrap();
    assert_eq!(observed.seen.tried.len(), 1);
    assert_eq!(observed.seen.tried[0].allowed, 12);
}

/// Stands still until it is moved.
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observation_that_nobody_ends_ends_by_itself_and_outlives_a_restart() {
    let clock = Arc::new(Moved(AtomicI64::new(1_800_000_000_000)));
    let echo = harness::Echo::start().await;
    let folder = tempfile::tempdir().unwrap();
    let open = || harness::reaching(&[&echo.url]).clock(clock.clone()).data_dir(folder.path()).build();
    let (name, url) = ("probe".parse().unwrap(), format!("{}/things", echo.url));
    let host = open().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    harness::profile(&tenant, "probe", "prober", &echo.url, harness::CANARY, &["things:read"]).await;
    tenant.observe(&name, HOUR_MS).await.unwrap();
    harness::call(&tenant, "probe", "fetch", json!({ "url": url })).await;
    host.shutdown().await;
    drop((tenant, host));

    let host = open().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    assert_eq!(tenant.observed(&name).unwrap().seen.tried[0].allowed, 1);
    clock.0.fetch_add(i64::try_from(HOUR_MS).unwrap(), Ordering::SeqCst);
    harness::call(&tenant, "probe", "fetch", json!({ "url": url })).await;
    let ended = tenant.observed(&name).unwrap();
    assert!(!ended.on);
    assert_eq!(ended.seen.tried[0].allowed, 1);
    // The next one begins anew, and ends when it is told to.
    tenant.observe(&name, u64::MAX).await.unwrap();
    harness::call(&tenant, "probe", "fetch", json!({ "url": url })).await;
    assert!(!tenant.stop_observing(&name).await.unwrap().on);
    assert_eq!(tenant.observed(&name).unwrap().seen.tried.len(), 1);
    let stranger = host.tenant("globex").unwrap();
    assert_eq!(stranger.observed(&name).unwrap_err().code, "not_found");
    assert_eq!(stranger.observe(&name, HOUR_MS).await.unwrap_err().code, "not_found");
}
