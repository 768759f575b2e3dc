//! A request's method and URL against a policy: what is permitted is in one canonical form and within the grant.

use std::sync::{Arc, LazyLock};

use domain::call::Limits;
use domain::egress::{Ceiling, Policy, PolicyParts, Request, Spent};
use domain::profile::Grant;
use serde_json::json;

/// What the policy below was granted.
const HOSTS: [&str; 3] = ["https://api.example.com", "https://acme.example.net", "http://127.0.0.1:4010"];

/// Two hosts, one of them templated, and one on this machine that the ceiling names.
pub(super) static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let manifest = serde_json::from_value(json!({
        "name": "billing", "version": "1.0.0", "title": "Billing", "category": "finance",
        "inputs": [{ "name": "shop", "kind": "label" }],
        "hosts": ["https://api.example.com", "https://{shop}.example.net", "http://127.0.0.1:4010"],
        "scopes": [
            { "name": "invoices:read", "title": "Read", "rules": [
                { "method": "GET", "path": "/v1/invoices" }, { "method": "GET", "path": "/v1/invoices/{id}" },
            ] },
            { "name": "invoices:write", "title": "Write", "rules": [{ "method": "POST", "path": "/v1/invoices" }] },
            { "name": "shop:read", "title": "Shop", "rules": [
                { "method": "GET", "path": "/shop/{path...}", "host": "https://{shop}.example.net" },
            ] },
        ],
    }))
    .expect("a manifest");
    let scopes = ["invoices:read", "invoices:write", "shop:read"];
    let grant = Grant {
        hosts: HOSTS.iter().map(|host| host.parse().expect("an origin")).collect(),
        scopes: scopes.iter().map(|scope| scope.parse().expect("a scope")).collect(),
        granted_at: None,
    };
    let private = ["http://127.0.0.1:4010".parse().expect("an origin")].into();
    let parts = PolicyParts {
        profile: &"acme".parse().expect("a name"),
        manifest: &manifest,
        config: &json!({ "shop": "acme" }),
        grant: &grant,
        ceiling: &Arc::new(Ceiling { private, ..Ceiling::default() }),
        limits: Limits::default(),
        credential: &[],
        rate: None,
    };
    Arc::new(Policy::new(parts).expect("a policy"))
});

pub(super) fn request(method: &str, url: &str, headers: Vec<(String, Vec<u8>)>) -> Request {
    Request { method: method.into(), url: url.into(), headers, body: Vec::new(), timeout_ms: None }
}

pub(super) fn run(bytes: &[u8]) {
    let Some(mut lines) = super::lines(bytes) else { return };
    let (Some(method), Some(url)) = (lines.next(), lines.next()) else { return };
    let permit = match POLICY.judge(request(method, url, Vec::new()), Spent::default()) {
        Ok(permit) => permit,
        Err(denial) => {
            assert!(denial.to_string().len() < 4_000, "a denial repeats what was sent: {denial}");
            return;
        }
    };
    let sent = permit.url().as_str();
    let path = permit.url().path();
    let authority = sent.split('/').nth(2).unwrap_or_default();
    assert!(HOSTS.contains(&permit.origin().to_string().as_str()), "{url:?} went to {}", permit.origin());
    assert!(!authority.contains('@') && !sent.contains('#') && !sent.contains('\\'), "{sent:?}");
    assert!(!path.contains("//") && !path.contains(';'), "{path:?}");
    let lower = path.to_ascii_lowercase();
    for hidden in ["%2f", "%5c", "%2e", "%3b", "%00", "%0a", "%0d"] {
        assert!(!lower.contains(hidden), "{path:?} hides {hidden}");
    }
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")), "{path:?}");
    assert!(path.starts_with("/v1/invoices") || path.starts_with("/shop/"), "{path:?} is in no scope");
    // One canonical form: what is sent is judged the same, and sent the same.
    let again = POLICY.judge(request(permit.method().as_str(), sent, Vec::new()), Spent::default());
    let again = again.unwrap_or_else(|denial| panic!("{sent:?} is refused the second time: {denial}"));
    assert_eq!((again.url().as_str(), again.scope()), (sent, permit.scope()));
}
