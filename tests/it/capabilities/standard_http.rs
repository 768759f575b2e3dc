//! `wasi:http`, the outgoing side: another way to write a request down, and no other way out.

use std::time::{Duration, Instant};

use lockgate::domain::call::{Input, Limits};
use lockgate::domain::cassette::{Answer, Asked, Cassette, Mode};
use lockgate::domain::exchange::{Exchange, ExchangeOutcome};
use lockgate::{Called, Host, Tenant};
use lockgate_tests::guests;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::together::together;
use crate::harness::{self, CANARY, Echo, Probed};

/// A host with the guest that sends through `wasi:http`, and a profile that may do `things:read`.
struct Sent {
    echo: Echo,
    tenant: Tenant,
    _host: Host,
}

async fn client(host: &Host, url: &str) -> Tenant {
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::STANDARD_CLIENT.to_vec()).await.expect("the upload is admitted");
    harness::profile(&tenant, "client", "standard-client", url, CANARY, &["things:read"]).await;
    tenant
}

impl Sent {
    async fn new() -> Self {
        Self::within(Limits::default()).await
    }

    async fn within(limits: Limits) -> Self {
        let echo = Echo::start().await;
        let host = harness::reaching(&[&echo.url]).limits(limits).build().await.unwrap();
        let tenant = client(&host, &echo.url).await;
        Self { echo, tenant, _host: host }
    }

    async fn call(&self, action: &str, input: Value) -> Called {
        harness::call(&self.tenant, "client", action, input).await
    }

    async fn ask(&self, action: &str, input: Value) -> Value {
        answer(&self.call(action, input).await).clone()
    }
}

