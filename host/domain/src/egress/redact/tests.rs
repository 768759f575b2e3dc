//! What a log row must never show.

use super::*;
use crate::denial::{Denial, Gate};
use crate::egress::Request;
use crate::exchange::{Exchange, ExchangeOutcome};
use crate::injected::Timestamp;

fn shown(text: &str) -> String {
    url(&Url::parse(text).unwrap(), &["hapikey"])
}

#[test]
fn sensitive_query_values_are_masked() {
    for name in [
        "key",
        "api_key",
        "apikey",
        "api-key",
        "token",
        "access_token",
        "refresh_token",
        "client_secret",
        "secret",
        "signature",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "sig",
        "password",
        "code",
        "hapikey",
        "HAPIKEY",
        "authToken",
    ] {
        let masked = shown(&format!("https://a.example.com/x?{name}=hunter2&page=2"));
        assert!(!masked.contains("hunter2") && masked.ends_with("=***&page=2"), "{masked}");
    }
    assert_eq!(shown("https://a.example.com/x?page=2&q=a%20b"), "https://a.example.com/x?page=2&q=a+b");
    assert_eq!(shown("https://a.example.com/x"), "https://a.example.com/x");
}

#[test]
fn a_url_that_was_never_one_is_shown_without_its_secrets() {
    for raw in [
        "https://user:hunter2@a.example.com/x",
        "http://[x?key=hunter2",
        "user:hunter2@host/x y",
        "://?hunter2",
        "https://a.example.com/x?token=hunter2#y",
    ] {
        let shown = raw_url(raw);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert!(raw_url(&"é\u{202e}".repeat(1 << 20)).len() <= URL_BYTES_MAX + 3);
}

#[test]
fn sensitive_headers_are_masked_and_the_rest_is_bounded_and_inert() {
    let given: Vec<(String, Vec<u8>)> = [
        ("Authorization", "Bearer hunter2"),
        ("Cookie", "hunter2"),
        ("Set-Cookie", "hunter2"),
        ("X-Api-Key", "hunter2"),
        ("X-Shopify-Access-Token", "hunter2"),
        ("Stripe-Signature", "hunter2"),
        ("x-vault_secret", "hunter2"),
        ("x-own", "hunter2"),
        ("Idempotency-Key", "k-1"),
        ("x-note", "a\u{1b}[2Jb"),
    ]
    .iter()
    .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
    .collect();
    let shown = headers(&given, Some("x-own"));
    assert!(!format!("{shown:?}").contains("hunter2"), "{shown:?}");
    assert!(shown.contains(&("idempotency-key".into(), "k-1".into())));
    assert!(shown.contains(&("x-note".into(), "a\\u{1b}[2Jb".into())));

    let many = vec![("x".repeat(1_000), vec![0xff; 100_000]); 100];
    let shown = headers(&many, None);
    assert_eq!(shown.len(), HEADERS_MAX);
    assert!(shown.iter().all(|(name, value)| name.len() < 70 && value.len() < 260));
}

#[test]
fn a_denied_request_leaves_a_row_without_secrets() {
    let request = Request {
        method: "G\u{1b}ET".repeat(100),
        url: "https://evil.example.org/?key=hunter2".into(),
        headers: vec![("Authorization".into(), b"hunter2".to_vec())],
        body: b"hunter2".to_vec(),
        timeout_ms: None,
    };
    let denial = Denial::new(Gate::Hosts, "no", "yes");
    let row = Exchange::denied(Timestamp::from_ms(1), &request, denial.clone());
    assert!(!format!("{row:?}").contains("hunter2"), "{row:?}");
    assert_eq!((row.request_bytes, row.duration_ms, row.scope), (7, 0, None));
    assert_eq!(row.outcome, ExchangeOutcome::Denied { denial });
    assert!(row.method.len() <= METHOD_BYTES_MAX + 3);
}

#[test]
fn sensitive_members_of_a_body_are_masked_also_where_it_is_cut_off() {
    for (text, expected) in [
        (r#"{"a":1,"password":"s3cret","b":[2]}"#, r#"{"a":1,"password":"***","b":[2]}"#),
        (r#"{"accessToken" : "s3cret" }"#, r#"{"accessToken":"***" }"#),
        (r#"{"client_secret":{"x":["s3cret","}"]},"b":2}"#, r#"{"client_secret":"***","b":2}"#),
        (r#"{"token":17,"b":2}"#, r#"{"token":"***","b":2}"#),
        (r#"{"api_key":"s\"3cret","b":2}"#, r#"{"api_key":"***","b":2}"#),
        (r#"{"password":"s3cr"#, r#"{"password":"***""#),
        (
            r#"{"error":{"code":"card_declined","key":"4711"}}"#,
            r#"{"error":{"code":"card_declined","key":"4711"}}"#,
        ),
        (r#"{"note":"password"}"#, r#"{"note":"password"}"#),
        ("plain text, nothing more", "plain text, nothing more"),
    ] {
        assert_eq!(body(text.as_bytes(), Some("application/json"), 4_096).as_deref(), Some(expected));
    }
    let form =
        body(b"a=1&client_secret=s3cret&b=2", Some("application/x-www-form-urlencoded; charset=x"), 99);
    assert_eq!(form.as_deref(), Some("a=1&client_secret=***&b=2"));
}

#[test]
fn of_a_body_only_a_bounded_beginning_that_is_text_is_kept() {
    assert_eq!(body(b"", None, 10), None);
    assert_eq!(body(b"\x89PNG\0\0", None, 10), None);
    assert_eq!(body(b"a\0b", None, 10), None);
    assert_eq!(body("ab\u{20ac}".as_bytes(), None, 4).as_deref(), Some("ab"));
    let long = body(&[b'\n'; 100_000], None, 64).unwrap();
    assert!(long.len() <= 64 + '\u{2026}'.len_utf8(), "{}", long.len());
}
