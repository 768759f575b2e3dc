//! Manifests that authors get wrong and manifests that are meant to harm.

use serde_json::{Value, json};

use super::*;

fn good() -> Value {
    json!({
        "name": "billing", "version": "1.4.0", "title": "Billing", "category": "finance",
        "auth": [
            { "kind": "api_key", "place": "header", "name": "X-Key", "prefix": "Key " },
            { "kind": "api_key", "place": "query", "name": "hapikey" }, { "kind": "basic" }, { "kind": "bearer" },
        ],
        "config": {
            "type": "object", "required": ["shop"], "additionalProperties": false,
            "properties": { "shop": { "type": "string" }, "base": { "type": "string" }, "days": { "type": "integer" } },
        },
        "inputs": [
            { "name": "shop", "kind": "label" }, { "name": "base", "kind": "origin", "default": "https://api.example.com" },
        ],
        "hosts": ["{base}", "https://{shop}.example.net"],
        "scopes": [
            { "name": "invoices:read", "title": "Read invoices", "rules": [{ "method": "GET", "path": "/v1/invoices/{id}" }] },
            { "name": "shop:read", "title": "Read the shop", "rules": [
                { "method": "GET", "path": "/shop/{path...}", "host": "https://{shop}.example.net" },
            ] },
        ],
        "actions": [{
            "name": "create_invoice", "title": "Create an invoice", "effect": "write", "scopes": ["invoices:read"],
            "input": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } },
            "output": { "type": "object" }, "idempotency": { "header": "Idempotency-Key" },
            "examples": [{ "input": { "id": "a" }, "output": {} }],
        }],
        "triggers": [{ "name": "invoices", "title": "Invoices", "kind": "poll", "scopes": [], "record": { "type": "object" } }],
        "secrets": ["webhook"], "rate": { "per_second": 25, "burst": 25 },
    })
}

fn manifest() -> Manifest {
    parse(&good().to_string()).unwrap()
}

/// The places of the problems of a manifest with one value replaced.
fn places(pointer: &str, value: Value) -> Vec<String> {
    let mut manifest = good();
    *manifest.pointer_mut(pointer).unwrap() = value;
    match parse(&manifest.to_string()) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.into_iter().map(|problem| problem.place).collect(),
    }
}

#[test]
fn a_good_manifest_is_read() {
    assert_eq!(manifest().name, "billing");
}

#[test]
fn rules_are_counted_over_all_scopes() {
    let scopes = |count: usize| {
        let rules = |_| json!({ "method": "GET", "path": "/v1/{id}" });
        let scope = |at| json!({ "name": format!("s{at}"), "title": "S", "rules": (0..64).map(rules).collect::<Vec<_>>() });
        (0..count).map(scope).collect::<Vec<_>>()
    };
    let with = |count| {
        let mut manifest = good();
        manifest["actions"] = json!([]);
        manifest["triggers"] = json!([]);
        manifest["scopes"] = scopes(count).into();
        parse(&manifest.to_string())
    };
    assert!(with(16).is_ok());
    assert_eq!(with(17).unwrap_err().problems[0].place, "/scopes");
}

