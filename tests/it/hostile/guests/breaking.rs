//! Traps, re-entrance and recursion: the call ends, its result is discarded, and nothing of memory is in what is said.

use lockgate::LogFilter;
use lockgate::domain::log::LogEvent;
use serde_json::json;

use super::{ends_as, returns};
use crate::harness::aftermath::Scene;
use crate::harness::{CANARY, call, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_ends_the_call_wherever_it_is() {
    let scene = Scene::new().await;
    for name in [
        "traps_in_run",
        "traps_in_start_later",
        "traps_in_realloc",
        // The result had been read; it is discarded, because the guest never finished the call.
        "traps_in_post_return",
        "traps_in_destructor",
        "divides_by_zero",
        "reads_beyond_memory",
        "realloc_beyond_memory",
        "realloc_misaligned",
    ] {
        ends_as(&scene, name, &["trap"]).await;
    }
    assert_eq!(returns(&scene, "realloc_overlapping").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_is_not_entered_while_it_is_at_work_in_the_guest() {
    let scene = Scene::new().await;
    ends_as(&scene, "calls_the_host_in_realloc", &["trap"]).await;
    ends_as(&scene, "calls_the_host_in_post_return", &["trap"]).await;
    assert_eq!(returns(&scene, "calls_the_host_in_start").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recursion_ends_at_the_stack_of_the_guest() {
    let scene = Scene::new().await;
    for name in ["recurses", "recurses_with_large_frames", "recurses_through_a_table"] {
        ends_as(&scene, name, &["stack_limit"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_a_trap_contains_nothing_of_memory() {
    let scene = Scene::new().await;
    for (name, guest) in [("prober", lockgate_tests::guests::PROBER), ("hog", lockgate_tests::guests::HOG)] {
        scene.mallory.upload(guest.to_vec()).await.unwrap();
        profile(&scene.mallory, name, name, &scene.echo.url, CANARY, &[]).await;
    }
    let pattern = json!({ "pattern": CANARY, "times": 1_000 });
    call(&scene.mallory, "prober", "fill", pattern).await;
    let hog = "hog".parse().unwrap();
    let error = scene.mallory.call(&hog, "panic", vec![json!({ "secret": CANARY })], None).await.unwrap_err();
    assert_eq!(error.to_string(), "the guest trapped: wasm `unreachable` instruction executed");
    let filter = LogFilter { profile: Some(&hog), ..LogFilter::default() };
    for row in scene.mallory.logs(filter, 100).unwrap().items {
        if let LogEvent::Failed { message, .. } = row.event {
            assert!(!message.contains(CANARY), "{message}");
        }
    }
    scene.look_around().await;
}
