//! Every gate, what it refuses and what it says would help.

use serde_json::json;

use super::*;

const LOOPBACK: &str = "http://127.0.0.1:4010";

fn manifest() -> Manifest {
    serde_json::from_value(json!({
        "name": "billing", "version": "1.0.0", "title": "Billing", "category": "finance",
        "inputs": [{ "name": "shop", "kind": "label" }],
        "hosts": ["https://api.example.com", "https://{shop}.example.net", "https://files.example.com", LOOPBACK],
        "scopes": [
            { "name": "invoices:read", "title": "Read invoices", "rules": [
                { "method": "GET", "path": "/v1/invoices" }, { "method": "GET", "path": "/v1/invoices/{id}" },
            ] },
            { "name": "invoices:write", "title": "Write invoices", "rules": [
                { "method": "POST", "path": "/v1/invoices", "cost": 3 }, { "method": "DELETE", "path": "/v1/invoices/{id}" },
            ] },
            { "name": "invoices:void", "title": "Void invoices", "rules": [
                { "method": "POST", "path": "/v1/invoices/{id}/void" },
            ] },
            { "name": "shop:read", "title": "Read the shop", "rules": [
                { "method": "GET", "path": "/shop/{path...}", "host": "https://{shop}.example.net" },
            ] },
        ],
        "rate": { "per_second": 25, "burst": 5 },
    }))
    .unwrap()
}

fn policy_with(ceiling: Ceiling, credential: Option<CredentialPlace>) -> Arc<Policy> {
    let hosts =
        ["https://api.example.com", "https://acme.example.net", LOOPBACK, "https://unasked.example.com"];
    let scopes = ["invoices:read", "invoices:write", "shop:read", "unasked:scope"];
    let grant = Grant {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
        granted_at: None,
    };
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest(),
        config: &json!({ "shop": "acme" }),
        grant: &grant,
        ceiling: &Arc::new(ceiling),
        limits: Limits { wall_ms: 10_000, ..Limits::default() },
        credential: credential.as_slice(),
        rate: manifest().rate,
    };
    Arc::new(Policy::new(parts).unwrap())
}

fn policy() -> Arc<Policy> {
    let private = [LOOPBACK.parse().unwrap()].into();
    policy_with(Ceiling { private, ..Ceiling::default() }, Some(CredentialPlace::Header("x-key".into())))
}

fn request(method: &str, url: &str) -> Request {
    Request {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout_ms: None,
    }
}

fn denied(method: &str, url: &str) -> Denial {
    policy().judge(request(method, url), Spent::default()).unwrap_err()
}

#[test]
fn a_covered_request_becomes_a_permit_with_its_scope() {
    for (method, url, scope) in [
        ("GET", "https://api.example.com/v1/invoices?limit=10", "invoices:read"),
        ("GET", "https://API.example.com:443/v1/invoices/in_1", "invoices:read"),
        ("POST", "https://api.example.com/v1/invoices", "invoices:write"),
        ("GET", "https://acme.example.net/shop/a/b", "shop:read"),
        ("GET", "http://127.0.0.1:4010/v1/invoices", "invoices:read"),
    ] {
        let permit = policy().judge(request(method, url), Spent::default()).unwrap();
        assert_eq!(permit.scope().as_str(), scope, "{method} {url}");
        assert_eq!(permit.method().as_str(), method);
    }
}

#[test]
fn each_gate_refuses_in_its_turn() {
    for (method, url, gate) in [
        ("get", "https://api.example.com/v1/invoices", Gate::Normalise),
        ("GET", "https://api.example.com/v1/invoices/../x", Gate::Normalise),
        ("GET", "https://user:pw@api.example.com/v1/invoices", Gate::Normalise),
        ("GET", "file:///etc/passwd", Gate::Scheme),
        ("GET", "http://api.example.com/v1/invoices", Gate::Scheme),
        ("GET", "https://169.254.169.254/latest/meta-data", Gate::Ceiling),
        ("GET", "https://2130706433/v1/invoices", Gate::Ceiling),
        ("GET", "https://localhost/v1/invoices", Gate::Ceiling),
        ("GET", "https://api.example.com:8443/v1/invoices", Gate::Ceiling),
        ("GET", "https://evil.example.org/v1/invoices", Gate::Hosts),
        ("GET", "https://unasked.example.com/v1/invoices", Gate::Hosts),
        ("GET", "https://files.example.com/v1/invoices", Gate::Hosts),
        ("GET", "https://xn--pi-6kc.example.com/v1/invoices", Gate::Hosts),
        ("PUT", "https://api.example.com/v1/invoices", Gate::Scope),
        ("POST", "https://api.example.com/v1/invoices/in_1/void", Gate::Scope),
        ("GET", "https://api.example.com/shop/a", Gate::Scope),
        ("GET", "https://api.example.com/V1/invoices", Gate::Scope),
        ("GET", "https://api.example.com/v1/%69nvoices", Gate::Scope),
    ] {
        let denial = denied(method, url);
        assert_eq!(denial.gate, gate, "{method} {url}: {denial}");
        assert!(!denial.reason.is_empty() && !denial.remedy.is_empty());
    }
}