#[test]
fn a_rule_about_answers_has_a_condition_and_a_bound() {
    let with = |rule: Value| {
        let mut manifest = good();
        manifest["answers"] = json!([rule]);
        match parse(&manifest.to_string()) {
            Ok(_) => Vec::new(),
            Err(error) => error.problems.into_iter().map(|problem| problem.place).collect::<Vec<_>>(),
        }
    };
    let body = |pointer: &str, equals: Value| json!({ "means": "auth", "body": [{ "pointer": pointer, "equals": equals }] });
    for good in [
        json!({ "means": "rate_limited", "status": [403], "wait_ms": 60000 }),
        json!({ "means": "permanent", "headers": [{ "name": "Stripe-Should-Retry", "equals": "false" }] }),
        body("/errors/*/extensions/code", json!("THROTTLED")),
        body("", json!(true)),
    ] {
        assert_eq!(with(good.clone()), [""; 0], "{good}");
    }
    for (bad, place) in [
        (json!({ "means": "auth" }), "/answers/0"),
        (json!({ "means": "auth", "status": [99] }), "/answers/0/status"),
        (json!({ "means": "auth", "status": vec![401; 17] }), "/answers/0/status"),
        (json!({ "means": "auth", "headers": [{ "name": "a b", "equals": "" }] }), "/answers/0/headers/0"),
        (body("errors", json!(1)), "/answers/0/body/0"),
        (body("/*/*/*", json!(1)), "/answers/0/body/0"),
        (body("/a", json!([1])), "/answers/0/body/0"),
        (body("/a", json!(1.5)), "/answers/0/body/0"),
        (body("/a", json!("x".repeat(300))), "/answers/0/body/0"),
        (json!({ "means": "auth", "status": [401], "wait_ms": 1 }), "/answers/0/wait_ms"),
        (json!({ "means": "rate_limited", "status": [429], "wait_ms": u64::MAX }), "/answers/0/wait_ms"),
    ] {
        assert_eq!(with(bad.clone()), [place], "{bad}");
    }
    let mut many = good();
    many["answers"] = vec![json!({ "means": "auth", "status": [401] }); 33].into();
    assert_eq!(parse(&many.to_string()).unwrap_err().problems[0].place, "/answers");
}

#[test]
fn each_problem_is_named_with_its_place() {
    for (pointer, value, place) in [
        ("/name", json!("Billing"), "/name"),
        ("/version", json!("1.4"), "/version"),
        ("/version", json!("v1.4.0"), "/version"),
        ("/title", json!(""), "/title"),
        ("/title", json!("a\nb"), "/title"),
        ("/title", json!("a\u{202e}b"), "/title"),
        ("/title", json!("x".repeat(121)), "/title"),
        ("/auth/0/name", json!("X Key"), "/auth/0/name"),
        ("/auth/0/name", json!("Host"), "/auth/0/name"),
        ("/auth/0/name", json!("cookie"), "/auth/0/name"),
        ("/auth/0/prefix", json!("a\r\nb"), "/auth/0/prefix"),
        ("/auth/1/name", json!("a&b"), "/auth/1/name"),
        ("/auth/2", json!({ "kind": "bearer" }), "/auth/3"),
        ("/config", json!({ "type": "strnig" }), "/config"),
        ("/config", json!({ "$ref": "https://example.com" }), "/config"),
        ("/config", json!({ "description": "a\u{1b}[2J" }), "/config"),
        ("/inputs/1/name", json!("Base"), "/inputs/1/name"),
        ("/inputs/1/default", json!("https://a.com/x"), "/inputs/1/default"),
        ("/inputs/1/kind", json!("label"), "/inputs/1/default"),
        ("/inputs/0/name", json!("base"), "/inputs/1/name"),
        ("/hosts/0", json!("*"), "/hosts/0"),
        ("/hosts/0", json!("https://*.example.com"), "/hosts/0"),
        ("/hosts/0", json!("https://{nobody}.example.com"), "/hosts/0"),
        ("/hosts/0", json!("https://api.example.com/v1"), "/hosts/0"),
        ("/hosts/0", json!("https://{shop}.example.net"), "/hosts/1"),
        ("/scopes/0/name", json!("invoices read"), "/scopes/0/name"),
        ("/scopes/0/name", json!("shop:read"), "/scopes/1/name"),
        ("/scopes/0/title", json!(" "), "/scopes/0/title"),
        ("/scopes/0/rules", json!([]), "/scopes/0/rules"),
        ("/scopes/0/rules/0/method", json!("get"), "/scopes/0/rules/0/method"),
        ("/scopes/0/rules/0/method", json!("CONNECT"), "/scopes/0/rules/0/method"),
        ("/scopes/0/rules/0/path", json!("/v1/*"), "/scopes/0/rules/0/path"),
        ("/scopes/0/rules/0/path", json!("/v1/../x"), "/scopes/0/rules/0/path"),
        ("/scopes/1/rules/0/host", json!("https://other.example.net"), "/scopes/1/rules/0/host"),
        ("/actions/0/name", json!("create-invoice"), "/actions/0/name"),
        ("/actions/0/title", json!("\u{0}"), "/actions/0/title"),
        ("/actions/0/scopes/0", json!("nobody"), "/actions/0/scopes/0"),
        ("/actions/0/input", json!({ "pattern": "(" }), "/actions/0/input"),
        ("/actions/0/output", json!({ "$ref": "#/nowhere" }), "/actions/0/output"),
        ("/actions/0/idempotency/header", json!("a b"), "/actions/0/idempotency/header"),
        ("/actions/0/idempotency/header", json!("Host"), "/actions/0/idempotency/header"),
        ("/actions/0/idempotency/header", json!("x-key"), "/actions/0/idempotency/header"),
        ("/actions/0/examples/0/input", json!({ "id": 7 }), "/actions/0/examples/0/input"),
        ("/actions/0/examples/0/output", json!([]), "/actions/0/examples/0/output"),
        ("/triggers/0/name", json!(""), "/triggers/0/name"),
        ("/triggers/0/scopes", json!(["nobody"]), "/triggers/0/scopes/0"),
        ("/triggers/0/record", json!(7), "/triggers/0/record"),
        ("/secrets/0", json!("../x"), "/secrets/0"),
        ("/rate/per_second", json!(0), "/rate"),
        ("/hosts", json!(vec!["https://a.example.com"; 65]), "/hosts"),
        ("/scopes", json!(vec![good()["scopes"][0].clone(); 129]), "/scopes"),
    ] {
        let places = places(pointer, value.clone());
        assert!(places.contains(&place.to_owned()), "{pointer} = {value}: {places:?}");
    }
}

