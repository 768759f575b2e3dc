//! Memory and tables: it is the sum of a call that is bounded, however it is spread.

use super::ends_as;
use crate::harness::aftermath::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_bounded_in_sum_over_memories_and_instances() {
    let scene = Scene::new().await;
    for name in ["grows_memory", "grows_many_memories", "grows_in_every_instance", "memory_at_once"] {
        ends_as(&scene, name, &["memory_limit"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_bounded_in_sum() {
    let scene = Scene::new().await;
    for name in ["grows_a_table", "grows_a_table_to_2_31", "grows_many_tables"] {
        ends_as(&scene, name, &["table_limit"]).await;
    }
}
