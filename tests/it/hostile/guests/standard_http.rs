//! A guest that misuses `wasi:http`: what it makes the host keep is bounded, and gone with the call.

use std::time::Duration;

use lockgate::domain::call::Limits;
use lockgate::{EgressOptions, Error};
use serde_json::{Value, json};

use crate::harness::aftermath::{Scene, limits};
use crate::harness::{CANARY, Echo, Tarpit, profile, reaching};

/// One hostile call, from its beginning until nothing is left of it.
async fn does(scene: &Scene, url: &str, how: &str, times: u64) -> Result<Value, Error> {
    let tenant = scene.mallory.clone();
    if tenant.profiles(None, 10).unwrap().items.is_empty() {
        tenant.upload(lockgate_tests::guests::STANDARD_CLIENT.to_vec()).await.expect("it is admitted");
        let scopes = ["things:read", "things:write"];
        profile(&tenant, "client", "standard-client", url, CANARY, &scopes).await;
    }
    let input = json!({ "how": how, "times": times });
    let name = "client".parse().unwrap();
    let called = scene.during(async move { tenant.call(&name, "misbehave", vec![input], None).await }).await;
    called.map(|called| called.results.into_iter().next().unwrap().expect("it answers"))
}

fn code(outcome: Result<Value, Error>) -> &'static str {
    match outcome {
        Err(error) => {
            assert!(!error.to_string().contains("0x"), "{error}");
            error.code
        }
        Ok(value) => panic!("it returned {value}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_guest_makes_the_host_keep_is_bounded() {
    let scene = Scene::within(Limits { handles: 1_000, cpu_ms: 10_000, wall_ms: 30_000, ..limits() }).await;
    let url = scene.echo.url.clone();
    let bounded = does(&scene, &url, "writes for ever", 0).await.unwrap();
    // One byte more than a request may have, to show that it was too much.
    assert_eq!(bounded["written"], (64 << 10) + 1, "{bounded}");
    assert_eq!(bounded["finished"], "Err(ErrorCode::HttpRequestBodySize(Some(65536)))", "{bounded}");
    assert_eq!(bounded["answer"]["error"], "ErrorCode::HttpRequestBodySize(Some(65536))", "{bounded}");
    let opened = does(&scene, &url, "opens bodies for ever", 0).await.unwrap();
    assert!(opened["kept"].as_u64().unwrap() < 300, "{opened}");
    assert_eq!(opened["refused"], "StreamError::Closed", "{opened}");
    for how in ["makes fields for ever", "makes a giant field", "writes without asking"] {
        assert_eq!(code(does(&scene, &url, how, 0).await), "trap", "{how}");
    }
    assert!(scene.echo.heads().iter().all(|head| !head.starts_with("POST")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_end_are_bounded_and_end_with_the_call() {
    let scene = Scene::within(Limits { cpu_ms: 10_000, wall_ms: 30_000, ..limits() }).await;
    let echo = scene.echo.url.clone();
    // More handles than a call may have.
    assert_eq!(code(does(&scene, &echo, "sends thousands", 5_000).await), "handle_limit");
    // As many as fit, and the call ends without waiting for one.
    assert_eq!(does(&scene, &echo, "sends thousands", 150).await.unwrap(), 150);
    assert_eq!(does(&scene, &echo, "sends and forgets", 500).await.unwrap(), "forgotten");
    let kept = does(&scene, &echo, "keeps every answer", 0).await.unwrap();
    assert!(kept["kept"].as_u64().unwrap() <= 100, "{kept}");
    assert_eq!(kept["error"], "ErrorCode::HttpRequestDenied", "{kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_requests_are_under_way_at_once_than_through_our_own_interface() {
    let (echo, tarpit) = (Echo::start().await, Tarpit::start().await);
    // Far more than one call may have under way: what bounds it is its own count.
    let egress =
        EgressOptions { in_flight_per_tenant: 200, connections_per_tenant: 200, ..Default::default() };
    let limits = Limits { wall_ms: 5_000, ..limits() };
    let builder = reaching(&[&echo.url, &tarpit.url]).limits(limits).egress(egress);
    let scene = Scene::of(builder.build().await.unwrap(), echo).await;
    // Counted in the midst of the call: a request has no more time than its call, and one that ends makes room.
    let counted = async {
        while tarpit.connections().len() < 32 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        tarpit.connections().len()
    };
    let (outcome, connections) = tokio::join!(does(&scene, &tarpit.url, "waits for many", 90), counted);
    assert_eq!((code(outcome), connections), ("wall_limit", 32));
    let all_closed = async {
        while !tarpit.connections().iter().all(|connection| connection.closed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_closed).await.expect("they end with the call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_ever_is_ended_by_the_hosts_clock() {
    let scene = Scene::within(limits()).await;
    let echo = scene.echo.url.clone();
    assert_eq!(code(does(&scene, &echo, "waits for what it never finishes", 0).await), "wall_limit");
    assert!(scene.echo.heads().is_empty(), "a body that was never finished was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_or_used_in_an_odd_order_harms_nobody() {
    let scene = Scene::within(Limits { cpu_ms: 10_000, wall_ms: 30_000, ..limits() }).await;
    let echo = scene.echo.url.clone();
    for (how, expected) in [
        ("lets go of its body", json!({ "error": "ErrorCode::HttpProtocolError" })),
        ("lets go in an odd order", json!({ "twice": true, "read": 10 })),
        ("asks twice", json!("Some(Err(()))")),
        ("changes what is fixed", json!("Err(HeaderError::Immutable)")),
        ("asks without waiting", json!("it came")),
    ] {
        assert_eq!(does(&scene, &echo, how, 0).await.unwrap(), expected, "{how}");
    }
    let trailers = does(&scene, &echo, "adds trailers", 0).await.unwrap();
    let refused = "ErrorCode::HttpRequestTrailerSectionSize(Some(0))";
    assert_eq!(trailers["answer"]["error"], refused, "{trailers}");
    assert_eq!(does(&scene, &echo, "finishes first", 0).await.unwrap()["status"], 200);
    for how in ["lets go of what it waits for", "serves"] {
        assert_eq!(code(does(&scene, &echo, how, 0).await), "trap", "{how}");
    }
}