#[test]
fn all_problems_come_at_once_and_are_bounded() {
    let mut manifest = good();
    manifest["name"] = json!("?");
    manifest["title"] = json!("");
    manifest["scopes"] = json!(vec![json!({ "name": "", "title": "", "rules": [] }); 30]);
    let error = parse(&manifest.to_string()).unwrap_err();
    assert_eq!(error.problems.len(), 20);
    assert!(error.more > 50, "{}", error.more);
    let text = error.to_string();
    assert!(text.contains("/name: ") && text.contains(" more"), "{text}");
}

#[test]
fn what_is_no_manifest_is_refused_before_anything_else() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"title\":\"{}\"}}", "x".repeat(300_000));
    for text in ["", "null", "[]", "{}", "\"x\"", deep.as_str(), long.as_str()] {
        let shown = parse(text).unwrap_err().to_string();
        assert!(shown.len() < 1_000, "{shown}");
    }
    let mut unknown = good();
    unknown["hostz"] = json!([]);
    assert!(parse(&unknown.to_string()).unwrap_err().to_string().contains("hostz"));
    let twice = good().to_string().replacen('{', "{\"name\":\"other\",", 1);
    assert!(parse(&twice).unwrap_err().to_string().contains("given twice"));
}

#[test]
fn an_error_never_carries_control_characters_or_long_texts() {
    let mut manifest = good();
    manifest["scopes"][0]["name"] = json!("\u{1b}[2J".repeat(10_000));
    manifest["hosts"][0] = json!(format!("https://{{{}}}.example.com", "\u{202e}x".repeat(50)));
    let text = parse(&manifest.to_string()).unwrap_err().to_string();
    assert!(text.len() < 3_000 && !text.chars().any(crate::text::is_hidden), "{text}");
}

#[test]
fn a_configuration_gets_its_defaults_and_is_checked() {
    let config = config(&manifest(), json!({ "shop": "acme" })).unwrap();
    assert_eq!(config, json!({ "shop": "acme", "base": "https://api.example.com" }));
    let hosts = requested_hosts(&manifest(), &config).unwrap();
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["https://acme.example.net", "https://api.example.com"]);
}

#[test]
fn a_configuration_that_does_not_fit_is_refused() {
    for (value, part) in [
        (json!({}), "shop"),
        (json!([]), "JSON object"),
        (json!(null), "JSON object"),
        (json!({ "shop": "acme", "days": "7" }), "/days"),
        (json!({ "shop": "acme", "extra": 1 }), "/"),
        (json!({ "shop": "evil.com/x" }), "`shop` is no host label"),
        (json!({ "shop": "acme", "base": "https://a.com/x" }), "`base` is no origin"),
        (json!({ "shop": "x".repeat(70_000) }), "64 KiB"),
    ] {
        let refused = config(&manifest(), value.clone()).unwrap_err().to_string();
        assert!(refused.contains(part), "{refused}");
    }
}

