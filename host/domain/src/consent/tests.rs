//! Narrowing is never asked for, widening always is.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::egress::Ceiling;
use crate::injected::Timestamp;
use crate::profile::{Auth, Grant, Profile};

fn connector(version: &str, changed: Value) -> Connector {
    let mut manifest = json!({
        "name": "shop", "version": version, "title": "Shop", "category": "commerce",
        "auth": [{ "kind": "bearer" }],
        "hosts": ["https://api.shop.example"],
        "scopes": [{ "name": "orders:read", "title": "Read orders", "rules": [{ "method": "GET", "path": "/a" }] }],
    });
    let mut imports = vec!["lockgate:connector/http@0.1.0".to_owned(), "wasi:cli/exit@0.2.6".to_owned()];
    for (name, value) in changed.as_object().unwrap() {
        if name == "imports" {
            imports = serde_json::from_value(value.clone()).unwrap();
        } else {
            manifest[name] = value.clone();
        }
    }
    let manifest: wit::Manifest = serde_json::from_value(manifest).unwrap();
    manifest::check(&manifest).unwrap();
    Connector {
        name: manifest.name.parse().unwrap(),
        version: version.parse().unwrap(),
        digest: Digest::of(version.as_bytes()),
        size_bytes: 1,
        manifest,
        imports,
        exports: Vec::new(),
        uploaded_at: Timestamp::from_ms(0),
    }
}

fn rules(rules: &[(&str, &str)]) -> Value {
    let rules: Vec<_> =
        rules.iter().map(|(method, path)| json!({ "method": method, "path": path })).collect();
    json!({ "scopes": [{ "name": "orders:read", "title": "Read orders", "rules": rules }] })
}

fn between(old: Value, new: Value) -> Diff {
    diff(&connector("1.0.0", old), &connector("1.1.0", new), &json!({})).unwrap()
}

fn profile() -> Profile {
    let connector = ConnectorRef { name: "shop".parse().unwrap(), version: "1.0.0".parse().unwrap() };
    let auth = Some(Auth { scheme: wit::AuthScheme::Bearer, user: None });
    let grant = Grant {
        hosts: ["https://api.shop.example".parse().unwrap()].into(),
        scopes: ["orders:read".parse().unwrap()].into(),
        granted_at: None,
    };
    let name = "shop-main".parse().unwrap();
    let profile = Profile::new(name, connector, json!({}), auth, Timestamp::from_ms(0));
    Profile { grant, credential_set: true, ..profile }
}

#[test]
fn the_same_rights_in_another_version_need_nobody() {
    let diff = between(json!({}), json!({ "title": "Shop, but better" }));
    assert!(!diff.asks_more() && diff.changes.is_empty());
    assert!(diff.to_string().contains("asks for the same"));
}

#[test]
fn every_kind_of_more_is_found_and_named() {
    for (changed, subject, name) in [
        (
            json!({ "hosts": ["https://api.shop.example", "https://evil.example"] }),
            Subject::Host,
            "https://evil.example",
        ),
        (json!({ "secrets": ["signing"] }), Subject::Secret, "signing"),
        (json!({ "auth": [{ "kind": "bearer" }, { "kind": "basic" }] }), Subject::Auth, "basic"),
        (
            json!({ "imports": ["lockgate:connector/http@0.1.0", "lockgate:connector/secrets@0.1.0"] }),
            Subject::Capability,
            "secrets",
        ),
    ] {
        let diff = between(json!({}), changed);
        assert!(diff.asks_more());
        let change = diff.changes.first().unwrap();
        assert_eq!(
            (change.direction, change.subject, change.name.as_str()),
            (Direction::Added, subject, name)
        );
        let less = between(json!({}), json!({}));
        assert_ne!(less.digest(), diff.digest());
    }
    let added = json!({ "scopes": [
        { "name": "orders:read", "title": "Read orders", "rules": [{ "method": "GET", "path": "/a" }] },
        { "name": "orders:write", "title": "Write orders", "rules": [{ "method": "POST", "path": "/a" }] },
    ] });
    let diff = between(json!({}), added);
    assert_eq!(diff.changes.first().unwrap().lines, ["+ POST /a"]);
}

#[test]
fn a_rule_that_grew_under_its_old_name_is_a_widening_with_both_lines() {
    let diff = between(rules(&[("GET", "/a")]), rules(&[("GET", "/{all...}")]));
    let change = diff.changes.first().unwrap();
    assert!(diff.asks_more());
    assert_eq!((change.direction, change.subject), (Direction::Widened, Subject::Scope));
    assert_eq!(change.lines, ["+ GET /{all...}", "- GET /a"]);
    let diff = between(rules(&[("GET", "/a")]), rules(&[("GET", "/a"), ("DELETE", "/a")]));
    assert!(diff.asks_more());
    let diff = between(rules(&[("GET", "/{all...}")]), rules(&[("GET", "/a"), ("GET", "/b/{id}")]));
    assert_eq!(diff.changes.first().unwrap().direction, Direction::Narrowed);
    assert!(!diff.asks_more());
}

