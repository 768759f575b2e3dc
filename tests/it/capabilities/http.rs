//! The `http` interface, from a guest to the wire and back.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpListener;

use super::together::together;
use crate::harness::{self, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_arrives_as_the_guest_wrote_it_with_what_the_host_adds() {
    let probed = Probed::new().await;
    let input = json!({
        "method": "GET",
        "url": format!("{}/things/7?b=2&a=1%202", probed.echo.url),
        "headers": [["x-twice", "1"], ["x-twice", "2"], ["accept", "text/plain"]],
    });
    let seen = probed.ask("fetch", input).await;
    assert_eq!(seen["status"], 200, "{seen}");
    let head = probed.echo.heads().remove(0);
    assert!(head.starts_with("GET /things/7?b=2&a=1%202 HTTP/1.1\r\n"), "{head}");
    let lower = head.to_lowercase();
    for expected in [
        "x-twice: 1",
        "x-twice: 2",
        "accept: text/plain",
        "traceparent: 00-",
        "x-correlation-id: ",
        "host: 127.0.0.1",
    ] {
        assert!(lower.contains(expected), "{expected} is missing: {head}");
    }
    let headers = seen["headers"].to_string();
    assert!(!headers.contains("set-cookie"), "a cookie reached the guest: {headers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn send_all_is_concurrent_and_keeps_the_order() {
    let url = together().await;
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    harness::profile(&tenant, "probe", "prober", &url, harness::CANARY, &["things:read"]).await;
    let requests: Vec<_> = (0..4).map(|n| json!({ "url": format!("{url}/things/{n}") })).collect();
    let called = harness::call(&tenant, "probe", "fetch_all", json!({ "requests": requests })).await;
    let seen = called.results[0].as_ref().unwrap();
    let bodies: Vec<_> = (0..4).map(|n| seen[n]["body"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(bodies, ["/things/0", "/things/1", "/things/2", "/things/3"], "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_out_of_the_guest_is_kept_and_odd_ones_do_no_harm() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            streams.push(stream);
        }
    });
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    harness::profile(&tenant, "probe", "prober", &url, harness::CANARY, &["things:read"]).await;
    for timeout_ms in [0_u32, 200] {
        let began = Instant::now();
        let input = json!({ "url": format!("{url}/things"), "timeout_ms": timeout_ms });
        let called = harness::call(&tenant, "probe", "fetch", input).await;
        let seen = called.results[0].as_ref().unwrap();
        assert_eq!(seen["failed"]["kind"], "Timeout", "{timeout_ms}: {seen}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    held.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_port_is_a_failure_that_names_no_system_error() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    harness::profile(&tenant, "probe", "prober", &url, harness::CANARY, &["things:read"]).await;
    let called = harness::call(&tenant, "probe", "fetch", json!({ "url": format!("{url}/things") })).await;
    let seen = called.results[0].as_ref().unwrap();
    assert_eq!(
        (&seen["failed"]["kind"], &seen["failed"]["sent"]),
        (&json!("Connect"), &json!(false)),
        "{seen}"
    );
    assert!(!seen.to_string().contains("os error"), "{seen}");
}