#[test]
fn a_webhook_trigger_is_read_and_a_scheme_that_proves_nothing_is_refused() {
    let kind = "/triggers/0/kind";
    let hmac = |more: Value| {
        let mut scheme = json!({ "kind": "hmac", "header": "X-Sig" });
        scheme.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "webhook": { "scheme": scheme } })
    };
    let timed =
        json!({ "signed": "{timestamp}.{body}", "timestamp": { "header": "X-At", "unit": "milliseconds" } });
    for good in [
        json!({ "webhook": { "scheme": { "kind": "stripe" } } }),
        json!({ "webhook": { "scheme": { "kind": "github" }, "headers": ["X-Extra"] } }),
        hmac(json!({})),
        hmac(timed),
        hmac(
            json!({ "prefix": "sha512=", "algorithm": "sha512", "encoding": "base64", "event_id": { "pointer": "/id" } }),
        ),
    ] {
        assert_eq!(places(kind, good.clone()), [""; 0], "{good}");
    }
    for (bad, place) in [
        (json!({ "webhook": { "scheme": { "kind": "none" } } }), ""),
        (json!({ "webhook": { "scheme": { "kind": "hmac", "header": "X-Sig", "typo": 1 } } }), ""),
        (
            json!({ "webhook": { "scheme": { "kind": "stripe" }, "headers": ["Cookie"] } }),
            "/webhook/headers/0",
        ),
        (
            json!({ "webhook": { "scheme": { "kind": "stripe" }, "headers": vec!["X"; 17] } }),
            "/webhook/headers",
        ),
        (hmac(json!({ "signed": "{timestamp}" })), "/webhook/scheme/signed"),
        (hmac(json!({ "signed": "{timestamp}{body}" })), "/webhook/scheme/timestamp"),
        (hmac(json!({ "timestamp": { "header": "X-At" } })), "/webhook/scheme/timestamp"),
        (hmac(json!({ "prefix": "a b" })), "/webhook/scheme/prefix"),
        (hmac(json!({ "event_id": { "pointer": "id" } })), "/webhook/scheme/event_id/pointer"),
        (hmac(json!({ "event_id": { "header": "a b" } })), "/webhook/scheme/event_id/header"),
    ] {
        let found = places(kind, bad.clone());
        let expected = if place.is_empty() { String::new() } else { format!("{kind}{place}") };
        assert!(found.contains(&expected), "{bad}: {found:?}");
    }
}

#[test]
fn a_request_costs_no_more_than_the_rate_lets_go_at_once() {
    for (cost, fine) in [(1, true), (25, true), (0, false), (26, false)] {
        let rule = json!({ "method": "GET", "path": "/v1/search", "cost": cost });
        let found = places("/scopes/0/rules/0", rule);
        let expected = if fine { Vec::new() } else { vec!["/scopes/0/rules/0/cost".to_owned()] };
        assert_eq!(found, expected, "{cost}");
    }
}

#[test]
fn a_scheme_that_could_not_be_sent_or_filled_is_refused_in_its_place() {
    for (scheme, place) in [
        (json!({ "kind": "api_key", "place": "json_field", "name": "api_key" }), None),
        (json!({ "kind": "api_key", "place": "form_field", "name": "a b" }), Some("/auth/0/name")),
        (json!({ "kind": "aws_sigv4", "region": "{shop}", "service": "s3" }), None),
        (json!({ "kind": "aws_sigv4", "region": "{zone}", "service": "s3" }), Some("/auth/0/region")),
        (json!({ "kind": "aws_sigv4", "region": "us-east-1", "service": "S3/" }), Some("/auth/0/service")),
        (json!({ "kind": "oauth1" }), None),
        (json!({ "kind": "oauth1", "realm": "{shop}", "realm_is_account": true }), None),
        (json!({ "kind": "oauth1", "realm": "a\"b" }), Some("/auth/0/realm")),
        (json!({ "kind": "oauth1", "realm_is_account": true }), Some("/auth/0/realm")),
    ] {
        let found = places("/auth/0", scheme.clone());
        assert_eq!(found, place.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{scheme}");
    }
}
