//! One row a change of a manifest or of a component: its kind, its place, and the step that it asks for.

use serde_json::{Value, json};
use wit::Manifest;

use super::*;

fn base() -> Value {
    json!({
        "name": "shop", "version": "1.2.0", "title": "Shop", "category": "commerce",
        "auth": [{"kind": "bearer"}, {"kind": "oauth2", "grant": "authorization_code",
            "authorize_url": "https://shop.example/authorize", "token_url": "https://shop.example/token",
            "scopes": {"orders:read": ["orders.r"]}}],
        "config": {"type": "object", "properties": {"shop": {"type": "string"}}},
        "inputs": [{"name": "shop", "kind": "label", "default": "main"}],
        "hosts": ["https://shop.example", "https://{shop}.shop.example"],
        "scopes": [{"name": "orders:read", "title": "Read", "rules": [{"method": "GET", "path": "/orders/{id}"}]}],
        "actions": [{"name": "get_order", "title": "Get", "effect": "read", "scopes": ["orders:read"],
            "input": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            "output": {"type": "object", "properties": {"total": {"type": "integer"}}},
            "idempotency": {"header": "idempotency-key"}}],
        "triggers": [{"name": "orders", "title": "Orders", "kind": "poll", "scopes": ["orders:read"],
            "record": {"type": "object"}}],
        "secrets": ["signing"],
        "rate": {"per_second": 5, "burst": 10},
        "answers": [{"means": "auth", "status": [418]}],
    })
}

fn manifest(value: Value) -> Manifest {
    serde_json::from_value(value).expect("the manifest of the test can be read")
}

fn imports(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The base with one member replaced; without it for `null`.
fn with(pointer: &str, value: Value) -> Manifest {
    let mut changed = base();
    if value.is_null() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match changed.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.remove(name)),
            Value::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => unreachable!(),
        }
    } else if let Some(place) = changed.pointer_mut(pointer) {
        *place = value;
    } else {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match changed.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.insert(name.to_owned(), value)),
            Value::Array(items) => items.push(value),
            _ => unreachable!(),
        }
    }
    manifest(changed)
}

fn compared(old: &Manifest, new: &Manifest) -> Comparison {
    compare(
        Side { manifest: old, imports: &[], exports: &[] },
        Side { manifest: new, imports: &[], exports: &[] },
    )
}

#[test]
fn the_same_needs_no_step() {
    let same = manifest(base());
    assert_eq!(compared(&same, &same), Comparison { changes: vec![], step: Step::None, left_out: 0 });
}

