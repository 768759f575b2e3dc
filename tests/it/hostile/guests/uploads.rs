//! What is refused before it is ever called: components that begin with too much, or never say what they are.

use lockgate::{Error, Kind};

use crate::harness::aftermath::Scene;
use crate::harness::raw::raw;

async fn refused(scene: &Scene, name: &str) -> Error {
    let (tenant, component) = (scene.mallory.clone(), raw(name));
    match scene.during(async move { tenant.upload(component).await }).await {
        Err(error) => error,
        Ok(_) => panic!("{name} was admitted"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_begins_with_too_much_is_refused_by_what_it_has_too_much_of() {
    let scene = Scene::new().await;
    for (name, code) in [
        ("begins_with_4_gib", "memory_too_large"),
        ("has_a_hundred_memories", "too_many_memories"),
        ("has_twenty_memories", "compile_failed"),
        ("has_64_bit_memory", "memory_too_large"),
        ("uses_64_bit_addresses", "feature_disabled"),
        ("has_shared_memory", "feature_disabled"),
        ("begins_with_ten_million_elements", "table_too_large"),
        ("begins_with_every_element", "table_too_large"),
        ("has_a_hundred_instances", "compile_failed"),
        ("uses_relaxed_simd", "feature_disabled"),
    ] {
        let error = refused(&scene, name).await;
        assert_eq!(error.code, code, "{name}: {error}");
        assert!(error.to_string().len() < 400, "{name}: {error}");
    }
    assert!(scene.mallory.connectors(None, 10).unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_never_says_what_it_is_is_refused() {
    let scene = Scene::new().await;
    for name in ["loops_in_describe", "loops_in_start"] {
        let error = refused(&scene, name).await;
        assert_eq!((error.kind, error.code), (Kind::Refused, "describe_failed"), "{name}: {error}");
    }
    assert!(scene.mallory.connectors(None, 10).unwrap().items.is_empty());
}
