//! What is noted of exchanges, and what is proposed from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::call::Limits;
use crate::denial::Denial;
use crate::egress::{Ceiling, PolicyParts};
use crate::profile::Grant;

const API: &str = "https://api.example.com";

fn grant(hosts: &[&str], scopes: &[&str]) -> Grant {
    Grant {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
        granted_at: None,
    }
}

fn policy() -> Policy {
    let rules = |rules: &[(&str, &str)]| {
        rules.iter().map(|(method, path)| json!({ "method": method, "path": path })).collect::<Vec<_>>()
    };
    let scope =
        |name: &str, list: &[(&str, &str)]| json!({ "name": name, "title": name, "rules": rules(list) });
    let manifest = serde_json::from_value(json!({
        "name": "billing", "version": "1.0.0", "title": "Billing", "category": "finance",
        "hosts": [API, "https://files.example.com"],
        "scopes": [
            scope("invoices:read", &[("GET", "/v1/invoices"), ("GET", "/v1/invoices/{invoice}")]),
            scope("invoices:list", &[("GET", "/v1/invoices")]),
            scope("invoices:write", &[("POST", "/v1/invoices")]),
        ],
    }))
    .unwrap();
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest,
        config: &json!({}),
        grant: &grant(&[API], &["invoices:read"]),
        ceiling: &Arc::new(Ceiling::default()),
        limits: Limits::default(),
        credential: &[],
        rate: None,
    };
    Policy::new(parts).unwrap()
}

fn exchange(at: i64, method: &str, url: &str, gate: Option<Gate>) -> Exchange {
    let outcome = match gate {
        None => ExchangeOutcome::Answered { status: 200, headers: Vec::new(), response_bytes: 0 },
        Some(gate) => ExchangeOutcome::Denied { denial: Denial::new(gate, "no", "nothing") },
    };
    Exchange {
        at: Timestamp::from_ms(at),
        method: method.to_owned(),
        url: url.to_owned(),
        request_headers: Vec::new(),
        request_bytes: 0,
        scope: None,
        outcome,
        duration_ms: 1,
        class: None,
        asked_ms: None,
        key: None,
        request_excerpt: None,
        response_excerpt: None,
        remote_request_id: None,
    }
}

fn observed(exchanges: &[Exchange]) -> Observation {
    let mut seen = Observation::new(Timestamp::from_ms(0), 1_000);
    seen.note(exchanges, &policy());
    seen
}

fn proposal(seen: &Observation, granted: &Grant) -> Proposal {
    let requested: BTreeSet<Origin> =
        [API.parse().unwrap(), "https://files.example.com".parse().unwrap()].into();
    Proposal::new(seen, &requested, granted)
}

#[test]
fn requests_of_one_shape_are_one_row() {
    let seen = observed(&[
        exchange(1, "GET", "https://api.example.com/v1/invoices/in_1?expand=a", None),
        exchange(5, "GET", "https://api.example.com/v1/invoices/in_2", None),
        exchange(9, "GET", "https://api.example.com/v1/invoices/in_3", Some(Gate::Budget)),
        exchange(3, "DELETE", "https://api.example.com/v1/customers/cus_1234567", Some(Gate::Scope)),
        exchange(4, "GET", "https://api.example.com/v1/invoices/../admin", Some(Gate::Normalise)),
    ]);
    let rows: Vec<_> =
        seen.tried.iter().map(|row| (&*row.method, &*row.path, row.allowed, row.denied, row.gate)).collect();
    assert_eq!(
        rows,
        [
            ("GET", "/v1/invoices/{invoice}", 2, 1, Some(Gate::Budget)),
            ("DELETE", "/v1/customers/{id}", 0, 1, Some(Gate::Scope)),
            ("GET", "", 0, 1, Some(Gate::Normalise)),
        ]
    );
    assert_eq!((seen.tried[0].first_at.as_ms(), seen.tried[0].last_at.as_ms()), (1, 9));
}