#[test]
fn each_change_of_a_manifest_has_its_kind_its_place_and_its_step() {
    let rule = |path: &str| json!([{"method": "GET", "path": path}]);
    let table: Vec<(&str, Value, Kind, &str)> = vec![
        ("/name", json!("shop2"), Kind::Breaking, "/name"),
        ("/title", json!("The shop"), Kind::Neutral, "/title"),
        ("/auth/0", Value::Null, Kind::Breaking, "/auth/bearer"),
        ("/auth/2", json!({"kind": "basic"}), Kind::Permission, "/auth/basic"),
        (
            "/auth/1/token_url",
            json!("https://shop.example/oauth/token"),
            Kind::Permission,
            "/auth/oauth2/token_url",
        ),
        ("/auth/1/client_auth", json!("client_secret_post"), Kind::Breaking, "/auth/oauth2/client_auth"),
        (
            "/auth/1/scopes",
            json!({"orders:read": ["orders.r", "orders.w"]}),
            Kind::Permission,
            "/auth/oauth2/scopes",
        ),
        ("/auth/1/base_scopes", json!(["offline"]), Kind::Permission, "/auth/oauth2/base_scopes"),
        ("/auth/1/keep_alive_hours", json!(3), Kind::Neutral, "/auth/oauth2/keep_alive_hours"),
        ("/config/required", json!(["shop"]), Kind::Breaking, "/config/properties/shop"),
        ("/config/properties/region", json!({}), Kind::Additive, "/config/properties/region"),
        ("/inputs/0/default", json!("other"), Kind::Breaking, "/inputs/shop"),
        ("/inputs/0/default", Value::Null, Kind::Breaking, "/inputs/shop"),
        ("/inputs/1", json!({"name": "zone", "kind": "label"}), Kind::Breaking, "/inputs/zone"),
        (
            "/inputs/1",
            json!({"name": "zone", "kind": "label", "default": "a"}),
            Kind::Additive,
            "/inputs/zone",
        ),
        ("/hosts/2", json!("https://files.example"), Kind::Permission, "/hosts/https:~1~1files.example"),
        ("/hosts/1", Value::Null, Kind::Neutral, "/hosts/https:~1~1{shop}.shop.example"),
        ("/scopes/0/rules", rule("/orders/{rest...}"), Kind::Permission, "/scopes/orders:read/rules"),
        ("/scopes/0/rules", rule("/orders/1"), Kind::Neutral, "/scopes/orders:read/rules"),
        ("/scopes/1", json!({"name": "x", "title": "X", "rules": rule("/x")}), Kind::Permission, "/scopes/x"),
        ("/actions/0", Value::Null, Kind::Breaking, "/actions/get_order"),
        ("/actions/0/effect", json!("write"), Kind::Breaking, "/actions/get_order/effect"),
        ("/actions/0/scopes", json!([]), Kind::Neutral, "/actions/get_order/scopes"),
        ("/actions/0/idempotency", Value::Null, Kind::Breaking, "/actions/get_order/idempotency"),
        ("/actions/0/idempotency", json!({"query": "k"}), Kind::Breaking, "/actions/get_order/idempotency"),
        ("/actions/0/input/required", json!([]), Kind::Additive, "/actions/get_order/input/properties/id"),
        (
            "/actions/0/output/properties/total/type",
            json!("number"),
            Kind::Breaking,
            "/actions/get_order/output/properties/total",
        ),
        (
            "/actions/0/examples",
            json!([{"input": {"id": "1"}, "output": {}}]),
            Kind::Neutral,
            "/actions/get_order/examples",
        ),
        ("/triggers/0", Value::Null, Kind::Breaking, "/triggers/orders"),
        (
            "/triggers/0/kind",
            json!({"webhook": {"scheme": {"kind": "stripe"}}}),
            Kind::Breaking,
            "/triggers/orders/kind",
        ),
        (
            "/triggers/0/record",
            json!({"type": ["object", "null"]}),
            Kind::Breaking,
            "/triggers/orders/record",
        ),
        ("/secrets/1", json!("other"), Kind::Permission, "/secrets/other"),
        ("/secrets", json!([]), Kind::Neutral, "/secrets/signing"),
        ("/rate/burst", json!(20), Kind::Neutral, "/rate"),
        ("/answers/1", json!({"means": "done", "status": [409]}), Kind::Additive, "/answers"),
        ("/answers/0/means", json!("done"), Kind::Breaking, "/answers"),
    ];
    let old = manifest(base());
    for (pointer, value, kind, place) in table {
        let found = compared(&old, &with(pointer, value.clone()));
        let told: Vec<_> = found.changes.iter().map(|one| (one.kind, one.place.as_str())).collect();
        assert_eq!(told, [(kind, place)], "{pointer} {value}: {:?}", found.changes);
        let step = match kind {
            Kind::Breaking => Step::Major,
            Kind::Permission | Kind::Additive => Step::Minor,
            Kind::Neutral => Step::Patch,
        };
        assert_eq!(found.step, step, "{pointer}");
    }
}

#[test]
fn more_scopes_for_an_action_are_asked_for_first() {
    let mut new = base();
    new["scopes"].as_array_mut().unwrap().push(json!({"name": "audit", "title": "Audit",
        "rules": [{"method": "POST", "path": "/audit"}]}));
    new["actions"][0]["scopes"] = json!(["orders:read", "audit"]);
    let found = compared(&manifest(base()), &manifest(new));
    assert_eq!(found.step, Step::Minor);
    assert!(found.changes.iter().all(|change| change.kind == Kind::Permission), "{:?}", found.changes);
    assert!(found.changes.iter().any(|change| change.place == "/actions/get_order/scopes"));
}

