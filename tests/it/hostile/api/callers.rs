//! Every route against every caller, over the wire: made from the routes that are served, so that a new one is covered
//! or fails.

use std::collections::BTreeSet;

use lockgate::domain::token::Role;
use serde_json::{Value, json};
use server::{Access, Route, routes};

use super::gate::Gate;

const GHOST_ID: &str = "01KAWXYZ0123456789ABCDEFGH";
/// An address to which nobody sends; what there is of hooks is tried in `hooks/refusals.rs`.
const GHOST_HOOK: &str = "0123456789abcdef0123456789abcdef";

/// Something of the tenant's that each parameter can name.
struct Things {
    run: String,
    dead_letter: String,
}

/// The path with parts that exist for the owner.
fn existing(path: &str, things: &Things) -> String {
    let id = if path.contains("/dead-letters/") { &things.dead_letter } else { &things.run };
    let name = match path {
        _ if path.starts_with("/v1/connectors/") => "prober",
        _ if path.starts_with("/v1/flows/") => "deals",
        _ => "probe",
    };
    filled(path, name, id)
}

/// The same with parts that exist for nobody.
fn ghostly(path: &str) -> String {
    filled(path, "ghost", GHOST_ID)
}

fn filled(path: &str, name: &str, id: &str) -> String {
    let id = if path.contains("/hooks/") { GHOST_HOOK } else { id };
    path.replace("{name}", name)
        .replace("{id}", id)
        .replace("{secret}", "signing")
        .replace("{action}", "echo")
        .replace("{version}", "0.1.0")
        .replace("{tenant}", "acme")
}

/// What the route takes at this place, so that it is not the body that is refused.
fn body(path: &str, place: &str) -> Option<Value> {
    if path == "/v1/flows/{name}" {
        let name = place.rsplit('/').next();
        let (source, destination) = (
            json!({ "profile": "probe", "trigger": "things" }),
            json!({ "profile": "probe", "action": "echo" }),
        );
        return Some(json!({ "name": name, "source": source, "destination": destination }));
    }
    match path.rsplit('/').next().unwrap_or_default() {
        "grant" | "revoke" => Some(json!({ "hosts": ["https://a.example"] })),
        "credential" | "{secret}" => Some(json!({ "value": "not-a-real-secret" })),
        "observe" => Some(json!({ "for_ms": 1_000 })),
        "explain" => Some(json!({ "method": "GET", "url": "https://a.example/things" })),
        "judge" => Some(json!({})),
        "upgrade" => Some(json!({ "version": "0.1.0" })),
        "consent" => Some(json!({ "version": "0.1.0", "diff": "0".repeat(64) })),
        "secret" | "test" => Some(json!({})),
        "canary" => Some(json!({ "percent": 10 })),
        "recording" => Some(json!({ "wanted": "failures", "for_ms": 1_000 })),
        "tracing" => Some(json!({ "log_bodies": false })),
        "body" => Some(json!({ "body": {} })),
        "discard" => Some(json!({ "reason": "not wanted" })),
        "{action}" => Some(json!({ "inputs": [{}] })),
        _ => None,
    }
}