#[test]
fn a_remedy_is_the_line_that_would_allow_it() {
    for (method, url, line) in [
        (
            "POST",
            "https://api.example.com/v1/invoices/in_1/void",
            "lockgate profiles grant acme --scope invoices:void",
        ),
        (
            "GET",
            "https://files.example.com/x",
            "lockgate profiles grant acme --host https://files.example.com",
        ),
        ("GET", "https://evil.example.org/x", "add \"https://evil.example.org\" to `hosts` of its manifest"),
        ("PUT", "https://api.example.com/v1/x", "its manifest does not declare it"),
        ("GET", "http://127.0.0.1:4011/x", "ceiling.private = [\"http://127.0.0.1:4011\"]"),
        ("GET", "https://10.0.0.1/x", "ceiling.private = [\"https://10.0.0.1\"]"),
        ("GET", "https://api.example.com:8443/x", "ceiling.hosts = [\"https://api.example.com:8443\"]"),
    ] {
        let denial = denied(method, url);
        assert!(denial.remedy.contains(line), "{denial}");
    }
}

#[test]
fn a_reason_shows_a_bounded_part_of_the_path() {
    let denial = denied("PUT", &format!("https://api.example.com/{}", "a".repeat(8_000)));
    assert!(denial.reason.len() < 400, "{}", denial.reason.len());
}

#[test]
fn without_a_network_everything_is_denied_at_the_first_gate() {
    let policy = Arc::new(Policy::none());
    let denial = policy.judge(request("nonsense", "nowhere"), Spent::default()).unwrap_err();
    assert_eq!(denial.gate, Gate::Capability);
}

#[test]
fn nothing_granted_means_nothing_allowed() {
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest(),
        config: &json!({ "shop": "acme" }),
        grant: &Grant::default(),
        ceiling: &Arc::new(Ceiling::default()),
        limits: Limits::default(),
        credential: &[],
        rate: None,
    };
    let policy = Arc::new(Policy::new(parts).unwrap());
    let denial =
        policy.judge(request("GET", "https://api.example.com/v1/invoices"), Spent::default()).unwrap_err();
    assert_eq!(denial.gate, Gate::Hosts);
    assert_eq!((policy.hosts().count(), policy.scopes().count()), (0, 0));
}

#[test]
fn the_effective_right_is_the_intersection() {
    let policy = policy();
    let hosts: Vec<String> = policy.hosts().map(Origin::to_string).collect();
    assert_eq!(hosts, ["http://127.0.0.1:4010", "https://acme.example.net", "https://api.example.com"]);
    let scopes: Vec<&str> = policy.scopes().map(ScopeName::as_str).collect();
    assert_eq!(scopes, ["invoices:read", "invoices:write", "shop:read"]);
    assert_eq!(policy.rate(), Some(Rate { per_second: 25, burst: 5 }));
}

#[test]
fn a_lowered_ceiling_overrules_an_old_grant() {
    let ceiling = Ceiling { hosts: vec!["https://*.example.net".parse().unwrap()], ..Ceiling::default() };
    let policy = policy_with(ceiling, None);
    let denial =
        policy.judge(request("GET", "https://api.example.com/v1/invoices"), Spent::default()).unwrap_err();
    assert_eq!(denial.gate, Gate::Ceiling);
    assert!(policy.judge(request("GET", "https://acme.example.net/shop/a"), Spent::default()).is_ok());
}