#[test]
fn a_rule_that_loses_its_host_is_a_widening() {
    let hosts = json!(["https://api.shop.example", "https://files.shop.example"]);
    let rule = |host: Option<&str>| {
        let mut rule = json!({ "method": "GET", "path": "/a" });
        if let Some(host) = host {
            rule["host"] = json!(host);
        }
        json!({ "hosts": hosts, "scopes": [{ "name": "s", "title": "S", "rules": [rule] }] })
    };
    let one = || rule(Some("https://api.shop.example"));
    assert!(between(one(), rule(None)).asks_more());
    assert!(between(one(), rule(Some("https://files.shop.example"))).asks_more());
    assert!(!between(rule(None), one()).asks_more());
    assert!(!between(one(), one()).asks_more());
}

#[test]
fn a_profile_moves_only_with_consent_to_exactly_what_was_shown() {
    let old = connector("1.0.0", json!({}));
    let wider = connector(
        "1.1.0",
        json!({ "hosts": ["https://api.shop.example", "https://files.shop.example"], "scopes": [
            { "name": "orders:read", "title": "Read", "rules": [{ "method": "GET", "path": "/{all...}" }] },
            { "name": "files:read", "title": "Files", "rules": [{ "method": "GET", "path": "/f" }] },
        ] }),
    );
    let (ceiling, at) = (Ceiling::default(), Timestamp::from_ms(9));
    let refused = adopt(&profile(), &old, &wider, None, &ceiling, at).unwrap_err();
    assert!(matches!(refused, NotAdopted::ConsentNeeded { .. }), "{refused}");
    let other = Digest::of(b"what was shown yesterday");
    let refused = adopt(&profile(), &old, &wider, Some(&other), &ceiling, at).unwrap_err();
    assert!(matches!(refused, NotAdopted::OtherDiff { .. }), "{refused}");

    let shown = diff(&old, &wider, &json!({})).unwrap().digest();
    let moved = adopt(&profile(), &old, &wider, Some(&shown), &ceiling, at).unwrap();
    assert_eq!(moved.connector.to_string(), "shop@1.1.0");
    assert_eq!((moved.grant.hosts.len(), moved.grant.scopes.len()), (2, 2));
    assert_eq!(moved.grant.granted_at, Some(at));

    // And back: what the older version does not request is no longer granted, so the same consent is asked for again.
    let back = adopt(&moved, &wider, &old, None, &ceiling, at).unwrap();
    assert_eq!((back.grant.hosts.len(), back.grant.scopes.len()), (1, 1));
    assert!(adopt(&back, &old, &wider, None, &ceiling, at).is_err());
}

#[test]
fn consent_reaches_no_higher_than_the_ceiling_and_not_over_another_way_to_authenticate() {
    let old = connector("1.0.0", json!({}));
    let (ceiling, at) = (Ceiling::default(), Timestamp::from_ms(9));
    let inside =
        connector("1.1.0", json!({ "hosts": ["https://api.shop.example", "http://127.0.0.1:4010"] }));
    let shown = diff(&old, &inside, &json!({})).unwrap().digest();
    let refused = adopt(&profile(), &old, &inside, Some(&shown), &ceiling, at).unwrap_err();
    assert!(matches!(refused, NotAdopted::Grant(_)), "{refused}");
    let moved_key = json!({ "auth": [{ "kind": "api_key", "place": "query", "name": "key" }] });
    let other = connector("1.1.0", moved_key);
    let shown = diff(&old, &other, &json!({})).unwrap().digest();
    let refused = adopt(&profile(), &old, &other, Some(&shown), &ceiling, at).unwrap_err();
    assert!(matches!(refused, NotAdopted::OtherAuth { .. }), "{refused}");
}

fn any_rules() -> impl Strategy<Value = Vec<(String, String)>> {
    let path = prop_oneof![
        Just("/a"),
        Just("/a/b"),
        Just("/a/{id}"),
        Just("/{id}/b"),
        Just("/a/{r...}"),
        Just("/{r...}")
    ];
    let method = prop_oneof![Just("GET"), Just("POST")];
    proptest::collection::vec((method.prop_map(str::to_owned), path.prop_map(str::to_owned)), 1..5)
}

fn said(rows: &[(String, String)]) -> Value {
    let borrowed: Vec<_> = rows.iter().map(|(method, path)| (method.as_str(), path.as_str())).collect();
    rules(&borrowed)
}

fn reaches(rows: &[(String, String)], method: &str, path: &str) -> bool {
    rows.iter().any(|(m, template)| {
        m == method && template.parse::<crate::egress::PathTemplate>().unwrap().matches(path)
    })
}

proptest! {
    #[test]
    fn taking_rules_away_is_never_asked_for(old in any_rules(), keep in proptest::collection::vec(any::<bool>(), 5)) {
        let kept: Vec<_> = old.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(rule, _)| rule.clone()).collect();
        if !kept.is_empty() {
            prop_assert!(!between(said(&old), said(&kept)).asks_more());
        }
    }

    #[test]
    fn a_request_that_becomes_possible_is_always_asked_for(old in any_rules(), new in any_rules()) {
        let asked = between(said(&old), said(&new)).asks_more();
        for method in ["GET", "POST"] {
            for path in ["/a", "/b", "/a/b", "/b/b", "/a/7", "/a/b/c", "/7/8/9"] {
                let became = reaches(&new, method, path) && !reaches(&old, method, path);
                prop_assert!(asked || !became, "{method} {path}: {old:?} to {new:?}");
            }
        }
    }
}