fn answer(called: &Called) -> &Value {
    called.results[0].as_ref().expect("the guest answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_a_standard_client_gets_the_credential_and_its_echo_is_masked() {
    let sent = Sent::new().await;
    let input = json!({
        "path": "/things/7?b=2&a=1%202",
        "headers": [["X-Twice", "1"], ["x-twice", "2"], ["accept", "text/plain"]],
    });
    let seen = sent.ask("fetch", input).await;
    assert_eq!((&seen["status"], &seen["no_trailers"]), (&json!(200), &json!(true)), "{seen}");
    let head = sent.echo.heads().remove(0);
    assert!(head.starts_with("GET /things/7?b=2&a=1%202 HTTP/1.1\r\n"), "{head}");
    let bearer = format!("authorization: Bearer {CANARY}").to_lowercase();
    for expected in ["x-twice: 1", "x-twice: 2", "accept: text/plain", "traceparent: 00-", &bearer] {
        assert!(head.to_lowercase().contains(expected), "{expected} is missing: {head}");
    }
    assert!(!seen.to_string().contains(CANARY), "{seen}");
    assert!(!seen["headers"].to_string().contains("set-cookie"), "{seen}");
    assert!(seen["body"].as_str().unwrap().contains("x-twice"), "{seen}");
}

/// A row without what time and chance decide (the echo says the trace of its request back), and under one name.
fn comparable(row: &Exchange) -> Value {
    let mut row = serde_json::to_value(row).unwrap();
    for field in ["at", "duration_ms", "request_headers", "response_excerpt"] {
        row.as_object_mut().unwrap().remove(field);
    }
    let text = row.to_string().replace("standard-client", "prober").replace("client", "probe");
    serde_json::from_str(&text).unwrap()
}

fn without_trace(head: &str) -> Vec<&str> {
    head.lines()
        .filter(|line| !line.starts_with("traceparent") && !line.starts_with("x-correlation-id"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_interfaces_enter_one_door_and_leave_the_same_rows() {
    let probed = Probed::new().await;
    let tenant = &probed.tenant;
    tenant.upload(guests::STANDARD_CLIENT.to_vec()).await.expect("the upload is admitted");
    harness::profile(tenant, "client", "standard-client", &probed.echo.url, CANARY, &["things:read"]).await;
    let authority = probed.echo.url.strip_prefix("http://").unwrap();
    // Permitted; another host; another path; another method; a header that the host sets; a credential of the guest's
    // own; a scheme that is none.
    let cases = [
        ("GET", "http", authority, "/things?q=1", json!([])),
        ("GET", "http", "elsewhere.example", "/things", json!([])),
        ("GET", "https", "169.254.169.254", "/things", json!([])),
        ("GET", "http", authority, "/secrets", json!([])),
        ("POST", "http", authority, "/things", json!([])),
        ("TRACE", "http", authority, "/things", json!([])),
        ("GET", "http", authority, "/things", json!([["accept-encoding", "br"]])),
        ("GET", "http", authority, "/things", json!([["authorization", "Bearer mine"]])),
        ("GET", "http", authority, "/things", json!([["x-forwarded-for", "10.0.0.1"]])),
        ("GET", "ftp", authority, "/things", json!([])),
    ];
    for (method, scheme, authority, path, headers) in cases {
        let url = format!("{scheme}://{authority}{path}");
        let ours = json!({ "method": method, "url": url, "headers": headers });
        let ours = harness::call(tenant, "probe", "fetch", ours).await;
        let standard = json!({
            "method": method, "scheme": scheme, "authority": authority, "path": path, "headers": headers,
        });
        let standard = harness::call(tenant, "client", "fetch", standard).await;
        let rows = |called: &Called| called.exchanges.iter().map(comparable).collect::<Vec<_>>();
        assert_eq!(rows(&ours).len(), 1, "{url}");
        assert_eq!(rows(&ours), rows(&standard), "{method} {url} {headers}");
        assert_eq!(
            (ours.usage.requests, ours.usage.denied),
            (standard.usage.requests, standard.usage.denied),
            "{method} {url} {headers}"
        );
        if answer(&ours)["denied"].is_object() {
            assert_eq!(answer(&standard)["error"], "ErrorCode::HttpRequestDenied", "{url}");
        }
    }
    let heads = probed.echo.heads();
    assert_eq!(heads.len(), 2, "only what was permitted arrived: {heads:?}");
    assert_eq!(without_trace(&heads[0]), without_trace(&heads[1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_an_authority_or_frames_a_message_is_refused_as_it_is_set() {
    let sent = Sent::new().await;
    for input in [
        json!({ "path": "http://elsewhere.example/things" }),
        json!({ "path": ".elsewhere.example/things" }),
        json!({ "path": "/things\r\nhost: elsewhere.example" }),
        json!({ "path": format!("/{}", "a".repeat(1 << 18)) }),
        json!({ "authority": "good@elsewhere.example" }),
        json!({ "authority": "a/b" }),
        json!({ "method": "GET /secrets" }),
        json!({ "scheme": "http://elsewhere.example" }),
    ] {
        assert!(sent.ask("fetch", input.clone()).await["refused"].is_string(), "{input}");
    }
    for header in ["host", "transfer-encoding", "connection", "proxy-authorization", "te", "upgrade"] {
        let seen = sent.ask("fetch", json!({ "headers": [[header, "x"]] })).await;
        assert_eq!(seen["header_error"], "HeaderError::Forbidden", "{header}: {seen}");
    }
    let seen = sent.ask("fetch", json!({ "headers": [["x-a", "b\r\nc: d"]] })).await;
    assert_eq!(seen["header_error"], "HeaderError::InvalidSyntax", "{seen}");
    let seen = sent.ask("misbehave", json!({ "how": "names no host" })).await;
    assert!(seen.to_string().contains("HttpRequestUriInvalid"), "{seen}");
    assert!(sent.echo.heads().is_empty(), "{:?}", sent.echo.heads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_frames_the_body_whatever_length_the_guest_says() {
    let echo = Echo::start().await;
    let host = harness::reaching(&[&echo.url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::STANDARD_CLIENT.to_vec()).await.unwrap();
    harness::profile(&tenant, "client", "standard-client", &echo.url, CANARY, &["things:write"]).await;
    let post = async |length: &[&str]| {
        let headers: Vec<_> = length.iter().map(|length| json!(["content-length", length])).collect();
        let input = json!({ "method": "POST", "body": "twelve bytes", "headers": headers });
        answer(&harness::call(&tenant, "client", "fetch", input).await).clone()
    };
    for length in [&[][..], &["12"]] {
        let seen = post(length).await;
        assert_eq!(seen["status"], 200, "{seen}");
        assert!(seen["body"].as_str().unwrap().ends_with("twelve bytes"), "{seen}");
    }
    for length in [&["11"][..], &["13"], &["12", "12"], &["+12"], &["0"]] {
        let seen = post(length).await;
        assert_eq!(seen["error"], "ErrorCode::HttpRequestBodySize(Some(12))", "{length:?}: {seen}");
    }
    let heads = echo.heads();
    assert_eq!(heads.len(), 2);
    for head in heads {
        assert_eq!(head.to_lowercase().matches("content-length: 12").count(), 1, "{head}");
        assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_sent_at_once_and_each_is_taken_when_it_is_there() {
    let url = together().await;
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = client(&host, &url).await;
    let requests: Vec<_> = (0..4).map(|n| json!({ "path": format!("/things/{n}") })).collect();
    let called = harness::call(&tenant, "client", "together", json!({ "requests": requests })).await;
    let bodies: Vec<_> =
        (0..4).map(|n| answer(&called)[n]["body"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(bodies, ["/things/0", "/things/1", "/things/2", "/things/3"]);
    assert_eq!(called.exchanges.len(), 4);
    assert!(called.exchanges.iter().all(|row| row.status() == Some(200)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_out_of_the_guest_shortens_and_each_failure_has_its_code() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            streams.push(stream);
        }
    });
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = client(&host, &url).await;
    for first_byte_ns in [0_u64, 1, 200_000_000] {
        let began = Instant::now();
        let input = json!({ "first_byte_ns": first_byte_ns, "connect_ns": u64::MAX });
        let called = harness::call(&tenant, "client", "fetch", input).await;
        assert_eq!(answer(&called)["error"], "ErrorCode::HttpResponseTimeout", "{first_byte_ns}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    held.abort();

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = client(&host, &url).await;
    let called = harness::call(&tenant, "client", "fetch", json!({})).await;
    assert_eq!(answer(&called)["error"], "ErrorCode::ConnectionRefused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_too_large_is_a_typed_error() {
    let sent = Sent::within(Limits { response_bytes: 50, ..Limits::default() }).await;
    let called = sent.call("fetch", json!({})).await;
    assert_eq!(answer(&called)["error"], "ErrorCode::HttpResponseBodySize(None)");
    assert!(matches!(&called.exchanges[0].outcome, ExchangeOutcome::Failed { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_recorded_and_played_without_the_network() {
    let echo = Echo::start().await;
    let host = harness::reaching(&[&echo.url]).record_everything().build().await.unwrap();
    let tenant = client(&host, &echo.url).await;
    let requests = json!({ "requests": [
        { "path": "/things/1" }, { "path": "/secrets" }, { "path": "/things/2", "body": "" }, { "path": "/things/3" },
    ]});
    let input = Input { key: "k".to_owned(), body: requests.to_string() };
    let report = tenant.rehearse_run(&"client".parse().unwrap(), "together", &[input]).await.unwrap();
    let real: Value =
        serde_json::from_str(report.outcome.clone().unwrap()[0].as_ref().expect("it answers")).unwrap();
    let statuses: Vec<_> = (0..4).map(|n| real[n]["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(200), None, Some(200), Some(200)], "{real}");
    let file = report.cassette.expect("everything is recorded").write();
    assert!(!String::from_utf8_lossy(&file).contains(CANARY));
    let arrived = echo.heads().len();
    assert_eq!(arrived, 3);

    let laptop = Host::builder().artefacts(harness::compiled()).build().await.unwrap();
    let component = laptop.component(guests::STANDARD_CLIENT.to_vec()).await.unwrap();
    let cassette = Cassette::read(&file).unwrap();
    let sends = cassette.host_calls.iter().filter(|host_call| matches!(host_call.asked, Asked::Send(_)));
    let answers: Vec<_> = sends.map(|host_call| &host_call.answer).collect();
    assert_eq!(answers.len(), 4);
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Http(_))), "{answers:?}");
    let played = laptop.play(&component, std::sync::Arc::new(cassette), Mode::Exact).await.unwrap();
    assert_eq!((played.divergence, played.outcome.code()), (None, "ok"));
    assert_eq!(echo.heads().len(), arrived, "nothing went out");
}