#[test]
fn the_place_of_the_credential_belongs_to_the_host() {
    let mut with_header = request("GET", "https://api.example.com/v1/invoices");
    with_header.headers.push(("X-Key".into(), b"mine".to_vec()));
    let denial = policy().judge(with_header, Spent::default()).unwrap_err();
    assert_eq!(denial.gate, Gate::Headers);

    let policy = policy_with(Ceiling::default(), Some(CredentialPlace::Query("key".into())));
    for query in ["key=mine", "a=1&KEY=x", "%6bey=x"] {
        let url = format!("https://api.example.com/v1/invoices?{query}");
        let denial = policy.judge(request("GET", &url), Spent::default()).unwrap_err();
        assert_eq!(denial.gate, Gate::Credential, "{query}");
    }
    assert_eq!(policy.credential_queries(), ["key"]);
}

#[test]
fn a_heavy_request_counts_for_several_of_the_rate() {
    for (method, cost) in [("GET", 1), ("POST", 3)] {
        let request = request(method, "https://api.example.com/v1/invoices");
        assert_eq!(policy().judge(request, Spent::default()).unwrap().cost(), cost, "{method}");
    }
}

#[test]
fn a_scheme_of_several_places_keeps_all_of_them_for_the_host() {
    let scheme = wit::AuthScheme::AwsSigv4 {
        region: "us-east-1".into(),
        service: "s3".into(),
        unsigned_payload: false,
        in_query: false,
    };
    let (manifest, ceiling) = (manifest(), Arc::new(Ceiling::default()));
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest,
        config: &json!({ "shop": "acme" }),
        grant: &Grant {
            hosts: ["https://api.example.com".parse().unwrap()].into(),
            scopes: ["invoices:read".parse().unwrap()].into(),
            granted_at: None,
        },
        ceiling: &ceiling,
        limits: Limits::default(),
        credential: &CredentialPlace::of(&scheme),
        rate: None,
    };
    let policy = Arc::new(Policy::new(parts).unwrap());
    for name in ["Authorization", "X-Amz-Date", "x-amz-content-sha256", "X-AMZ-Security-Token"] {
        let mut given = request("GET", "https://api.example.com/v1/invoices");
        given.headers.push((name.into(), b"mine".to_vec()));
        assert_eq!(policy.judge(given, Spent::default()).unwrap_err().gate, Gate::Headers, "{name}");
    }
    for query in ["X-Amz-Signature=a", "x-amz-date=a", "a=1&X-Amz-Credential=b"] {
        let given = request("GET", &format!("https://api.example.com/v1/invoices?{query}"));
        assert_eq!(policy.judge(given, Spent::default()).unwrap_err().gate, Gate::Credential, "{query}");
    }
    let mut own = request("GET", "https://api.example.com/v1/invoices?list-type=2");
    own.headers.push(("x-amz-target".into(), b"T.Get".to_vec()));
    assert!(policy.judge(own, Spent::default()).is_ok());
}

#[test]
fn a_call_spends_its_budget() {
    let get = || request("GET", "https://api.example.com/v1/invoices");
    let spent = Spent { requests: Limits::default().requests, ..Spent::default() };
    assert_eq!(policy().judge(get(), spent).unwrap_err().gate, Gate::Budget);
    let mut large = request("POST", "https://api.example.com/v1/invoices");
    large.body = vec![0; Limits::default().request_bytes];
    assert_eq!(policy().judge(large, Spent::default()).unwrap_err().gate, Gate::Budget);
}

#[test]
fn a_time_out_is_never_zero_and_never_longer_than_the_call() {
    for (asked, given) in [(None, 10_000), (Some(0), 1), (Some(500), 500), (Some(u32::MAX), 10_000)] {
        let mut get = request("GET", "https://api.example.com/v1/invoices");
        get.timeout_ms = asked;
        assert_eq!(policy().judge(get, Spent::default()).unwrap().timeout_ms(), given, "{asked:?}");
    }
}

#[test]
fn a_rule_for_an_unknown_host_makes_no_policy() {
    let mut manifest = manifest();
    manifest.scopes[0].rules[0].host = Some("https://elsewhere.example.com".into());
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest,
        config: &json!({ "shop": "acme" }),
        grant: &Grant::default(),
        ceiling: &Arc::new(Ceiling::default()),
        limits: Limits::default(),
        credential: &[],
        rate: None,
    };
    assert!(matches!(Policy::new(parts), Err(PolicyError::Scope(_))));
    assert!(matches!(Policy::new(PolicyParts { config: &json!({}), ..parts }), Err(PolicyError::Host(_))));
}
