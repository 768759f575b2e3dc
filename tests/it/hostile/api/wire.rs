//! Requests as bytes: two readers must never see two different requests, and a path has one spelling.

use super::gate::{Gate, statuses};

/// A request that would be answered with 200, for putting where it must not be read as one.
fn hidden(gate: &Gate) -> String {
    format!(
        "GET /v1/whoami HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        gate.address, gate.owner
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_framing_hides_a_second_request_in_a_first() {
    let gate = Gate::new().await;
    let inner = hidden(&gate);
    let length = inner.len();
    let chunk = format!("{length:x}\r\n{inner}\r\n0\r\n\r\n");
    let head =
        format!("POST /v1/flows HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n", gate.address);
    // Each: the framing, the body, and whether it is well-formed enough to be answered at all but with 400.
    let framings = [
        (
            "a length and chunks: the length says all",
            format!("content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}", length + 5),
        ),
        (
            "a length and chunks: the length says little",
            format!("content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{inner}"),
        ),
        (
            "chunks and a length",
            format!("transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n0\r\n\r\n{inner}"),
        ),
        ("two lengths", format!("content-length: 0\r\ncontent-length: {length}\r\n\r\n{inner}")),
        ("two lengths in one", format!("content-length: 0, {length}\r\n\r\n{inner}")),
        ("a signed length", format!("content-length: +{length}\r\n\r\n{inner}")),
        ("a negative length", format!("content-length: -1\r\n\r\n{inner}")),
        ("a length in base 16", format!("content-length: 0x{length:x}\r\n\r\n{inner}")),
        ("a length beyond 64 bits", format!("content-length: 18446744073709551617\r\n\r\n{inner}")),
        ("an unknown coding", format!("transfer-encoding: xchunked\r\n\r\n{chunk}")),
        ("chunked is not last", format!("transfer-encoding: chunked, identity\r\n\r\n{chunk}")),
        ("a coding in quotes", format!("transfer-encoding: \"chunked\"\r\n\r\n{chunk}")),
        ("a tab in the coding's name", format!("transfer-encoding:\x0bchunked\r\n\r\n{chunk}")),
        ("a space before the colon", format!("transfer-encoding : chunked\r\n\r\n{chunk}")),
        (
            "a folded header",
            format!("x: y\r\n transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n{inner}"),
        ),
        ("a bare CR in a header", format!("x: a\rcontent-length: 0\r\n\r\n{inner}")),
        ("a zero byte in a header", format!("x: a\0b\r\ncontent-length: 0\r\n\r\n{inner}")),
        ("a chunk size with a sign", format!("transfer-encoding: chunked\r\n\r\n+0\r\n\r\n{inner}")),
        (
            "a chunk size beyond 64 bits",
            format!("transfer-encoding: chunked\r\n\r\n10000000000000000\r\n{inner}"),
        ),
        ("a chunk that ends with LF", format!("transfer-encoding: chunked\r\n\r\n1\nx\n0\n\n{inner}")),
        (
            "a trailer that is a length",
            format!("transfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 9\r\n\r\n{inner}"),
        ),
        ("chunks in HTTP/1.0", String::new()),
    ];
    for (what, framing) in framings {
        let request = if framing.is_empty() {
            format!("{}transfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}", head.replace("1.1", "1.0"))
        } else {
            format!("{head}{framing}")
        };
        let answer = gate.raw(request.as_bytes()).await;
        let seen = statuses(&answer);
        // Without a token the outer request is 401 at best; a 200 is the hidden one.
        assert!(!seen.contains(&200), "{what}: the hidden request was answered: {answer}");
        assert!(seen.len() <= 1, "{what}: {seen:?}");
    }
    // The hidden request is one that is answered where it stands in the open.
    assert_eq!(statuses(&gate.raw(inner.as_bytes()).await), [200]);
    assert_eq!(statuses(&gate.raw(inner.repeat(2).as_bytes()).await), [200, 200]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_answered_with_400_or_closed() {
    let gate = Gate::new().await;
    let host = format!("host: {}\r\n", gate.address);
    let long_name = "a".repeat(70_000);
    let many = "x: y\r\n".repeat(200);
    for (what, request) in [
        ("nothing", String::new()),
        ("TLS", "\x16\x03\x01\x02\0\x01\0".to_owned()),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("HTTP/0.9", "GET /healthz\r\n".to_owned()),
        ("HTTP/3", format!("GET /healthz HTTP/3.0\r\n{host}\r\n")),
        ("a version with a tail", format!("GET /healthz HTTP/1.1x\r\n{host}\r\n")),
        ("a space in the path", format!("GET /health z HTTP/1.1\r\n{host}\r\n")),
        ("a control character in the path", format!("GET /healthz\x01 HTTP/1.1\r\n{host}\r\n")),
        ("a method in angle brackets", format!("<GET> /healthz HTTP/1.1\r\n{host}\r\n")),
        ("a header without a name", format!("GET /healthz HTTP/1.1\r\n{host}: x\r\n\r\n")),
        ("a header without a colon", format!("GET /healthz HTTP/1.1\r\n{host}nocolon\r\n\r\n")),
        ("a header of 70 KB", format!("GET /healthz HTTP/1.1\r\n{host}x: {long_name}\r\n\r\n")),
        ("a path of 70 KB", format!("GET /{long_name} HTTP/1.1\r\n{host}\r\n")),
        ("200 headers", format!("GET /healthz HTTP/1.1\r\n{host}{many}\r\n")),
    ] {
        let answer = gate.raw(request.as_bytes()).await;
        let seen = statuses(&answer);
        assert!(seen.len() <= 1 && seen.iter().all(|status| (400..500).contains(status)), "{what}: {answer}");
    }
    assert_eq!(gate.ask("GET", "/healthz", None, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_has_one_spelling_and_a_method_one_place() {
    let gate = Gate::new().await;
    let tail = format!("host: {}\r\nauthorization: Bearer {}\r\n", gate.address, gate.owner);
    for path in [
        "//v1/whoami",
        "/v1//whoami",
        "/./v1/whoami",
        "/v1/./whoami",
        "/v1/../v1/whoami",
        "/v1/%2e/whoami",
        "/v1%2fwhoami",
        "/v1/whoami/",
        "/v1/whoami;x=1",
        "/v1/whoami%00",
        "/v1/whoami%20",
        "/V1/whoami",
        "/v1/WHOAMI",
        "/v1/whoam%69",
        "/v1\\whoami",
        "/v1/whoami.json",
        "/v1/whoami%0d%0ax:y",
        "/v1/tokens/../whoami",
        "/healthz/../v1/whoami",
        "/healthz%2f..%2fv1%2fwhoami",
    ] {
        let answer =
            gate.raw(format!("GET {path} HTTP/1.1\r\n{tail}connection: close\r\n\r\n").as_bytes()).await;
        let seen = statuses(&answer);
        assert!(seen == [404] || seen == [400], "{path}: {answer}");
    }
    // In a parameter they are part of a name, and no name has them.
    for name in
        ["..", "probe%2f..%2fprobe", "%2e%2e", "probe%00", "probe;x", "probe%20", "PROBE", "probe%0a", "%ff"]
    {
        let answer = gate
            .raw(format!("GET /v1/profiles/{name} HTTP/1.1\r\n{tail}connection: close\r\n\r\n").as_bytes())
            .await;
        let seen = statuses(&answer);
        assert!(seen == [404] || seen == [400], "{name}: {answer}");
    }
    for header in
        ["x-http-method-override", "x-method-override", "x-http-method", "x-original-url", "x-rewrite-url"]
    {
        let value = if header.ends_with("url") { "/v1/tokens" } else { "DELETE" };
        let request = format!(
            "GET /v1/profiles/probe HTTP/1.1\r\n{tail}{header}: {value}\r\nconnection: close\r\n\r\n"
        );
        let answer = gate.raw(request.as_bytes()).await;
        assert!(answer.contains("\"name\":\"probe\""), "{header}: {answer}");
    }
    assert_eq!(gate.ask("GET", "/v1/profiles/probe", Some(&gate.owner), None).await.status, 200);
    for (request, status) in [
        (format!("GET http://{}/v1/whoami HTTP/1.1\r\n{tail}", gate.address), 200),
        (format!("GET http://evil.example/v1/whoami HTTP/1.1\r\n{tail}"), 400),
        (format!("OPTIONS * HTTP/1.1\r\n{tail}"), 404),
        (format!("CONNECT {} HTTP/1.1\r\n{tail}", gate.address), 404),
        (format!("TRACE /v1/whoami HTTP/1.1\r\n{tail}"), 405),
        (format!("get /v1/whoami HTTP/1.1\r\n{tail}"), 405),
        (format!("OPTIONS /v1/flows HTTP/1.1\r\n{tail}"), 405),
        // Nobody is let into another protocol.
        (format!("GET /v1/whoami HTTP/1.1\r\n{tail}upgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"), 200),
        (format!("GET /v1/whoami HTTP/1.1\r\n{tail}upgrade: websocket\r\nsec-websocket-key: AAAA\r\n"), 200),
    ] {
        let answer = gate.raw(format!("{request}connection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&answer).first(), Some(&status), "{request}: {answer}");
        assert!(!answer.contains(&gate.owner), "the answer repeats the token");
    }
}
