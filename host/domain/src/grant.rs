//! Granting: only what the connector asks for, and only below the operator's ceiling.

use std::collections::BTreeSet;

use serde_json::Value;
use wit::Manifest;

use crate::denial::Denial;
use crate::egress::{Ceiling, Origin};
use crate::ids::ScopeName;
use crate::injected::Timestamp;
use crate::manifest::{ConfigError, requested_hosts};
use crate::profile::Grant;

/// Why something cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("the connector does not ask for the host {host}; it asks for {asked}")]
    HostNotRequested { host: Origin, asked: String },
    #[error("the connector does not ask for the scope {scope}; it asks for {asked}")]
    ScopeNotRequested { scope: ScopeName, asked: String },
    #[error("the host cannot be granted: {}; {}", .0.reason, .0.remedy)]
    AboveCeiling(Denial),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// The whole grant of a profile, if every part of it is requested and below the ceiling.
pub fn check(
    manifest: &Manifest,
    config: &Value,
    ceiling: &Ceiling,
    hosts: BTreeSet<Origin>,
    scopes: BTreeSet<ScopeName>,
    at: Timestamp,
) -> Result<Grant, GrantError> {
    let requested = requested_hosts(manifest, config)?;
    for host in &hosts {
        if !requested.contains(host) {
            let asked = listed(requested.iter().map(Origin::to_string));
            return Err(GrantError::HostNotRequested { host: host.clone(), asked });
        }
        ceiling.allows(host).map_err(GrantError::AboveCeiling)?;
    }
    for scope in &scopes {
        if !manifest.scopes.iter().any(|asked| asked.name == scope.as_str()) {
            let asked = listed(manifest.scopes.iter().map(|scope| scope.name.clone()));
            return Err(GrantError::ScopeNotRequested { scope: scope.clone(), asked });
        }
    }
    Ok(Grant { hosts, scopes, granted_at: Some(at) })
}

/// Those of the needed scopes that a profile was not granted.
pub fn missing<'a>(needed: &'a [String], granted: &BTreeSet<ScopeName>) -> Vec<&'a str> {
    let is_granted = |name: &str| granted.iter().any(|granted| granted.as_str() == name);
    needed.iter().map(String::as_str).filter(|name| !is_granted(name)).collect()
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_value(json!({
            "name": "shop", "version": "1.0.0", "title": "Shop", "category": "commerce",
            "inputs": [{ "name": "base", "kind": "origin" }],
            "hosts": ["{base}", "https://files.example.com"],
            "scopes": [{ "name": "orders:read", "title": "Read orders", "rules": [{ "method": "GET", "path": "/orders" }] }],
        }))
        .unwrap()
    }

    fn grant(hosts: &[&str], scopes: &[&str]) -> Result<Grant, GrantError> {
        let config = json!({ "base": "http://127.0.0.1:4010" });
        let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        check(&manifest(), &config, &Ceiling::default(), hosts, scopes, Timestamp::from_ms(7))
    }

    #[test]
    fn what_is_requested_and_below_the_ceiling_is_granted() {
        let granted = grant(&["https://files.example.com"], &["orders:read"]).unwrap();
        assert_eq!(
            (granted.hosts.len(), granted.scopes.len(), granted.granted_at),
            (1, 1, Some(Timestamp::from_ms(7)))
        );
    }

    #[test]
    fn what_is_needed_and_not_granted_is_named() {
        let granted = ["orders:read".parse().unwrap()].into();
        let needed = ["orders:read", "orders:write"].map(str::to_owned);
        assert_eq!(missing(&needed, &granted), ["orders:write"]);
        assert!(missing(&needed[..1], &granted).is_empty());
        assert_eq!(missing(&needed, &BTreeSet::new()), ["orders:read", "orders:write"]);
        assert!(missing(&[], &BTreeSet::new()).is_empty());
    }

    #[test]
    fn what_is_not_requested_is_refused_by_name() {
        let refused = grant(&["https://evil.example.com"], &[]).unwrap_err().to_string();
        assert!(refused.contains("does not ask for the host https://evil.example.com"), "{refused}");
        let refused = grant(&[], &["orders:write"]).unwrap_err().to_string();
        assert!(
            refused.contains("does not ask for the scope orders:write; it asks for orders:read"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_above_the_ceiling_is_refused_with_the_line_that_would_allow_it() {
        let refused = grant(&["http://127.0.0.1:4010"], &[]).unwrap_err().to_string();
        assert!(refused.contains("ceiling.private = [\"http://127.0.0.1:4010\"]"), "{refused}");
    }
}
