//! Bodies: bounded before they are parsed, strict when they are, and never repeated in an answer.

use std::io::Write as _;

use serde_json::json;

use super::gate::{Gate, statuses};

/// A word that stands in every bad body, and in no answer.
const CONTENT: &str = "squeamish-ossifrage";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_that_two_readers_may_read_differently_is_refused_with_its_place() {
    let gate = Gate::new().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let at_limit = format!(r#"{{"inputs":[{}1{}]}}"#, "[".repeat(60), "]".repeat(60));
    let path = "/v1/profiles/probe/actions/echo";
    let sent = async |bytes: Vec<u8>| {
        let request =
            gate.request("POST", path).bearer_auth(&gate.owner).header("content-type", "application/json");
        gate.send(request.body(bytes)).await
    };
    let of = |text: &str| text.replace("WORD", CONTENT).into_bytes();
    let utf16: Vec<u8> = r#"{"inputs":[]}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (what, bytes, code) in [
        ("nothing", Vec::new(), "malformed_json"),
        ("half", of(r#"{"inputs": ["WORD"#), "malformed_json"),
        ("deep arrays", deep("[", "]").into_bytes(), "too_deep"),
        ("deep objects", deep(r#"{"a":"#, "}").into_bytes(), "too_deep"),
        ("deep and never closed", "[".repeat(500_000).into_bytes(), "too_deep"),
        ("deep inside", of(&format!(r#"{{"inputs":[{}]}}"#, "[".repeat(64))), "too_deep"),
        ("a key twice", of(r#"{"inputs":[], "inputs":["WORD"]}"#), "duplicate_key"),
        ("a key twice, escaped once", of(r#"{"inputs":[], "inp\u0075ts":["WORD"]}"#), "duplicate_key"),
        ("a key twice, inside", of(r#"{"inputs":[{"WORD":1,"WORD":2}]}"#), "duplicate_key"),
        ("not a number", of(r#"{"inputs":[NaN], "WORD":1}"#), "malformed_json"),
        ("infinity", of(r#"{"inputs":[-Infinity], "WORD":1}"#), "malformed_json"),
        ("a number beyond all", of(r#"{"inputs":[1e400]}"#), "malformed_json"),
        ("a hexadecimal number", of(r#"{"inputs":[0x10]}"#), "malformed_json"),
        ("a number that begins with zero", of(r#"{"inputs":[01]}"#), "malformed_json"),
        ("a comment", of(r#"{"inputs":[] /* WORD */}"#), "malformed_json"),
        ("a last comma", of(r#"{"inputs":["WORD",]}"#), "malformed_json"),
        ("single quotes", of("{'inputs':['WORD']}"), "malformed_json"),
        ("something behind", of(r#"{"inputs":[]} WORD"#), "malformed_json"),
        ("a second document", of(r#"{"inputs":[]}{"inputs":["WORD"]}"#), "malformed_json"),
        ("a byte-order mark", of("\u{feff}{\"inputs\":[]}"), "malformed_json"),
        ("UTF-16", utf16, "malformed_json"),
        ("bytes that are no UTF-8", b"{\"inputs\":[\"\xff\xfe\"]}".to_vec(), "malformed_json"),
        ("UTF-8 that is too long", b"{\"inputs\":[\"\xc0\xaf\"]}".to_vec(), "malformed_json"),
        ("half a surrogate", of(r#"{"inputs":["\ud800"]}"#), "malformed_json"),
        ("a zero byte", b"{\"inputs\":[\"\0\"]}".to_vec(), "malformed_json"),
        ("an array for an object", of(r#"[["WORD"]]"#), "invalid_body"),
        ("a text for an object", of(r#""WORD""#), "invalid_body"),
        ("another type", of(r#"{"inputs":"WORD"}"#), "invalid_body"),
        ("a prototype", of(r#"{"inputs":[], "__proto__":{"WORD":1}}"#), "unknown_field"),
        ("a constructor", of(r#"{"inputs":[], "constructor":{"WORD":1}}"#), "unknown_field"),
        ("another case", of(r#"{"Inputs":["WORD"]}"#), "unknown_field"),
    ] {
        let answer = sent(bytes).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{what}: {}", answer.body);
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.starts_with("line "), "{what}: it does not say where: {detail}");
        assert!(!answer.body.to_string().contains(CONTENT), "{what}: it repeats what was sent: {detail}");
    }
    assert_eq!(sent(at_limit.into_bytes()).await.status, 200, "what is just deep enough passes");
    // What only looks odd arrives as it was.
    let odd = json!({ "inputs": [{ "__proto__": { "a": 1 }, "\u{0}": "\u{202e}", "n": 9_007_199_254_740_993_u64 }] });
    let echoed = gate.ask("POST", path, Some(&gate.owner), Some(&odd)).await;
    assert_eq!(echoed.body["results"][0]["output"], odd["inputs"][0], "{}", echoed.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_too_slow_or_compressed_is_refused() {
    let gate = Gate::new().await;
    let options = server::Options {
        body_ms_max: 300,
        upload_ms_max: 300,
        linger_ms_max: 100,
        upload_bytes_max: 100_000,
        requests_burst: 1_000_000,
        ..server::Options::default()
    };
    let gate = Gate::serving(gate.probed, gate.clock, options).await;
    let head = |path: &str, kind: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\nconnection: close\r\n",
            gate.address, gate.owner
        )
    };
    for (path, kind) in [("/v1/flows", "application/json"), ("/v1/connectors", "application/wasm")] {
        let head = head(path, kind);
        for (what, rest, status) in [
            ("1 GB is announced", "content-length: 1000000000\r\n\r\n".to_owned(), 413),
            ("2^63 is announced", "content-length: 9223372036854775807\r\n\r\n".to_owned(), 413),
            (
                "2 MB in chunks",
                format!("transfer-encoding: chunked\r\n\r\n200000\r\n{}\r\n0\r\n\r\n", " ".repeat(0x20_0000)),
                413,
            ),
            ("it stops in the middle", "content-length: 100\r\n\r\n{".to_owned(), 408),
            ("chunks that never end", "transfer-encoding: chunked\r\n\r\n1\r\n \r\n".to_owned(), 408),
        ] {
            let answer = gate.raw(format!("{head}{rest}").as_bytes()).await;
            assert_eq!(statuses(&answer), [status], "{path}: {what}: {answer}");
        }
    }
    // A megabyte that weighs a kilobyte: nothing is decompressed, so nothing explodes.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"] {
        let request = gate.request("POST", "/v1/flows").bearer_auth(&gate.owner);
        let request = request.header("content-type", "application/json").header("content-encoding", coding);
        let answer = gate.send(request.body(bomb.clone())).await;
        assert_eq!((answer.status, answer.code()), (415, "unsupported_encoding"), "{coding}");
    }
    let answer = gate.ask("GET", "/healthz", None, None).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_queries_and_bodies_have_bounds() {
    let gate = Gate::new().await;
    for query in [
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=1e9",
        "limit=1000000000",
        "limit=",
        "limit=NaN",
        "limit=1&limit=2",
    ] {
        for path in ["/v1/flows", "/v1/logs", "/v1/dead-letters", "/v1/runs", "/v1/profiles"] {
            let answer = gate.ask("GET", &format!("{path}?{query}"), Some(&gate.owner), None).await;
            assert_eq!((answer.status, answer.code()), (400, "invalid_query"), "{path}?{query}");
        }
    }
    // A filter is a name, never a pattern.
    for filter in ["(a%2B)%2B$", ".*", "a%00", "deals%20OR%201=1"] {
        let answer = gate.ask("GET", &format!("/v1/logs?profile={filter}"), Some(&gate.owner), None).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_id"), "{filter}");
    }
    let flow = |field: &str, value: serde_json::Value| {
        let mut flow = super::gate::a_flow("timed", "probe");
        flow[field] = value;
        flow
    };
    for wrong in [
        flow("schedule", json!({ "every_ms": 0 })),
        flow("schedule", json!({ "every_ms": -1 })),
        flow("schedule", json!({ "every_ms": 1.5 })),
        flow("schedule", json!({ "every_ms": 1e300 })),
        flow("schedule", json!({ "every_ms": u64::MAX })),
        flow("schedule", json!({ "every_ms": "9999-12-31T23:59:60Z" })),
        flow("schedule", json!({ "cron": "0 2 30 2 * * *" })),
        flow("delivery", json!({ "batch": 0 })),
        flow("delivery", json!({ "batch": 4_294_967_296_u64 })),
    ] {
        let answer = gate.ask("POST", "/v1/flows", Some(&gate.owner), Some(&wrong)).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
    }
    for end in ["9999-12-30T21:59:59Z", "2030-06-30T23:59:60Z"] {
        let token = json!({ "role": "reader", "tenant": "acme", "expires_at": end });
        let made = gate.ask("POST", "/v1/tokens", Some(&gate.operator), Some(&token)).await;
        assert_eq!(made.status, 201, "{end}: {}", made.body);
    }
    for end in ["99999-01-01T00:00:00Z", "2030-02-30T00:00:00Z", "1e400", "", "2030-01-01"] {
        let token = json!({ "role": "reader", "tenant": "acme", "expires_at": end });
        let made = gate.ask("POST", "/v1/tokens", Some(&gate.operator), Some(&token)).await;
        assert_eq!((made.status, made.code()), (400, "invalid_token"), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_has_a_size_and_is_in_no_answer() {
    let gate = Gate::new().await;
    let path = "/v1/profiles/probe/secrets/signing";
    for (value, status) in [
        (String::new(), 400),
        ("k".repeat((16 << 10) + 1), 400),
        ("k".repeat((1 << 20) + 1), 413),
        ("k".repeat(16 << 10), 204),
        ("with\nline\0and zero \u{202e}".to_owned(), 204),
    ] {
        let body = json!({ "value": value });
        let answer = gate.ask("PUT", path, Some(&gate.owner), Some(&body)).await;
        assert_eq!(answer.status, status, "{} bytes: {}", value.len(), answer.body);
        assert!(value.len() < 10 || !answer.body.to_string().contains(&value));
    }
    for wrong in [json!({ "value": 5 }), json!({ "valeu": CONTENT }), json!({ "value": [CONTENT] })] {
        let answer = gate.ask("PUT", path, Some(&gate.owner), Some(&wrong)).await;
        assert!(answer.status == 400 && !answer.body.to_string().contains(CONTENT), "{}", answer.body);
    }
    for method in ["GET", "POST", "PATCH"] {
        assert_eq!(gate.ask(method, path, Some(&gate.owner), None).await.status, 405, "a secret can be read");
    }
}
