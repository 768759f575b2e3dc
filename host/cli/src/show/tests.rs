//! What foreign text can do to a terminal: nothing.

use serde_json::json;

use super::*;

const EVIL: &str = "x\u{1b}[2J\u{9b}1m\r\n\u{202e}y\u{0}";

fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !domain::text::is_hidden(c)) && !text.contains("\n\u{202e}")
}

#[test]
fn no_row_of_the_log_moves_the_cursor_or_forges_another_row() {
    let entries = json!([
        { "at": EVIL, "connector": { "name": EVIL, "version": EVIL }, "correlation": EVIL,
          "event": { "kind": "line", "level": "info", "message": EVIL, "fields": [{ "name": EVIL, "value": EVIL }] } },
        { "at": EVIL, "connector": { "name": "a", "version": "1" }, "profile": EVIL, "correlation": EVIL,
          "event": { "kind": "failed", "call": EVIL, "code": EVIL, "blame": "guest", "message": EVIL } },
        { "at": EVIL, "connector": { "name": "a", "version": "1" }, "profile": EVIL, "correlation": EVIL,
          "event": { "kind": "exchange", "exchange": { "at": EVIL, "method": EVIL, "url": EVIL,
            "request_headers": [], "request_bytes": 0, "duration_ms": 1,
            "outcome": { "kind": "failed", "failure": { "kind": "tls", "code": "tls_failed", "sent": true, "message": EVIL } } } } },
    ]);
    for entry in entries.as_array().unwrap() {
        let text = logs::entry(&serde_json::from_value(entry.clone()).unwrap());
        assert!(is_harmless(&text), "{text:?}");
        assert_eq!(text.lines().count(), 1, "{text:?}");
    }
}

#[test]
fn a_refusal_is_explained_by_gate_reason_and_remedy() {
    let entry = json!({
        "at": "2026-11-22T08:30:00.000Z", "connector": { "name": "stripe", "version": "0.1.0" },
        "profile": "stripe-main", "correlation": "0",
        "event": { "kind": "exchange", "exchange": {
            "at": "", "method": "POST", "url": "https://api.stripe.com/v1/refunds", "request_headers": [],
            "request_bytes": 0, "duration_ms": 0,
            "outcome": { "kind": "denied", "denial": {
                "gate": "scope", "reason": "no granted scope covers it", "remedy": "grant refunds:write" } } } }
    });
    let text = logs::entry(&serde_json::from_value(entry).unwrap());
    assert_eq!(
        text,
        "2026-11-22T08:30:00.000Z  stripe-main  POST https://api.stripe.com/v1/refunds\n    \
         denied at the scope gate: no granted scope covers it\n    remedy: grant refunds:write"
    );
}

#[test]
fn a_connector_cannot_dress_up_what_it_asks_for() {
    let connector = json!({
        "name": EVIL, "version": EVIL, "title": EVIL, "category": EVIL, "digest": EVIL, "size_bytes": 1,
        "uploaded_at": EVIL, "hosts": [EVIL], "inputs": [{ "name": EVIL, "kind": EVIL }], "config": {},
        "scopes": [{ "name": EVIL, "title": EVIL, "rules": [{ "method": EVIL, "path": EVIL, "host": EVIL }] }],
        "auth": [{ "kind": EVIL }], "secrets": [EVIL], "imports": [EVIL],
        "actions": [{ "name": EVIL, "title": EVIL, "effect": "read", "scopes": [EVIL], "input": {}, "output": {},
                      "examples": [] }],
        "triggers": [{ "name": EVIL, "title": EVIL, "kind": EVIL, "scopes": [EVIL], "record": {} }],
    });
    let text = connectors::one(&serde_json::from_value(connector).unwrap());
    assert!(is_harmless(&text), "{text:?}");
}

#[test]
fn a_profile_says_what_it_lacks() {
    let profile = json!({
        "name": "shop", "connector": { "name": "shop", "version": "1.0.0" }, "status": "pending", "enabled": true,
        "config": {}, "auth": { "kind": "bearer" }, "credential_set": false, "secrets": [], "outcomes": [],
        "hosts": [{ "host": "https://shop.example", "requested": true, "granted": false }], "scopes": [],
        "created_at": "", "updated_at": "",
    });
    let text = profiles::one(&serde_json::from_value(profile).unwrap());
    assert!(text.contains("pending (no credential, no host granted)"), "{text}");
    assert!(text.contains("credential NOT SET"), "{text}");
}
