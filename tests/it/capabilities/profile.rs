//! The `profile` interface: this profile's settings, and nobody else's.

use serde_json::json;

use crate::harness::{self, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_sees_its_own_configuration_and_scopes_and_no_secret() {
    let probed = Probed::new().await;
    harness::profile(
        &probed.tenant,
        "other",
        "prober",
        &probed.echo.url,
        "other-canary-value",
        &["things:write"],
    )
    .await;
    let config = probed.ask("config", json!({})).await;
    assert_eq!(config, json!({ "api_base": probed.echo.url }));
    assert_eq!(probed.ask("scopes", json!({})).await, json!(["things:read"]));
    let called = harness::call(&probed.tenant, "other", "scopes", json!({})).await;
    assert_eq!(called.results[0].as_ref().unwrap(), &json!(["things:write"]));
}