async fn prepared() -> (Gate, Things) {
    let gate = Gate::new().await;
    assert_eq!(gate.flow("deals").await.status, 201);
    let run = gate.ask("POST", "/v1/flows/deals/runs", Some(&gate.owner), None).await;
    let run = run.body["id"].as_str().unwrap().to_owned();
    (gate, Things { run, dead_letter: GHOST_ID.to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_opens_for_a_token_that_is_missing_garbage_expired_or_revoked() {
    let (gate, things) = prepared().await;
    let expired = gate.token("acme", Role::Owner, Some(gate.at(1_000))).await;
    gate.clock.pass(1_000);
    let revoked = gate.token("acme", Role::Owner, None).await;
    let id = revoked.split('_').nth(1).unwrap();
    let ended = gate.ask("DELETE", &format!("/v1/tokens/{id}"), Some(&gate.operator), None).await;
    assert_eq!(ended.status, 204);
    let unknown = format!("lg_{GHOST_ID}_{}", "A".repeat(43));
    let mut wrong_secret = gate.owner.clone();
    wrong_secret.replace_range(wrong_secret.len() - 4.., "AAAA");
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY21lIn0.";
    let long = "a".repeat(20_000);
    let upper = gate.owner.to_uppercase();
    let bad = [
        None,
        Some(""),
        Some("garbage"),
        Some(jwt),
        Some(long.as_str()),
        Some(upper.as_str()),
        Some(&unknown),
        Some(&wrong_secret),
        Some(&expired),
        Some(&revoked),
    ];
    let mut answers = BTreeSet::new();
    for Route { path, method, access } in routes() {
        for token in bad {
            let answer = gate
                .ask(method, &existing(path, &things), token, body(path, &existing(path, &things)).as_ref())
                .await;
            if *access == Access::Public {
                // Neither a hook nor the way to a consent takes a token, and both lead nowhere without a link of this host.
                let expected = match path {
                    _ if path.starts_with("/hooks/") => 404,
                    _ if path.starts_with("/oauth/") => 400,
                    _ => 200,
                };
                assert_eq!(answer.status, expected, "{method} {path}");
                continue;
            }
            assert_eq!(answer.status, 401, "{method} {path} with {token:?}: {}", answer.body);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            answers.insert(answer.body.to_string());
        }
    }
    assert_eq!(answers.len(), 1, "wrong tokens can be told apart: {answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_reaches_its_own_routes_and_none_above() {
    let (gate, _) = prepared().await;
    let callers = [
        (gate.operator.clone(), None),
        (gate.token("acme", Role::Reader, None).await, Some(Role::Reader)),
        (gate.token("acme", Role::Editor, None).await, Some(Role::Editor)),
        (gate.owner.clone(), Some(Role::Owner)),
    ];
    for Route { path, method, access } in routes() {
        for (token, role) in &callers {
            // What exists for nobody: whoever is let in is told so, and nothing is changed on the way.
            let answer =
                gate.ask(method, &ghostly(path), Some(token), body(path, &ghostly(path)).as_ref()).await;
            let refusal = match (access, role) {
                (Access::Tenant(least), Some(role)) if role < least => Some("role_too_low"),
                (Access::Tenant(_), None) | (Access::Operator, Some(_)) => Some("forbidden"),
                _ => None,
            };
            let row = format!("{method} {path} as {role:?}: {} {}", answer.status, answer.body);
            assert_eq!(answer.status == 403, refusal.is_some(), "{row}");
            assert!(answer.status != 401 && answer.status < 500, "{row}");
            assert!(refusal.is_none_or(|code| answer.code() == code), "{row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_another_tenant_looks_like_what_is_not_there() {
    let (gate, things) = prepared().await;
    let other = gate.token("globex", Role::Owner, None).await;
    let mut named = 0;
    for Route { path, method, access } in routes() {
        if !matches!(access, Access::Tenant(_) | Access::Anyone) {
            continue;
        }
        if !path.contains('{') {
            if *method == "GET" {
                let place = if path == "/v1/records" { "/v1/records?key=4711" } else { path };
                let answer = gate.ask(method, place, Some(&other), None).await;
                assert_eq!(answer.status, 200, "{path}: {}", answer.body);
                // As it came: an export is lines of JSON.
                let text = format!("{} {}", answer.body, answer.text);
                let leaks = ["prob", "deals", &things.run].iter().any(|word| text.contains(word));
                assert!(!leaks, "{path} shows another tenant's things: {text}");
            }
            continue;
        }
        named += 1;
        let (theirs, nobodys) = (existing(path, &things), ghostly(path));
        let theirs_said = gate.ask(method, &theirs, Some(&other), body(path, &theirs).as_ref()).await;
        let nobodys_said = gate.ask(method, &nobodys, Some(&other), body(path, &nobodys).as_ref()).await;
        assert_eq!(theirs_said.status, 404, "{method} {path}: {}", theirs_said.body);
        let neutral = |text: String| {
            let words = ["prober", "probe", "deals", "ghost", &things.run, GHOST_ID];
            words.iter().fold(text, |text, word| text.replace(word, "-"))
        };
        assert_eq!(
            (theirs_said.status, neutral(theirs_said.body.to_string())),
            (nobodys_said.status, neutral(nobodys_said.body.to_string())),
            "{method} {path} tells what exists elsewhere"
        );
    }
    assert!(named > 15, "{named}");
    let profile = gate.ask("GET", "/v1/profiles/probe", Some(&gate.owner), None).await;
    assert_eq!((&profile.body["enabled"], &profile.body["credential_set"]), (&json!(true), &json!(true)));
    assert_eq!(gate.ask("GET", "/v1/flows/deals", Some(&gate.owner), None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenant_comes_from_the_token_and_from_nothing_else() {
    let (gate, _) = prepared().await;
    let other = gate.token("globex", Role::Owner, None).await;
    for header in
        ["x-tenant", "x-tenant-id", "x-forwarded-user", "x-original-user", "x-lockgate-tenant", "cookie"]
    {
        let request = gate.request("GET", "/v1/profiles/probe").bearer_auth(&other).header(header, "acme");
        assert_eq!(gate.send(request).await.status, 404, "{header}");
        let request = gate.request("GET", "/v1/whoami").bearer_auth(&other).header(header, "tenant=acme");
        assert_eq!(gate.send(request).await.body["tenant"], "globex", "{header}");
    }
    // In a query it is an unknown parameter; a list takes none.
    let listed = gate.ask("GET", "/v1/profiles?tenant=acme", Some(&other), None).await;
    assert_eq!((listed.status, listed.code()), (400, "invalid_query"));
    // A cursor of one tenant leads another into its own, empty, list.
    assert_eq!(gate.flow("more").await.status, 201);
    let page = gate.ask("GET", "/v1/flows?limit=1", Some(&gate.owner), None).await;
    let cursor = page.body["next"].as_str().unwrap();
    let theirs = gate.ask("GET", &format!("/v1/flows?after={cursor}"), Some(&other), None).await;
    assert_eq!((theirs.status, &theirs.body), (200, &json!({ "items": [] })));
    for tampered in ["AAAA", "%00", "..", "YWNtZQBmbG93cwBkZWFscw", &"A".repeat(1_025)] {
        let answer = gate.ask("GET", &format!("/v1/flows?after={tampered}"), Some(&other), None).await;
        assert!(answer.status == 400 || answer.body == json!({ "items": [] }), "{tampered}: {}", answer.body);
    }
    // In a filter it names the caller's own flow of that name, of which there is none.
    let runs = gate.ask("GET", "/v1/runs?flow=deals", Some(&other), None).await;
    assert_eq!(runs.body, json!({ "items": [] }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_read_from_one_header_only_and_kept_as_a_hash() {
    let gate = Gate::new().await;
    for path in ["/v1/whoami?access_token=", "/v1/whoami?token=", "/v1/profiles?authorization=Bearer%20"] {
        let answer = gate.ask("GET", &format!("{path}{}", gate.owner), None, None).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    for (header, value) in [
        ("cookie", format!("token={}", gate.owner)),
        ("x-api-key", gate.owner.clone()),
        ("proxy-authorization", format!("Bearer {}", gate.owner)),
        ("authorization", format!("Basic {}", gate.owner)),
        ("authorization", gate.owner.clone()),
    ] {
        let answer = gate.send(gate.request("GET", "/v1/whoami").header(header, value)).await;
        assert_eq!(answer.status, 401, "{header}");
    }
    let twice = gate.request("GET", "/v1/whoami").bearer_auth(&gate.owner).bearer_auth(&gate.operator);
    assert_eq!(gate.send(twice).await.status, 401, "two tokens");
    assert!(gate.owner.starts_with("lg_"), "scanners of leaked secrets know it by its prefix");
    let listed = gate.ask("GET", "/v1/tokens", Some(&gate.operator), None).await;
    let secret = gate.owner.rsplit('_').next().unwrap();
    assert!(listed.status == 200 && !listed.body.to_string().contains(secret));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_ends_at_once_also_on_a_connection_that_is_open() {
    let gate = Gate::new().await;
    let token = gate.token("acme", Role::Editor, None).await;
    // The client keeps its connection: the second request comes in on the same one.
    assert_eq!(gate.ask("GET", "/v1/whoami", Some(&token), None).await.body["role"], "editor");
    let id = token.split('_').nth(1).unwrap();
    gate.ask("DELETE", &format!("/v1/tokens/{id}"), Some(&gate.operator), None).await;
    assert_eq!(gate.ask("GET", "/v1/whoami", Some(&token), None).await.status, 401);

    let soon = gate.token("acme", Role::Editor, Some(gate.at(5_000))).await;
    gate.clock.pass(4_999);
    assert_eq!(gate.ask("GET", "/v1/whoami", Some(&soon), None).await.status, 200);
    gate.clock.pass(1);
    assert_eq!(gate.ask("GET", "/v1/whoami", Some(&soon), None).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_host_decides_cannot_be_sent_along() {
    let gate = Gate::new().await;
    let profile = json!({ "name": "mine", "connector": "prober", "auth": { "kind": "bearer" },
        "config": { "api_base": "https://a.example" } });
    let flow = super::gate::a_flow("mine", "probe");
    let token = json!({ "role": "reader", "tenant": "acme" });
    let foreign = [
        ("tenant_id", json!("globex")),
        ("tenant", json!("globex")),
        ("owner", json!("globex")),
        ("rank", json!("owner")),
        ("role", json!("operator")),
        ("quota", json!(9)),
        ("created_at", json!("2001-01-01T00:00:00Z")),
        ("secret_ciphertext", json!("x")),
        ("hash", json!("x")),
        ("id", json!(GHOST_ID)),
        ("grant", json!({})),
        ("credential_set", json!(true)),
        ("__proto__", json!({ "enabled": true })),
        ("enabled", json!(true)),
    ];
    for (path, whole, who) in [
        ("/v1/profiles", &profile, &gate.owner),
        ("/v1/flows", &flow, &gate.owner),
        ("/v1/tokens", &token, &gate.operator),
    ] {
        for (field, value) in &foreign {
            if whole.get(field).is_some() {
                continue;
            }
            let mut body = whole.clone();
            body[field] = value.clone();
            let answer = gate.ask("POST", path, Some(who), Some(&body)).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "unknown_field"),
                "{path} {field}: {}",
                answer.body
            );
            assert!(!answer.body.to_string().contains("globex"), "the answer repeats what was sent");
        }
        assert_eq!(gate.ask("POST", path, Some(who), Some(whole)).await.status, 201, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_gives_no_right_and_no_secret_and_no_token() {
    let gate = Gate::new().await;
    let editor = gate.token("acme", Role::Editor, None).await;
    let before = gate.ask("GET", "/v1/profiles/probe", Some(&gate.owner), None).await.body;
    for (method, path, body) in [
        ("POST", "/v1/profiles/probe/grant", json!({ "hosts": ["https://*"], "scopes": ["things:write"] })),
        ("POST", "/v1/profiles/probe/revoke", json!({ "scopes": ["things:read"] })),
        ("PUT", "/v1/profiles/probe/credential", json!({ "value": "mine-now" })),
        ("PUT", "/v1/profiles/probe/secrets/signing", json!({ "value": "mine-now" })),
    ] {
        let answer = gate.ask(method, path, Some(&editor), Some(&body)).await;
        assert_eq!((answer.status, answer.code()), (403, "role_too_low"), "{method} {path}");
    }
    let token = json!({ "role": "owner", "tenant": "acme" });
    assert_eq!(gate.ask("POST", "/v1/tokens", Some(&editor), Some(&token)).await.code(), "forbidden");
    // What an editor makes has the rights of the profile and no other: a new profile has none.
    let made = json!({ "name": "fresh", "connector": "prober", "auth": { "kind": "bearer" },
        "config": { "api_base": gate.probed.echo.url } });
    assert_eq!(gate.ask("POST", "/v1/profiles", Some(&editor), Some(&made)).await.status, 201);
    let fetch = json!({ "inputs": [{ "method": "GET", "url": format!("{}/things", gate.probed.echo.url) }] });
    let called = gate.ask("POST", "/v1/profiles/fresh/actions/fetch", Some(&editor), Some(&fetch)).await;
    assert!(called.status != 200 || called.body.to_string().contains("denied"), "{}", called.body);
    assert!(gate.probed.echo.heads().is_empty(), "a request left without a grant");
    assert_eq!(gate.ask("GET", "/v1/profiles/probe", Some(&gate.owner), None).await.body, before);
}
