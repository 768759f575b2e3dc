//! Code that does not come back, at every place where the host waits for it.

use futures_util::future::join_all;
use serde_json::json;

use super::{ends_as, is_the_guests_own, returns};
use crate::harness::aftermath::{Scene, limits};
use crate::harness::raw::raw;
use lockgate::domain::call::Limits;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_ends_wherever_it_is() {
    let scene = Scene::new().await;
    for name in [
        "loops_in_run",
        "loops_in_start_later",
        "loops_in_realloc",
        "loops_in_post_return",
        "loops_in_destructor",
        "loops_through_the_host",
        "fills_memory_for_ever",
    ] {
        ends_as(&scene, name, &["cpu_limit"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_loops_ends_too() {
    let scene = Scene::new().await;
    let profile = scene.install(raw("loops_in_check")).await;
    let (tenant, of) = (scene.mallory.clone(), profile.clone());
    let error = scene.during(async move { tenant.check(&of).await }).await.unwrap_err();
    is_the_guests_own("loops_in_check", &error, &["cpu_limit"]);
    assert_eq!(scene.failures(&profile), ["cpu_limit"]);
}

/// The store is dropped without running them: what a guest leaves behind is no reason to run it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn destructors_of_what_is_left_behind_never_run() {
    let scene = Scene::new().await;
    assert_eq!(returns(&scene, "leaves_things_behind").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_loops_on_two_workers_hold_up_nobody() {
    let scene = Scene::within(Limits { wall_ms: 10_000, ..limits() }).await;
    let profile = scene.install(raw("loops_in_run")).await;
    let tenant = scene.mallory.clone();
    let errors =
        scene
            .during(async move {
                join_all((0..8).map(|_| tenant.call(&profile, "act", vec![json!({})], None))).await
            })
            .await;
    for error in errors {
        is_the_guests_own("loops_in_run", &error.unwrap_err(), &["cpu_limit"]);
    }
}

/// Places in the pool are shared: a tenant whose calls wait for ever has its own share of them and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_cannot_take_every_place() {
    let scene = Scene::within(Limits { wall_ms: 700, ..limits() }).await;
    let profile = scene.install(raw("waits_for_ever")).await;
    let tenant = scene.mallory.clone();
    let host = scene.host.clone();
    let (most, errors) = scene
        .during(async move {
            let mut calls = std::pin::pin!(join_all((0..80).map(|_| tenant.call(
                &profile,
                "act",
                vec![json!({})],
                None
            ))));
            let mut most = (0, 0);
            loop {
                tokio::select! {
                    errors = &mut calls => break (most, errors),
                    () = tokio::time::sleep(std::time::Duration::from_millis(5)) => {
                        let now = host.gauges().sandbox;
                        most = (most.0.max(now.calls), most.1.max(now.calls_waiting));
                    }
                }
            }
        })
        .await;
    for error in errors {
        let error = error.unwrap_err();
        assert!(["wall_limit", "quarantined"].contains(&error.code), "{error}");
    }
    // Its own sixteen, and the other tenant's one at a time.
    assert!((16..=18).contains(&most.0) && most.1 > 0, "{most:?}");
}

/// The pool has 64 places. If an ended call kept one, the hundredth would have none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_can_fail_than_there_are_places() {
    let scene = Scene::new().await;
    let profile = scene.install(raw("traps_in_check")).await;
    let (tenant, of) = (scene.mallory.clone(), profile.clone());
    let errors = scene
        .during(async move {
            let mut errors = Vec::new();
            for _ in 0..150 {
                errors.push(tenant.check(&of).await.unwrap_err());
            }
            errors
        })
        .await;
    for error in errors {
        is_the_guests_own("traps_in_check", &error, &["trap"]);
    }
    assert_eq!(scene.failures(&profile).len(), 150);
}
