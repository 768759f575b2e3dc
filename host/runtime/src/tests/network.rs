//! Requests and secrets, as a guest sees them.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::egress::{Ceiling, Origin, Policy, PolicyParts};
use domain::exchange::ExchangeOutcome;
use domain::profile::Grant;
use domain::{Gate, ProfileName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

use super::guest::Guest;
use super::rooms::{call, input, link, runtime};
use crate::{CallFor, Gauges, Kind, PoolGauges};

const SHARED: &str = r#"
    (core module $memory_module (memory (export "memory") 4) (global $at (mut i32) (i32.const 0x8000))
      (func (export "realloc") (param i32 i32 i32) (param $new i32) (result i32) (local $here i32)
        (local.set $here (global.get $at))
        (global.set $at (i32.and (i32.add (i32.add (global.get $at) (local.get $new)) (i32.const 7)) (i32.const -8)))
        (local.get $here)))
    (core instance $shared (instantiate $memory_module))"#;

const HTTP: &str = r#"
    (import "lockgate:connector/http@0.1.0" (instance $http
      (alias outer 1 $denial (type $denial'))
      (export "denial" (type $denial (eq $denial')))
      (type $request' (record (field "method" string) (field "url" string) (field "headers" (list (tuple string (list u8))))
        (field "body" (list u8)) (field "timeout-ms" (option u32))))
      (export "request" (type $request (eq $request')))
      (type $response' (record (field "status" u16) (field "headers" (list (tuple string (list u8)))) (field "body" (list u8))))
      (export "response" (type $response (eq $response')))
      (type $kind' (enum "name" "connect" "tls" "timeout" "too-large" "bad-response" "other"))
      (export "failure-kind" (type $kind (eq $kind')))
      (type $failure' (record (field "kind" $kind) (field "sent" bool) (field "message" string)))
      (export "failure" (type $failure (eq $failure')))
      (type $http-error' (variant (case "denied" $denial) (case "failed" $failure)))
      (export "http-error" (type $http-error (eq $http-error')))
      (export "send-all" (func (param "requests" (list $request)) (result (list (result $response (error $http-error))))))))
    (core func $send_all (canon lower (func $http "send-all") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))"#;

fn word(n: usize) -> String {
    u32::try_from(n).unwrap().to_le_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A guest whose `run` sends a GET to both URLs at once. `then` is run on the list of results, whose address is at 0x700.
fn sending(urls: [&str; 2], then: &str) -> Guest {
    let mut requests = String::new();
    let mut data = String::from(r#"(data (i32.const 0x40) "GET")"#);
    for (i, url) in urls.iter().enumerate() {
        let at = 0x80 + i * 0x80;
        data.push_str(&format!("(data (i32.const {at}) {url:?})"));
        // Method, URL, no headers, no body, no time-out.
        requests.push_str(&[word(0x40), word(3), word(at), word(url.len()), "\\00".repeat(24)].concat());
    }
    data.push_str(&format!("(data (i32.const 0x300) \"{requests}\")"));
    Guest {
        imports: format!(
            r#"{SHARED} {HTTP} (core instance $host (export "send_all" (func $send_all)) (export "memory" (memory $shared "memory")))"#
        ),
        core_imports: r#"(import "host" "memory" (memory 4)) (import "host" "send_all" (func $send_all (param i32 i32 i32)))"#
            .to_owned(),
        with: r#"(with "host" (instance $host))"#.to_owned(),
        memory: r#"(export "memory" (memory 0))"#.to_owned(),
        run: format!("(local $r i32) (call $send_all (i32.const 0x300) (i32.const 2) (i32.const 0x700)) (local.set $r (i32.load (i32.const 0x700))) {then} i32.const 0x400"),
        items: format!(r#"{data} (data (i32.const 0x400) "\00\05\00\00\02\00\00\00")"#),
        ..Guest::default()
    }
}

/// Returns the bodies (or the first texts of the denials) as the two results of `run`.
fn returning(text_offset: usize) -> String {
    (0..2)
        .map(|i| {
            let (from, to) = (i * 32 + text_offset, 0x500 + i * 40 + 8);
            format!(
                "(i32.store (i32.const {to}) (i32.load offset={from} (local.get $r)))
                 (i32.store (i32.const {}) (i32.load offset={} (local.get $r)))",
                to + 4,
                from + 4
            )
        })
        .collect()
}

/// Answers each of two requests with the JSON text of its path's last character, the second one first.
async fn remote() -> Origin {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let both = Arc::new(Barrier::new(2));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let both = Arc::clone(&both);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
                // Nobody is answered before both have asked.
                both.wait().await;
                let last = path.chars().last().unwrap();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n{last}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    format!("http://127.0.0.1:{port}").parse().unwrap()
}

fn call_granted(origin: &Origin) -> CallFor {
    let manifest: wit::Manifest = serde_json::from_value(serde_json::json!({
        "name": "probe", "version": "1.0.0", "title": "Probe", "category": "custom", "hosts": [origin.to_string()],
        "scopes": [{ "name": "read", "title": "Read", "rules": [{ "method": "GET", "path": "/{n}" }] }],
    }))
    .unwrap();
    let grant = Grant {
        hosts: BTreeSet::from([origin.clone()]),
        scopes: BTreeSet::from(["read".parse().unwrap()]),
        granted_at: None,
    };
    let ceiling = Arc::new(Ceiling { hosts: Vec::new(), private: BTreeSet::from([origin.clone()]) });
    let call = call();
    let profile: ProfileName = "main".parse().unwrap();
    let policy = Policy::new(PolicyParts {
        profile: &profile,
        manifest: &manifest,
        config: &serde_json::json!({}),
        grant: &grant,
        ceiling: &ceiling,
        limits: call.limits,
        credential: &[],
        rate: None,
    });
    CallFor { policy: Arc::new(policy.unwrap()), ..call }
}

#[tokio::test]
async fn requests_of_one_list_are_sent_at_once_and_answered_in_order() {
    let origin = remote().await;
    let urls = [format!("{origin}/1"), format!("{origin}/2")];
    let guest = sending([&urls[0], &urls[1]], &returning(16));
    let report = link(guest.component()).await.run(&call_granted(&origin), "act", &[input(), input()]).await;
    assert_eq!(report.outcome, Ok(vec![Ok("1".to_owned()), Ok("2".to_owned())]));
    let rows: Vec<_> = report.exchanges.iter().map(|row| (row.url.clone(), row.scope.as_deref())).collect();
    assert_eq!(rows, [(urls[0].clone(), Some("read")), (urls[1].clone(), Some("read"))]);
    assert_eq!((report.usage.requests, report.usage.denied), (2, 0));
}

#[tokio::test]
async fn a_denial_is_a_value_with_a_row() {
    let origin: Origin = "http://127.0.0.1:1".parse().unwrap();
    let guest = sending(["https://elsewhere.example/1", "http://127.0.0.1:1/a/b"], "");
    let report = link(guest.component()).await.run(&call_granted(&origin), "act", &[]).await;
    let gates: Vec<_> = report
        .exchanges
        .iter()
        .map(|row| match &row.outcome {
            ExchangeOutcome::Denied { denial } => denial.gate,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(gates, [Gate::Ceiling, Gate::Scope]);
    assert_eq!((report.usage.requests, report.usage.denied), (0, 2));
}

#[tokio::test]
async fn a_request_that_is_under_way_when_the_call_ends_has_a_row() {
    let origin = remote().await;
    // The second request is denied, so that the remote waits for it for ever.
    let guest = sending([&format!("{origin}/1"), "https://elsewhere.example/"], "");
    let mut call = call_granted(&origin);
    call.limits.wall_ms = 300;
    let report = link(guest.component()).await.run(&call, "act", &[]).await;
    assert_eq!(report.outcome.unwrap_err().fault, domain::call::Fault::WallLimit);
    let ExchangeOutcome::Failed { failure } = &report.exchanges[0].outcome else { panic!("another outcome") };
    assert!(failure.sent && failure.message.contains("before the remote had answered"));
}

/// Opens the secret `name` in `check` and traps unless the outcome is `case`: 0 for a handle, 1 for a denial.
fn opening(name: &str, case: u8, then: &str) -> Guest {
    Guest {
        imports: format!(
            r#"{SHARED}
            (import "lockgate:connector/secrets@0.1.0" (instance $secrets
              (alias outer 1 $denial (type $denial'))
              (export "denial" (type $denial (eq $denial')))
              (export "secret" (type $secret (sub resource)))
              (export "[method]secret.fingerprint" (func (param "self" (borrow $secret)) (result (result string (error $denial)))))
              (export "open" (func (param "name" string) (result (result (own $secret) (error $denial)))))))
            (core func $open (canon lower (func $secrets "open") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
            (core func $print (canon lower (func $secrets "[method]secret.fingerprint") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
            (core instance $host (export "open" (func $open)) (export "print" (func $print)) (export "memory" (memory $shared "memory")))"#
        ),
        core_imports: r#"(import "host" "memory" (memory 4)) (import "host" "open" (func $open (param i32 i32 i32)))
            (import "host" "print" (func $print (param i32 i32)))"#
            .to_owned(),
        with: r#"(with "host" (instance $host))"#.to_owned(),
        memory: r#"(export "memory" (memory 0))"#.to_owned(),
        items: format!("(data (i32.const 0x40) {name:?})"),
        check: format!(
            "(call $open (i32.const 0x40) (i32.const {}) (i32.const 0x600))
             (if (i32.ne (i32.load8_u (i32.const 0x600)) (i32.const {case})) (then unreachable)) {then} i32.const 0x400",
            name.len()
        ),
        ..Guest::default()
    }
}

#[tokio::test]
async fn a_secret_is_a_handle_or_a_denial() {
    let print = "(call $print (i32.load (i32.const 0x604)) (i32.const 0x700))
        (if (i32.ne (i32.load (i32.const 0x708)) (i32.const 16)) (then unreachable))";
    for (name, case, then) in [("signing", 0, print), ("other", 1, ""), ("Not A Name", 1, "")] {
        let report = link(opening(name, case, then).component()).await.check(&call()).await;
        assert_eq!(report.outcome, Ok(Ok(())), "{name}");
    }
    let nobody = CallFor { profile: None, ..call() };
    assert_eq!(link(opening("signing", 1, "").component()).await.check(&nobody).await.outcome, Ok(Ok(())));
}

#[tokio::test]
async fn handles_to_secrets_are_bounded() {
    let again = "(loop (call $open (i32.const 0x40) (i32.const 7) (i32.const 0x600)) br 0)";
    let report = link(opening("signing", 0, again).component()).await.check(&call()).await;
    assert_eq!(report.outcome.unwrap_err().fault, domain::call::Fault::HandleLimit);
}

/// Polled so many times, as a caller polls who loses patience at any moment, and then dropped where it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_at_any_of_its_awaits_gives_back_all_that_it_held() {
    let origin = remote().await;
    let urls = [format!("{origin}/1"), format!("{origin}/2")];
    let component = sending([&urls[0], &urls[1]], &returning(16)).component();
    let runtime = runtime();
    let digest = domain::Digest::of(&component);
    let linked = runtime.link(&digest, Kind::Connector, async { Some(component) }).await.unwrap();
    let call = call_granted(&origin);
    let inputs = [input(), input()];
    let mut dice = 1_u64;
    let mut dropped = 0;
    for _ in 0..400 {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut run = Box::pin(linked.run(&call, "act", &inputs));
        let mut over = false;
        for _ in 0..(dice >> 33) % 40 {
            over = futures_util::poll!(run.as_mut()).is_ready();
            if over {
                break;
            }
            tokio::task::yield_now().await;
        }
        dropped += usize::from(!over);
    }
    assert!(dropped > 100, "hardly any call was dropped");
    let gauges = Gauges { pool: PoolGauges::default(), ..runtime.gauges() };
    assert_eq!(gauges, Gauges::default());
    assert_eq!(runtime.inner.process.rooms.egress.under_way(), 0);
    assert_eq!(linked.check(&call).await.outcome, Ok(Ok(())));
}
