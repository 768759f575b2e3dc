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

/// A dead letter in which every text is the same.
fn letter(text: &str) -> serde_json::Value {
    let failure = json!({ "blame": "remote", "code": text, "message": text });
    let header = json!({ "name": text, "value": text });
    json!({
        "id": text, "flow": text, "run": text, "source": text, "destination": text,
        "connector": { "name": text, "version": text }, "key": text, "digest": text, "step": "delivery",
        "body": { "as the source gave it": text }, "mapped": { "as it was sent": text },
        "edited": { "body": { "as somebody wrote it": text }, "at": text, "by": text },
        "exchange": { "at": text, "method": text, "url": text, "request_headers": [header], "request_bytes": 7,
            "duration_ms": 1, "class": text, "asked_ms": 1500, "key": text, "request_excerpt": text,
            "response_excerpt": text, "remote_request_id": text,
            "outcome": { "kind": "answered", "status": 422, "headers": [header], "response_bytes": 9 } },
        "cause": failure,
        "attempts": [{ "n": 3, "at": text, "duration_ms": 12, "failure": failure, "wait_ms": 4000, "status": 429,
            "request": text, "remote_request_id": text }],
        "idempotency_key": text, "key_is_old": true, "former_keys": [text], "correlation": text,
        "state": { "kind": "parked" }, "replays": 2, "buried_at": text, "first_failed_at": text,
        "last_failed_at": text, "times": 4, "expires_at": text,
    })
}

#[test]
fn no_dead_letter_moves_the_cursor() {
    let text = dead_letters::one(&serde_json::from_value(letter(EVIL)).unwrap());
    assert!(is_harmless(&text), "{text:?}");
}

#[test]
fn a_dead_letter_tells_its_whole_story() {
    let text = dead_letters::one(&serde_json::from_value(letter("xyz")).unwrap());
    for part in [
        "as the source gave it",
        "as it was sent",
        "as somebody wrote it",
        "answered with 422",
        "asked to wait 1500 ms",
        "former keys",
        "429",
        "4000",
        "older than a day",
        "lockgate dead-letters edit xyz --body @FILE --replay",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_found_record_says_where_it_is_and_where_to_look_next() {
    let found = |place: serde_json::Value| {
        let record = json!({ "flow": EVIL, "key": EVIL, "run": EVIL, "place": place, "attempts": [], "attempts_made": 2 });
        let found = json!({ "items": [record], "more": true });
        records::found(&serde_json::from_value(found).unwrap())
    };
    for (place, said) in [
        (json!({ "kind": "waiting", "next_at": "08:30" }), "not before 08:30"),
        (json!({ "kind": "delivered", "at": EVIL, "status": 201 }), "answered with 201"),
        (json!({ "kind": "skipped", "at": EVIL }), "dropped by the mapping"),
        (
            json!({ "kind": "dead_letter", "at": EVIL, "id": "01K", "state": { "kind": "parked" } }),
            "(parked)",
        ),
        (json!({ "kind": "dead_letter", "at": EVIL, "id": "01K" }), "next: lockgate dead-letters show 01K"),
    ] {
        let text = found(place);
        assert!(text.contains(said) && is_harmless(&text), "{text:?}");
    }
    let none = records::found(&serde_json::from_value(json!({ "items": [], "more": false })).unwrap());
    assert!(none.contains("no record"), "{none}");
}

#[test]
fn a_run_shows_the_last_attempt_of_each_record_and_those_in_trouble_first() {
    let settled = |key: &str, became: &str, n: u32| {
        let attempt = json!({ "n": n, "at": "", "duration_ms": 1, "status": 200 + n });
        json!({ "key": key, "idempotency_key": "", "became": became, "attempt": attempt })
    };
    let batch = |records: serde_json::Value| {
        json!({ "at": "", "connector": { "name": "a", "version": "1" }, "correlation": "",
                "event": { "kind": "settled", "records": records } })
    };
    let batches = json!([
        batch(json!([settled("good", "delivered", 2), settled("bad", "buried", 5)])),
        batch(json!([settled("good", "waiting", 1), settled("later", "waiting", 1)])),
    ]);
    let batches: Vec<server::dto::LogEntry> = serde_json::from_value(batches).unwrap();
    let text = runs::records(&batches, 2);
    let place = |word: &str| text.find(word);
    assert!(text.contains("1 more of them"), "{text}");
    assert!(place("bad").is_some() && place("bad") < place("later") && place("good").is_none(), "{text}");
    let all = runs::records(&batches, 20);
    assert!(all.contains("good") && all.contains("202") && all.matches("201").count() == 1, "{all}");
}

#[test]
fn a_gap_in_a_log_is_told() {
    let text = logs::line(&serde_json::from_value(json!({ "missed": 12 })).unwrap());
    assert!(text.contains("12 rows"), "{text}");
}
