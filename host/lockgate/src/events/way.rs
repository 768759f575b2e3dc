//! The way of an event out of the house: the same gates as for any connector, to one origin, by POST.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::call::Limits;
use domain::egress::{Ceiling, Origin, Permit, Policy, PolicyParts, Request, Spent, Wire};
use domain::event::secrets_owner;
use domain::profile::Grant;
use domain::{Denial, Gate};
use serde_json::json;

/// An endpoint says yes or no; whatever else it says is not read.
const RESPONSE_BYTES_MAX: usize = 64 << 10;

/// Judges a POST to this address as if a connector that asks for its origin, and was granted it, had made it: within the
/// operator's ceiling, never to an address of the inner network that the ceiling does not name.
pub(crate) fn judge(
    ceiling: &Arc<Ceiling>,
    url: &str,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    answer_ms: u64,
) -> Result<Permit<Wire>, Denial> {
    let origin = origin(url)?;
    let manifest = serde_json::from_value(json!({
        "name": "events", "version": "1.0.0", "title": "Events", "category": "custom",
        "inputs": [{ "name": "endpoint", "kind": "origin" }], "hosts": ["{endpoint}"],
        "scopes": [{ "name": "events", "title": "Events", "rules": [
            { "method": "POST", "path": "/" }, { "method": "POST", "path": "/{path...}" },
        ] }],
    }));
    let manifest = manifest.map_err(|_| broken())?;
    let scope = "events".parse().map_err(|_| broken())?;
    let grant =
        Grant { hosts: BTreeSet::from([origin.clone()]), scopes: BTreeSet::from([scope]), granted_at: None };
    let policy = Policy::new(PolicyParts {
        profile: &secrets_owner(),
        manifest: &manifest,
        config: &json!({ "endpoint": origin }),
        grant: &grant,
        ceiling,
        limits: Limits { wall_ms: answer_ms, response_bytes: RESPONSE_BYTES_MAX, ..Limits::default() },
        credential: &[],
        rate: None,
    });
    let policy = Arc::new(policy.map_err(|error| wrong(error.to_string()))?);
    let timeout_ms = u32::try_from(answer_ms).ok();
    let request = Request { method: "POST".to_owned(), url: url.to_owned(), headers, body, timeout_ms };
    policy.judge(request, Spent::default())
}

pub(crate) fn origin(url: &str) -> Result<Origin, Denial> {
    // Scheme, host and port end where the path, the query or the fragment begins.
    let rest = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(rest..).and_then(|text| text.find(['/', '?', '#'])).map(|at| rest + at);
    let text = url.get(..end.unwrap_or(url.len())).unwrap_or_default();
    text.parse().map_err(|error: domain::egress::InvalidOrigin| wrong(error.to_string()))
}

fn wrong(reason: String) -> Denial {
    Denial::new(Gate::Normalise, reason, "write it as in https://ops.example.com/lockgate")
}

fn broken() -> Denial {
    wrong("no policy could be made for the address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ceiling: Ceiling, url: &str) -> Result<String, Gate> {
        let permit = judge(&Arc::new(ceiling), url, Vec::new(), b"{}".to_vec(), 1_000);
        permit.map(|permit| permit.url().to_string()).map_err(|denial| denial.gate)
    }

    #[test]
    fn a_public_address_is_judged_as_it_stands_and_the_ceiling_has_the_last_word() {
        let all = Ceiling::default;
        for url in ["https://ops.example.com/", "https://ops.example.com/hooks/lockgate?key=1"] {
            assert_eq!(judged(all(), url).as_deref(), Ok(url));
        }
        for (url, gate) in [
            ("http://ops.example.com/", Gate::Scheme),
            ("https://127.0.0.1/", Gate::Ceiling),
            ("https://metadata.internal/", Gate::Ceiling),
            ("http://169.254.169.254/latest", Gate::Scheme),
            ("https://user:pass@ops.example.com/", Gate::Normalise),
            ("ftp://ops.example.com/", Gate::Normalise),
            ("ops.example.com", Gate::Normalise),
            ("", Gate::Normalise),
        ] {
            assert_eq!(judged(all(), url), Err(gate), "{url}");
        }
        let named = Ceiling { private: BTreeSet::from(["http://127.0.0.1:9".parse().unwrap()]), ..all() };
        assert!(judged(named.clone(), "http://127.0.0.1:9/x").is_ok());
        assert!(judged(named, "http://127.0.0.1:10/x").is_err());
        let narrow = Ceiling { hosts: vec!["https://*.example.com".parse().unwrap()], ..all() };
        assert!(judged(narrow.clone(), "https://ops.example.com/").is_ok());
        assert_eq!(judged(narrow, "https://ops.example.net/"), Err(Gate::Ceiling));
    }
}
