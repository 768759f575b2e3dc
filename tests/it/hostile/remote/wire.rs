//! What reaches the wire: one request, whose every byte the host has chosen or judged.

use lockgate::domain::Gate;
use serde_json::json;

use super::server::{Hostile, ok};
use super::world::{Outcome, World};
use crate::harness::CANARY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_these_bytes_and_no_others() {
    let remote = Hostile::start(|_| ok("fine")).await;
    let world = World::new(&remote.url()).await;
    let large = "x".repeat(1_000_000);
    for (method, path, body, length) in [
        ("GET", "/things/7?a=1&b=%20", "", None),
        ("POST", "/things", "", Some(0)),
        ("POST", "/things?q", "{\"a\":1}\r\nGET /admin HTTP/1.1\r\n\r\n", Some(32)),
        ("POST", "/things", large.as_str(), Some(1_000_000)),
    ] {
        let request = json!({
            "method": method,
            "url": format!("{}{path}", remote.url()),
            "headers": [["X-Note", "a"], ["x-note", "b"]],
            "body": body,
        });
        world.fetch(&world.acme, request).await.assert_answered(200, "fine");
        let seen = remote.seen().pop().unwrap().text();
        let value = |name: &str| {
            let line = seen.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            assert!(
                line.len() >= 32 && line.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
                "{line}"
            );
            line.to_owned()
        };
        let (trace, correlation) = (value("traceparent: "), value("x-correlation-id: "));
        let length = length.map_or(String::new(), |length| format!("content-length: {length}\r\n"));
        let mut expected: Vec<String> = [
            format!("host: 127.0.0.1:{}", remote.port),
            "x-note: a".to_owned(),
            "x-note: b".to_owned(),
            format!("user-agent: lockgate/{}", env!("CARGO_PKG_VERSION")),
            "accept: */*".to_owned(),
            "accept-encoding: gzip".to_owned(),
            format!("traceparent: {trace}"),
            format!("x-correlation-id: {correlation}"),
            format!("authorization: Bearer {CANARY}"),
        ]
        .into();
        let expected_head = format!("{method} {path} HTTP/1.1\r\n{}\r\n{length}\r\n", {
            expected.retain(|line| !line.is_empty());
            expected.join("\r\n")
        });
        assert_eq!(seen.split_at(seen.len() - body.len()), (expected_head.as_str(), body), "{method} {path}");
    }
}

/// Nothing was dialled, and both the guest and the log are told which gate it was.
async fn refused(world: &World, headers: Vec<(String, String)>) -> Outcome {
    let outcome = world.get_with(&headers).await;
    outcome.assert_denied(Gate::Headers);
    outcome
}

fn one(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_could_be_two_is_refused() {
    let remote = Hostile::start(|_| ok("fine")).await;
    let world = World::new(&remote.url()).await;
    for value in [
        "a\rb",
        "a\nb",
        "a\r\nx-injected: 1",
        "a\r\n folded",
        "a\0b",
        "a\x7fb",
        "a\x1b[2J",
        "café",
        "\u{2028}",
    ] {
        refused(&world, one("x-note", value)).await;
    }
    for name in [
        "",
        " ",
        "a b",
        "a:b",
        "a\r\nb",
        "a\nb",
        "a\0b",
        "é",
        "a\t",
        ":authority",
        ":method",
        ":path",
        "(x)",
        "x,y",
        "\"x\"",
    ] {
        refused(&world, one(name, "1")).await;
    }
    refused(&world, one("x-note", &"a".repeat(1 << 20))).await;
    refused(&world, one(&"x".repeat(1 << 20), "1")).await;
    refused(&world, (0..32_769).map(|at| (format!("x-{at}"), String::new())).collect()).await;
    refused(&world, (0..5).map(|at| (format!("x-{at}"), "a".repeat(8_000))).collect()).await;
    assert_eq!(remote.connections(), 0, "a refused request was dialled");
    world.get_with(&one("x-note", "a\tb ~")).await.assert_answered(200, "fine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_frames_the_message_or_speaks_for_the_host_is_refused_in_every_spelling() {
    let remote = Hostile::start(|_| ok("fine")).await;
    let world = World::new(&remote.url()).await;
    for (name, value) in [
        ("Host", "internal.test"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked, identity"),
        ("TE", "trailers"),
        ("Trailer", "x-sum"),
        ("Connection", "close, x-secret"),
        ("Keep-Alive", "timeout=1000"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
        ("Expect", "100-continue"),
        ("Cookie", "a=b"),
        ("Authorization", "Bearer mine"),
        ("Proxy-Authorization", "Basic eA=="),
        ("Proxy-Connection", "keep-alive"),
        ("Forwarded", "for=127.0.0.1"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Accept-Encoding", "br"),
        ("traceparent", "00-0-0-0"),
    ] {
        for name in [name.to_owned(), name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
            let outcome = refused(&world, one(&name, value)).await;
            let reason = outcome.seen["denied"]["reason"].as_str().unwrap_or_default().to_owned();
            assert!(reason.contains(&name.to_ascii_lowercase()), "{name}: {reason}");
        }
    }
    assert_eq!(remote.connections(), 0, "a refused request was dialled");
}
