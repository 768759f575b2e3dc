//! No state survives a call.

use serde_json::json;

use crate::harness::Probed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_in_the_guest_begins_anew_with_each_call() {
    let probed = Probed::new().await;
    for _ in 0..3 {
        assert_eq!(probed.ask("count", json!({})).await["count"], 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fresh_memory_holds_nothing_of_an_earlier_call() {
    let probed = Probed::new().await;
    let fill = json!({ "pattern": "another-tenants-bytes", "times": 10_000 });
    assert_eq!(probed.ask("fill", fill).await["filled"], 10_000);
    for _ in 0..8 {
        let found = probed.ask("scan", json!({ "pattern": "another-tenants-bytes" })).await;
        assert_eq!(found["found"], 0, "{found}");
    }
}
