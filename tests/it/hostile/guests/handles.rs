//! Handles: forged, used twice, mixed up, or without number.

use lockgate::domain::call::Limits;

use super::{ends_as, returns};
use crate::harness::aftermath::{Scene, limits};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_is_good_for_what_it_was_given_for_and_only_while_it_is_held() {
    let scene = Scene::new().await;
    for name in [
        "forges_a_handle",
        "forges_a_large_handle",
        "uses_a_dropped_handle",
        "drops_a_handle_twice",
        "passes_a_thing_as_a_secret",
        "reads_a_secret_as_a_thing",
    ] {
        ends_as(&scene, name, &["trap"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_are_bounded_and_gone_with_the_call() {
    // Their number ends these guests, and not the time that a busy machine takes to count.
    let scene = Scene::within(Limits { cpu_ms: 5_000, wall_ms: 20_000, ..limits() }).await;
    for name in [
        "makes_three_hundred_things",
        "makes_things_for_ever",
        "opens_secrets_for_ever",
        "subscribes_for_ever",
    ] {
        ends_as(&scene, name, &["handle_limit"]).await;
    }
    assert_eq!(returns(&scene, "leaves_secrets_open").await, 1);
}
