//! Scopes at the wire: which named set of rules covers a request.

use wit::Rule;

use super::host_template::HostTemplate;
use super::normalise::Method;
use super::origin::Origin;
use super::path::PathTemplate;
use super::policy::PolicyError;
use crate::ids::ScopeName;

/// A scope that the manifest declares, with its hosts filled in.
#[derive(Clone, Debug)]
pub(super) struct ScopeRules {
    pub(super) name: ScopeName,
    pub(super) granted: bool,
    rules: Vec<WireRule>,
}

#[derive(Clone, Debug)]
struct WireRule {
    method: Method,
    path: PathTemplate,
    /// None: every granted host.
    host: Option<Origin>,
    /// Requests of the rate.
    cost: u32,
}

impl ScopeRules {
    pub(super) fn new(
        scope: &wit::Scope,
        granted: bool,
        hosts: &[(HostTemplate, Origin)],
    ) -> Result<Self, PolicyError> {
        let broken = || PolicyError::Scope(scope.name.chars().take(128).collect());
        let name: ScopeName = scope.name.parse().map_err(|_| broken())?;
        let rules = scope
            .rules
            .iter()
            .map(|rule| wire_rule(rule, hosts).ok_or_else(broken))
            .collect::<Result<_, _>>()?;
        Ok(Self { name, granted, rules })
    }

    pub(super) fn covers(&self, method: Method, origin: &Origin, path: &str) -> bool {
        self.covering(method, origin, path).is_some()
    }

    /// The path of the first rule that covers the request, as the manifest spells it.
    pub(super) fn covering(&self, method: Method, origin: &Origin, path: &str) -> Option<&str> {
        self.rule(method, origin, path).map(|rule| rule.path.as_str())
    }

    /// How many requests of the rate the first rule that covers the request counts for.
    pub(super) fn cost(&self, method: Method, origin: &Origin, path: &str) -> Option<u32> {
        self.rule(method, origin, path).map(|rule| rule.cost)
    }

    fn rule(&self, method: Method, origin: &Origin, path: &str) -> Option<&WireRule> {
        self.rules.iter().find(|rule| {
            rule.method == method
                && rule.host.as_ref().is_none_or(|host| host == origin)
                && rule.path.matches(path)
        })
    }
}

fn wire_rule(rule: &Rule, hosts: &[(HostTemplate, Origin)]) -> Option<WireRule> {
    let host = match &rule.host {
        None => None,
        // A rule for a host that is not among the hosts must not become a rule for all of them.
        Some(text) => Some(hosts.iter().find(|(template, _)| template.as_str() == text)?.1.clone()),
    };
    let cost = rule.cost.unwrap_or(1).max(1);
    Some(WireRule { method: rule.method.parse().ok()?, path: rule.path.parse().ok()?, host, cost })
}