#[test]
fn a_component_may_ask_for_a_later_contract_of_the_same_line_and_for_no_other() {
    let same = manifest(base());
    let compared = |old: &[&str], new: &[&str]| {
        let (old, new) = (imports(old), imports(new));
        let exports = imports(&["lockgate:connector/connector@0.1.0"]);
        let side = |imports| Side { manifest: &same, imports, exports: &exports };
        let found = compare(side(&old), side(&new));
        (found.step, found.changes.into_iter().map(|change| change.place).collect::<Vec<_>>())
    };
    let http = "/world/imports/lockgate:connector~1http";
    for (old, new, step, place) in [
        ("lockgate:connector/http@0.1.0", "lockgate:connector/http@0.1.1", Step::Minor, http),
        ("lockgate:connector/http@0.1.1", "lockgate:connector/http@0.1.0", Step::Patch, http),
        ("lockgate:connector/http@0.1.0", "lockgate:connector/http@0.2.0", Step::Major, http),
        ("lockgate:connector/http@1.0.0", "lockgate:connector/http@1.3.0", Step::Minor, http),
        ("lockgate:connector/http@0.1.0", "lockgate:connector/http", Step::Major, http),
    ] {
        assert_eq!(compared(&[old], &[new]), (step, vec![place.to_owned()]), "{old} {new}");
    }
    let place = |name: &str| vec![format!("/world/imports/{name}")];
    assert_eq!(
        compared(&[], &["lockgate:connector/secrets@0.1.0"]),
        (Step::Minor, place("lockgate:connector~1secrets"))
    );
    assert_eq!(compared(&[], &["wasi:cli/exit@0.2.6"]), (Step::Patch, place("wasi:cli~1exit")));
    assert_eq!(compared(&["wasi:cli/exit@0.2.6"], &["wasi:cli/exit@0.2.9"]), (Step::None, vec![]));
}

#[test]
fn a_component_that_is_no_connector_any_more_breaks() {
    let same = manifest(base());
    let exports = imports(&["lockgate:connector/connector@0.1.0"]);
    let found = compare(
        Side { manifest: &same, imports: &[], exports: &exports },
        Side { manifest: &same, imports: &[], exports: &[] },
    );
    assert_eq!(found.step, Step::Major);
}

#[test]
fn what_is_listed_is_bounded_and_what_is_left_out_counts_as_breaking() {
    let mut new = base();
    let properties: serde_json::Map<String, Value> =
        (0..3_000).map(|n| (format!("p{n}"), json!({}))).collect();
    new["actions"][0]["output"]["properties"] = Value::Object(properties);
    new["actions"][0]["output"]["properties"]["total"] = json!({"type": "integer"});
    let found = compared(&manifest(base()), &manifest(new));
    assert_eq!(found.changes.len() + found.left_out, 3_000);
    assert_eq!(found.step, Step::Major);
}

#[test]
fn a_kept_version_is_held_against_the_release_before_it_and_not_against_what_nobody_wrote_down() {
    let kept = |version: &str, manifest: Manifest, exports: &[&str]| Connector {
        name: "shop".parse().unwrap(),
        version: version.parse().unwrap(),
        digest: crate::Digest::of(version.as_bytes()),
        size_bytes: 1,
        manifest,
        imports: Vec::new(),
        exports: imports(exports),
        uploaded_at: crate::Timestamp::from_ms(0),
    };
    let ours = ["lockgate:connector/connector@0.1.0"];
    let known = [
        kept("1.1.0", with("/actions/0/name", json!("other")), &ours),
        kept("1.2.0", manifest(base()), &[]),
        kept("1.2.1-dev.1", with("/actions/0/name", json!("another")), &ours),
    ];
    let same = kept("1.2.1", manifest(base()), &ours);
    assert_eq!(SmallStep::of(&same, &known), None, "the exports of an old row are not known");
    let breaks = kept("1.3.0", with("/actions/0/name", json!("renamed")), &ours);
    let small = SmallStep::of(&breaks, &known).unwrap();
    assert_eq!(
        (small.since.to_string(), small.step, small.least.to_string()),
        ("1.2.0".into(), Step::Major, "2.0.0".into())
    );
    assert_eq!(SmallStep::of(&kept("2.0.0", breaks.manifest.clone(), &ours), &known), None);
    assert_eq!(
        SmallStep::of(&kept("0.1.0", manifest(base()), &ours), &known),
        None,
        "there is none before it"
    );
}
