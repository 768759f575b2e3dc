//! A connector in JavaScript without the SDK: the `fetch` of its engine sends through `wasi:http`.

use lockgate::domain::call::Limits;
use serde_json::json;

use super::{built, kept};
use crate::harness::{CANARY, Echo, profile, reaching};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fetch_of_an_engine_goes_through_the_same_gates() {
    let Some(component) = built::own_fetch() else { return };
    let echo = Echo::start().await;
    let limits = Limits { cpu_ms: 60_000, wall_ms: 120_000, ..Limits::default() };
    let host = reaching(&[&echo.url]).limits(limits).artefacts(kept()).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(component.component).await.expect("the upload is admitted");
    profile(&tenant, "own", "own-fetch", &echo.url, CANARY, &["things:read"]).await;
    let inputs = ["/things/1", "/secrets", "/things/2"].map(|path| json!({ "path": path })).to_vec();
    let called = tenant.call(&"own".parse().unwrap(), "fetch", inputs, None).await.unwrap();
    let seen: Vec<_> = called.results.iter().map(|result| result.as_ref().unwrap()).collect();
    for (number, seen) in [(1, seen[0]), (2, seen[2])] {
        assert_eq!(seen["status"], 200, "{seen}");
        assert!(seen["body"].as_str().unwrap().starts_with(&format!("GET /things/{number} ")), "{seen}");
        assert!(!seen.to_string().contains(CANARY), "{seen}");
    }
    assert!(seen[1]["failed"].is_string(), "{}", seen[1]);
    assert_eq!((called.usage.requests, called.usage.denied), (2, 1));
    assert!(
        echo.heads().iter().all(|head| head.contains(CANARY)),
        "the credential is added behind the guest"
    );
}
