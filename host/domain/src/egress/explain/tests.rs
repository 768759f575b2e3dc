//! The judge's answer is the first refusal of the explanation, for every request.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::call::Limits;
use crate::egress::{Ceiling, CredentialPlace, NoDoors, Policy, PolicyParts, Request, Spent};
use crate::profile::Grant;

fn policy(credential: CredentialPlace) -> Arc<Policy> {
    let manifest = serde_json::from_value(json!({
        "name": "billing", "version": "1.0.0", "title": "Billing", "category": "finance",
        "hosts": ["https://api.example.com", "https://files.example.com", "http://127.0.0.1:4010"],
        "scopes": [
            { "name": "read", "title": "Read", "rules": [{ "method": "GET", "path": "/v1/{id}" }] },
            { "name": "write", "title": "Write", "rules": [{ "method": "POST", "path": "/v1/{id}" }] },
        ],
        "rate": { "per_second": 25, "burst": 5 },
    }))
    .unwrap();
    let grant = Grant {
        hosts: ["https://api.example.com".parse().unwrap(), "http://127.0.0.1:4010".parse().unwrap()].into(),
        scopes: ["read".parse().unwrap()].into(),
        granted_at: None,
    };
    let private = ["http://127.0.0.1:4010".parse().unwrap()].into();
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest,
        config: &json!({}),
        grant: &grant,
        ceiling: &Arc::new(Ceiling { private, ..Ceiling::default() }),
        limits: Limits { requests: 3, ..Limits::default() },
        credential: &[credential],
        rate: manifest.rate,
    };
    Arc::new(Policy::new(parts).unwrap())
}

fn header() -> Arc<Policy> {
    policy(CredentialPlace::Header("x-key".to_owned()))
}

fn request(method: &str, url: &str) -> Request {
    let (method, url) = (method.to_owned(), url.to_owned());
    Request { method, url, headers: Vec::new(), body: Vec::new(), timeout_ms: None }
}

/// Each gate with one letter: passed, denied, not reached.
fn letters(explained: &Explained) -> String {
    let letter = |verdict: &Verdict| match &verdict.outcome {
        Outcome::Passed { by } => {
            assert!(!by.is_empty());
            'p'
        }
        Outcome::Denied(denial) => {
            assert!(denial.gate == verdict.gate && !denial.remedy.is_empty());
            'D'
        }
        Outcome::NotReached { why } => {
            assert!(!why.is_empty());
            '-'
        }
    };
    let gates: Vec<Gate> = explained.verdicts().iter().map(|verdict| verdict.gate).collect();
    assert_eq!(gates, JUDGED);
    explained.verdicts().iter().map(letter).collect()
}

#[test]
fn every_gate_has_a_verdict_and_refusals_stand_side_by_side() {
    for (method, url, expected) in [
        ("GET", "https://api.example.com/v1/7", "ppppppppp-"),
        ("POST", "https://api.example.com/v1/7", "pppppDppp-"),
        ("POST", "https://files.example.com/v1/7", "ppppDDppp-"),
        ("DELETE", "http://127.0.0.1:4011/v1/7", "ppDDDDppp-"),
        ("GET", "ftp://api.example.com/v1/7", "ppD-------"),
        ("GET", "https://api.example.com/v1/../7", "pD--------"),
        ("get", "https://api.example.com/v1/7", "pD--------"),
    ] {
        let explained = header().explain(request(method, url), Spent::default());
        assert_eq!(letters(&explained), expected, "{method} {url}: {explained:?}");
    }
    let nothing =
        Arc::new(Policy::none()).explain(request("GET", "https://api.example.com/"), Spent::default());
    assert_eq!(letters(&nothing), "D---------");
}

#[test]
fn what_lets_a_request_pass_is_named() {
    let explained = header().explain(request("GET", "https://api.example.com/v1/7"), Spent::default());
    let by: Vec<_> = explained
        .verdicts()
        .iter()
        .filter_map(|verdict| match &verdict.outcome {
            Outcome::Passed { by } => Some(by.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        by[3..6],
        [
            "ceiling.hosts has https://*",
            "https://api.example.com is requested and granted",
            "read: GET /v1/{id}"
        ]
    );
    assert_eq!(by[7], "the host will set the header x-key");
    assert!(by[8].contains("up to 3 requests a call; 25 a second, 5 at once"), "{}", by[8]);
}

#[test]
fn the_last_gate_is_answered_by_whoever_looks_up_the_name() {
    let explain = || header().explain(request("GET", "https://api.example.com/v1/7"), Spent::default());
    let explained = explain();
    let vetted = explained.permit().unwrap().vet(&["8.8.8.8".parse().unwrap()], &NoDoors).unwrap();
    assert_eq!(letters(&explained.vetted(Ok(&vetted))), "pppppppppp");
    let explained = explain();
    let denial = explained.permit().unwrap().vet(&["10.0.0.1".parse().unwrap()], &NoDoors).unwrap_err();
    let explained = explained.vetted(Err(denial));
    assert_eq!(
        (letters(&explained).as_str(), explained.denial().unwrap().gate),
        ("pppppppppD", Gate::Address)
    );
    assert_eq!(letters(&explain().unresolved("the name does not resolve now")), "ppppppppp-");
}

fn any_request() -> impl Strategy<Value = Request> {
    let one_of = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(str::to_owned);
    let method = one_of(&["GET", "POST", "get", "TRACE", "DELETE"]);
    let host = one_of(&[
        "https://api.example.com",
        "https://files.example.com",
        "http://127.0.0.1:4010",
        "http://api.example.com",
        "https://10.0.0.1",
        "ftp://api.example.com",
        "https://co.uk",
        "nowhere",
    ]);
    let known = one_of(&["/v1/7", "/v1/7/8", "/v1/../7", "/v1/7?key=1", "/v1/7?_method=PUT"]);
    let path = prop_oneof![known, "[/a-z0-9.%;?#]{0,12}".prop_map(String::from)];
    let name = one_of(&["accept", "host", "x-key", "content-type", "a b"]);
    let value = one_of(&["x", "application/x-www-form-urlencoded", "a\r\nb"]);
    let headers = prop::collection::vec((name, value), 0..3);
    let body = one_of(&["", "_method=DELETE", "a=b&c"]);
    (method, host, path, headers, body).prop_map(|(method, host, path, headers, body)| Request {
        method,
        url: format!("{host}{path}"),
        headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
        body: body.into_bytes(),
        timeout_ms: None,
    })
}

proptest! {
    #[test]
    fn the_judge_answers_with_the_first_refusal(request in any_request(), requests in 0u32..5, in_query in any::<bool>()) {
        let policy = if in_query { policy(CredentialPlace::Query("key".to_owned())) } else { header() };
        let spent = Spent { requests, ..Spent::default() };
        let explained = policy.explain(request.clone(), spent);
        match policy.judge(request, spent) {
            Ok(permit) => {
                prop_assert_eq!(explained.denial(), None);
                prop_assert_eq!(&**explained.permit().unwrap(), &*permit);
            }
            Err(denial) => {
                prop_assert_eq!(explained.denial(), Some(&denial));
                prop_assert!(explained.permit().is_none());
            }
        }
        letters(&explained);
    }
}
