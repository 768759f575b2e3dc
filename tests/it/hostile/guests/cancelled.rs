//! Callers that go away in the middle: no place, handle or turn is kept, and what the call did is in the log.

use std::future::Future;
use std::io::Write as _;
use std::net::TcpStream;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::noop_waker;
use lockgate::LogFilter;
use lockgate::domain::log::LogEvent;
use lockgate::domain::token::Bearer;
use serde_json::json;

use crate::harness::aftermath::Scene;
use crate::harness::raw::raw;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Polled by hand a number of times, then dropped where it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_stops_waiting_anywhere_costs_nothing_and_hides_nothing() {
    let scene = Scene::new().await;
    let profile = scene.install(raw("logs_and_waits")).await;
    let tenant = scene.mallory.clone();
    let of = profile.clone();
    let calls = 300;
    scene
        .during(async move {
            let mut dice = Dice(20_260_101);
            for _ in 0..calls {
                let polls = dice.below(6);
                let call = tenant.call(&of, "act", vec![json!({})], None);
                let mut call = pin!(call);
                for _ in 0..=polls {
                    if call.as_mut().poll(&mut Context::from_waker(&noop_waker())).is_ready() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
        })
        .await;
    let filter = LogFilter { profile: Some(&profile), ..LogFilter::default() };
    let mut lines = 0;
    for _ in 0..200 {
        let rows = scene.mallory.logs(filter, 500).unwrap().items;
        lines = rows.iter().filter(|row| matches!(row.event, LogEvent::Line { .. })).count();
        if lines == calls {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(lines, calls, "each call that began left its line");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_leaves_no_call_without_a_row() {
    let scene = Scene::new().await;
    let profile = scene.install(raw("waits_for_ever")).await;
    let tenant = scene.mallory.id().clone();
    let token = scene.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
    let body = r#"{"inputs":[{}]}"#;
    let request = format!(
        "POST /v1/profiles/{profile}/actions/act HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        scene.address,
        body.len()
    );
    let address = scene.address;
    let host = scene.host.clone();
    scene
        .during(async move {
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(request.as_bytes()).unwrap();
            // The other tenant has at most one call under way.
            while host.gauges().sandbox.calls < 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(client);
        })
        .await;
    for _ in 0..200 {
        if !scene.failures(&profile).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(scene.failures(&profile), ["wall_limit"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stops_while_guests_run_ends_them_and_keeps_their_runs() {
    let scene = Scene::new().await;
    let profile = scene.install(raw("waits_for_ever")).await;
    let mut call = pin!(scene.mallory.call(&profile, "act", vec![json!({})], None));
    assert!(matches!(call.as_mut().poll(&mut Context::from_waker(&noop_waker())), Poll::Pending));
    scene.host.shutdown().await;
    assert_eq!(call.await.unwrap_err().code, "wall_limit");
    scene.look_around().await;
}
