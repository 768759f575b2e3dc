//! Naughty strings in every place that takes one: stored exactly, or refused; never an error inside, never obeyed.

use serde_json::{Value, json};

use super::gate::Gate;

/// Of our own making, by kind: what readers of many languages have stumbled over.
const NAUGHTY: &[&str] = &[
    // Nothing, and what looks like nothing.
    "",
    " ",
    "\t",
    "\n",
    "\u{a0}",
    "\u{3000}",
    "\u{200b}",
    "\u{feff}",
    "\u{2028}",
    "\u{ad}",
    // Words that programs take for values.
    "null",
    "undefined",
    "true",
    "NaN",
    "None",
    "nil",
    "-0",
    "1e1000",
    "0x7f",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "toString",
    // Numbers at their ends.
    "-1",
    "9223372036854775808",
    "340282366920938463463374607431768211456",
    "1.0",
    "1,000",
    "٣",
    // Paths and names of files.
    "..",
    ".",
    "/",
    "\\",
    "../../etc/passwd",
    "..%2f..%2f",
    "C:\\con",
    "nul",
    "COM1",
    "a/b",
    "a\0b",
    "~root",
    "file:///x",
    // Languages within languages.
    "'; DROP TABLE runs; --",
    "\" OR \"\"=\"",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "${jndi:ldap://a}",
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "$(id)",
    "`id`",
    "; id",
    "| id",
    "&& id",
    "%s%s%n",
    "%00",
    "%0d%0ax: y",
    "\r\nx: y",
    "]]>",
    "<!--",
    "=HYPERLINK(\"//a\")",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "*)(uid=*",
    "\\u0000",
    "\\x00",
    "{\"$gt\":\"\"}",
    // What a terminal or an eye is misled by.
    "\u{1b}[2J",
    "\u{1b}]0;x\u{7}",
    "\u{9b}2J",
    "\u{8}",
    "\u{7f}",
    "abc\u{202e}cba",
    "\u{2066}x\u{2069}",
    "раypal",
    "ｆｕｌｌ",
    "a\u{300}\u{301}\u{302}",
    "Z̷̢a",
    "ﷺ",
    "İ",
    "ß",
    "ǅ",
    "👩‍👩‍👧",
    "🏴\u{e0067}\u{e0062}\u{e007f}",
    "\u{1f1e6}",
    "\u{fffe}",
    "\u{10ffff}",
    // Names of ours in other clothes.
    "PROBE",
    "probe ",
    " probe",
    "probe.",
    "probe/",
    "Probe",
    "pr\u{43e}be",
    "_",
    "-",
    "-a",
    "credential\0",
];

fn long() -> Vec<String> {
    vec!["a".repeat(64), "a".repeat(5_000), "é".repeat(500), "-".repeat(64)]
}

fn all() -> Vec<String> {
    NAUGHTY.iter().map(|text| (*text).to_owned()).chain(long()).collect()
}

/// What no answer may have in it: characters that a terminal obeys. JSON escapes C0; the rest is ours to escape.
fn is_inert(answer: &Value) -> bool {
    let text = answer["detail"].as_str().unwrap_or_default();
    text.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_none_is_refused_everywhere_and_shown_inert() {
    let gate = Gate::new().await;
    let config = json!({ "api_base": "https://a.example" });
    let auth = json!({ "kind": "bearer" });
    for text in all() {
        let flow = |field: &str| {
            let mut flow = super::gate::a_flow("named", "probe");
            match field {
                "name" => flow["name"] = json!(text),
                _ => flow[field]["profile"] = json!(text),
            }
            flow
        };
        for (path, who, body) in [
            (
                "/v1/profiles",
                &gate.owner,
                json!({ "name": text, "connector": "prober", "config": config, "auth": auth }),
            ),
            (
                "/v1/profiles",
                &gate.owner,
                json!({ "name": "n", "connector": text, "config": config, "auth": auth }),
            ),
            ("/v1/profiles", &gate.owner, json!({ "name": "n", "connector": "prober", "version": text })),
            (
                "/v1/profiles",
                &gate.owner,
                json!({ "name": "n", "connector": "prober", "config": config, "auth": { "kind": text } }),
            ),
            (
                "/v1/profiles",
                &gate.owner,
                json!({ "name": "n", "connector": "prober", "auth": auth, "config": { "api_base": text } }),
            ),
            ("/v1/flows", &gate.owner, flow("name")),
            ("/v1/flows", &gate.owner, flow("source")),
            ("/v1/flows", &gate.owner, flow("destination")),
            ("/v1/profiles/probe/grant", &gate.owner, json!({ "hosts": [text] })),
            ("/v1/profiles/probe/grant", &gate.owner, json!({ "scopes": [text] })),
            ("/v1/tokens", &gate.operator, json!({ "role": "reader", "tenant": text })),
            ("/v1/tokens", &gate.operator, json!({ "role": text, "tenant": "acme" })),
            ("/v1/tokens", &gate.operator, json!({ "role": "reader", "tenant": "acme", "expires_at": text })),
        ] {
            // A few are names after all: `null` is one, and so is what begins with a digit.
            let is_slug = text.len() <= 63
                && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            let answer = gate.ask("POST", path, Some(who), Some(&body)).await;
            let row = format!("{path} {body}: {} {}", answer.status, answer.body);
            assert!((400..500).contains(&answer.status) || (is_slug && answer.status == 201), "{row}");
            assert!(is_inert(&answer.body), "{row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_text_is_kept_exactly_or_refused() {
    let gate = Gate::new().await;
    let texts = all();
    let inputs: Vec<_> = texts.iter().map(|text| json!({ "text": text, (text.as_str()): 1 })).collect();
    let body = json!({ "inputs": inputs, "key": "\u{1b}[2J<script>" });
    let called = gate.ask("POST", "/v1/profiles/probe/actions/echo", Some(&gate.owner), Some(&body)).await;
    assert_eq!(called.status, 200, "{}", called.body);
    for (sent, result) in inputs.iter().zip(called.body["results"].as_array().unwrap()) {
        assert_eq!(&result["output"], sent);
    }
    for (at, text) in texts.iter().enumerate() {
        // The user of basic, which goes into a header.
        let body = json!({ "name": format!("u-{at}"), "connector": "prober", "auth": { "kind": "basic", "user": text },
            "config": { "api_base": "https://a.example" } });
        let made = gate.ask("POST", "/v1/profiles", Some(&gate.owner), Some(&body)).await;
        match made.status {
            201 => assert_eq!(made.body["auth"]["user"], json!(text)),
            status => assert!(status == 400 && is_inert(&made.body), "{text:?}: {}", made.body),
        }
        // A program of jq: most are none, and none is an error inside.
        let mut flow = super::gate::a_flow(&format!("m-{at}"), "probe");
        flow["mapping"] = json!({ "jq": text });
        let made = gate.ask("POST", "/v1/flows", Some(&gate.owner), Some(&flow)).await;
        match made.status {
            201 => assert_eq!(made.body["mapping"]["jq"], json!(text)),
            status => assert!((400..500).contains(&status), "{text:?}: {status} {}", made.body),
        }
        // A credential is kept, or refused without being repeated.
        let secret = json!({ "value": format!("{text}-credential-{at}") });
        let set = gate.ask("PUT", "/v1/profiles/probe/credential", Some(&gate.owner), Some(&secret)).await;
        assert!(set.status == 200 || set.status == 400, "{text:?}: {}", set.body);
        assert!(!set.body.to_string().contains(&format!("credential-{at}")), "{}", set.body);
    }
}
