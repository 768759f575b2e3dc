//! What one call or one tenant could learn of another through memory, tables, handles, clocks and chance.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use lockgate::{Error, Tenant};
use serde_json::{Value, json};

use super::{ends_as, returns};
use crate::harness::aftermath::{Scene, install, limits};
use crate::harness::raw::raw;
use crate::harness::{CANARY, call, profile};
use lockgate::domain::call::Limits;

async fn act(tenant: &Tenant, name: &str) -> Result<Value, Error> {
    let called = tenant.call(&name.parse().unwrap(), "act", vec![json!({})], None).await?;
    Ok(called.results[0].clone().unwrap())
}

/// Both fixtures fall over when a bit, an element or a global is not as it was before any call, and change them all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_call_is_left_for_the_next_or_for_another_tenant() {
    // Loops over mebibytes in code that was compiled for size take their time on a busy machine.
    let scene = Scene::within(Limits { cpu_ms: 1_400, wall_ms: 10_000, ..limits() }).await;
    for fixture in ["counts_its_calls", "scans_fresh_memory"] {
        let name = install(&scene.mallory, raw(fixture)).await;
        install(&scene.acme, raw(fixture)).await;
        for _ in 0..3 {
            // Several at once, so that places in the pool change hands in every order.
            let calls = [&scene.mallory, &scene.acme, &scene.mallory, &scene.acme]
                .map(|tenant| act(tenant, name.as_str()));
            for answer in join_all(calls).await {
                assert_eq!(answer.unwrap_or_else(|error| panic!("{fixture}: {error}")), 1);
            }
        }
    }
    scene.look_around().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_scans_its_memory_for_the_bytes_of_another_and_finds_none() {
    let scene = Scene::within(Limits { cpu_ms: 5_000, wall_ms: 20_000, ..limits() }).await;
    scene.mallory.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    profile(&scene.mallory, "probe", "prober", &scene.echo.url, CANARY, &[]).await;
    let fill = json!({ "pattern": "another-tenants-bytes", "times": 20_000 });
    for _ in 0..4 {
        let filled = call(&scene.acme, "probe", "fill", fill.clone()).await;
        assert_eq!(filled.results[0].as_ref().unwrap()["filled"], 20_000);
        let found =
            call(&scene.mallory, "probe", "scan", json!({ "pattern": "another-tenants-bytes" })).await;
        assert_eq!(found.results[0].as_ref().unwrap()["found"], 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_names_of_another_tenant_are_other_things() {
    let scene = Scene::new().await;
    scene.mallory.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    profile(&scene.mallory, "probe", "prober", &scene.echo.url, "mallorys-own-credential", &[]).await;
    let signing = "signing".parse().unwrap();
    let secret = |text: &str| lockgate::domain::Secret::new(text);
    let probe = "probe".parse().unwrap();
    scene.acme.set_secret(&probe, &signing, secret("the-secret-of-acme")).await.unwrap();
    let ask = async |tenant: &Tenant| {
        let called = call(tenant, "probe", "open", json!({ "secret": "signing" })).await;
        called.results[0].clone().unwrap()
    };
    assert_eq!(ask(&scene.mallory).await["denied"]["gate"], "credential", "mallory has none by this name");
    scene.mallory.set_secret(&probe, &signing, secret("the-secret-of-mallory")).await.unwrap();
    let (theirs, ours) = (ask(&scene.acme).await, ask(&scene.mallory).await);
    assert!(theirs["fingerprint"].is_string() && ours["fingerprint"].is_string());
    assert_ne!(theirs["fingerprint"], ours["fingerprint"]);
    for name in ["other/signing", "acme/probe/signing", "../signing", "signing\0"] {
        let called = call(&scene.mallory, "probe", "open", json!({ "secret": name })).await;
        assert_eq!(called.results[0].as_ref().unwrap()["denied"]["gate"], "credential", "{name}");
    }
    scene.look_around().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_are_coarse_and_chance_is_not_shared() {
    let scene = Scene::new().await;
    assert_eq!(returns(&scene, "reads_the_clocks").await, 1);
    ends_as(&scene, "asks_for_a_gigabyte_of_chance", &["trap"]).await;
    let name = install(&scene.mallory, raw("tells_a_random_number")).await;
    let mut told = BTreeSet::new();
    for _ in 0..8 {
        told.insert(act(&scene.mallory, name.as_str()).await.unwrap().to_string());
    }
    assert_eq!(told.len(), 8, "two calls had the same luck: {told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_are_none_have_the_same_bits_everywhere() {
    let scene = Scene::new().await;
    assert_eq!(returns(&scene, "looks_at_nan_bits").await, 1);
}