#[test]
fn only_what_falls_into_its_time_is_noted() {
    let mut seen = Observation::new(Timestamp::from_ms(10), 10);
    let at = |at| [exchange(at, "GET", "https://api.example.com/v1/invoices", None)];
    assert!(!seen.note(&at(9), &policy()));
    assert!(!seen.note(&at(20), &policy()));
    assert!(seen.note(&at(10), &policy()) && seen.note(&at(19), &policy()));
    assert_eq!(seen.tried[0].allowed, 2);
    assert!(seen.is_on(Timestamp::from_ms(19)) && !seen.is_on(Timestamp::from_ms(20)));
    let endless = Observation::new(Timestamp::from_ms(0), u64::MAX);
    assert_eq!(endless.until.as_ms(), i64::try_from(OBSERVED_MS_MAX).unwrap());
}

#[test]
fn the_number_of_shapes_is_bounded_and_the_rest_is_counted() {
    let word = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap()).to_string().repeat(1 + n / 26);
    let many: Vec<_> = (0..TRIED_MAX + 44)
        .map(|n| exchange(1, "GET", &format!("{API}/x/{}", word(n)), Some(Gate::Scope)))
        .collect();
    let seen = observed(&many);
    assert_eq!((seen.tried.len(), seen.more), (TRIED_MAX, 44));
    assert_eq!(proposal(&seen, &grant(&[], &[])).more, 44);
}

#[test]
fn the_fewest_scopes_that_cover_are_proposed() {
    let seen = observed(&[
        exchange(1, "GET", "https://api.example.com/v1/invoices", None),
        exchange(1, "GET", "https://api.example.com/v1/invoices/in_1", None),
        exchange(1, "POST", "https://api.example.com/v1/invoices", Some(Gate::Scope)),
    ]);
    let proposal =
        proposal(&seen, &grant(&[API, "https://files.example.com"], &["invoices:read", "invoices:list"]));
    let scopes: Vec<_> = proposal.scopes.iter().map(|right| (right.name.as_str(), right.granted)).collect();
    assert_eq!(scopes, [("invoices:read", true), ("invoices:write", false)]);
    assert_eq!(proposal.hosts, [Right { name: API.parse().unwrap(), granted: true }]);
    assert_eq!(proposal.unused_hosts, ["https://files.example.com".parse().unwrap()]);
    assert_eq!(proposal.unused_scopes, ["invoices:list".parse().unwrap()]);
    assert!(proposal.uncovered.is_empty() && proposal.refused.is_empty());
}

#[test]
fn among_equals_the_granted_scope_is_kept() {
    let seen = observed(&[exchange(1, "GET", "https://api.example.com/v1/invoices", None)]);
    for granted in ["invoices:list", "invoices:read"] {
        let proposal = proposal(&seen, &grant(&[API], &[granted]));
        assert_eq!(proposal.scopes, [Right { name: granted.parse().unwrap(), granted: true }]);
    }
}

#[test]
fn what_no_grant_can_help_is_told_apart() {
    let seen = observed(&[
        exchange(1, "DELETE", "https://api.example.com/v1/invoices/in_1", Some(Gate::Scope)),
        exchange(1, "GET", "https://evil.example.org/v1/invoices", Some(Gate::Hosts)),
        exchange(1, "GET", "https://169.254.169.254/latest", Some(Gate::Ceiling)),
        exchange(1, "GET", "https://api.example.com/v1/invoices", Some(Gate::Headers)),
        exchange(1, "get", "nonsense", Some(Gate::Normalise)),
    ]);
    let proposal = proposal(&seen, &Grant::default());
    let shown =
        |rows: &[Tried]| rows.iter().map(|row| format!("{}{}", row.origin, row.path)).collect::<Vec<_>>();
    assert_eq!(
        shown(&proposal.uncovered),
        [
            "https://api.example.com/v1/invoices/in_1",
            "https://evil.example.org/v1/invoices",
            "https://169.254.169.254/latest"
        ]
    );
    assert_eq!(
        shown(&proposal.refused),
        ["https://169.254.169.254/latest", "https://api.example.com/v1/invoices", ""]
    );
    // The header is the connector's fault; the scope would still be needed.
    assert_eq!(proposal.scopes.len(), 1);
}
