//! What one profile may do: the two keys, requested and granted, for hosts and for scopes.

use std::collections::BTreeSet;

use url::Url;
use wit::Rate;

use super::credential::CredentialPlace;
use super::field;
use super::normalise::Method;
use super::origin::Origin;
use super::scope::ScopeRules;
use crate::denial::{Denial, Gate};
use crate::ids::{ProfileName, ScopeName};

/// How much of a path a denial shows.
const SHOWN_PATH_BYTES_MAX: usize = 200;

/// A scope that covers a request, with the rule's path that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covering {
    pub scope: ScopeName,
    pub granted: bool,
    pub template: String,
}

#[derive(Clone, Debug)]
pub(super) struct Rights {
    pub(super) profile: ProfileName,
    pub(super) connector: String,
    pub(super) requested: BTreeSet<Origin>,
    pub(super) granted: BTreeSet<Origin>,
    pub(super) scopes: Vec<ScopeRules>,
    pub(super) credential: Vec<CredentialPlace>,
    pub(super) rate: Option<Rate>,
}

impl Rights {
    pub(super) fn check_host(&self, origin: &Origin) -> Result<(), Denial> {
        if !self.requested.contains(origin) {
            return Err(Denial::new(
                Gate::Hosts,
                format!("the connector {} does not ask for {origin}", self.connector),
                format!("add \"{origin}\" to `hosts` of its manifest, upload a new version and grant it"),
            ));
        }
        if !self.granted.contains(origin) {
            return Err(Denial::new(
                Gate::Hosts,
                format!("the profile {} was not granted {origin}", self.profile),
                format!("grant it with `lockgate profiles grant {} --host {origin}`", self.profile),
            ));
        }
        Ok(())
    }

    pub(super) fn scope(&self, method: Method, origin: &Origin, path: &str) -> Result<ScopeName, Denial> {
        let covering: Vec<&ScopeRules> =
            self.scopes.iter().filter(|scope| scope.covers(method, origin, path)).collect();
        if let Some(scope) = covering.iter().find(|scope| scope.granted) {
            return Ok(scope.name.clone());
        }
        let shown = shown_path(path);
        if let Some(scope) = covering.first() {
            return Err(Denial::new(
                Gate::Scope,
                format!("{method} {shown} needs the scope {}, which was not granted", scope.name),
                format!("grant it with `lockgate profiles grant {} --scope {}`", self.profile, scope.name),
            ));
        }
        Err(Denial::new(
            Gate::Scope,
            format!("no scope of the connector {} covers {method} {shown}", self.connector),
            format!(
                "its manifest does not declare it: add {{\"method\": \"{method}\", \"path\": ...}} to a scope, upload a new \
                 version and grant that scope"
            ),
        ))
    }

    /// How many requests of the rate a request counts for: the most that a granted scope says of it.
    pub(super) fn cost(&self, method: Method, origin: &Origin, path: &str) -> u32 {
        let granted = self.scopes.iter().filter(|scope| scope.granted);
        granted.filter_map(|scope| scope.cost(method, origin, path)).max().unwrap_or(1)
    }

    /// Every scope of the manifest that covers the request, granted or not.
    pub(super) fn covering(&self, method: Method, origin: &Origin, path: &str) -> Vec<Covering> {
        let scopes = self.scopes.iter().filter_map(|scope| {
            let template = scope.covering(method, origin, path)?.to_owned();
            Some(Covering { scope: scope.name.clone(), granted: scope.granted, template })
        });
        scopes.collect()
    }

    /// A second value in a place that carries the credential could be taken for it.
    pub(super) fn check_places(
        &self,
        method: Method,
        url: &Url,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> Result<(), Denial> {
        for place in &self.credential {
            match place {
                CredentialPlace::Header(_) => {}
                CredentialPlace::Query(name) => {
                    if url.query_pairs().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                        return Err(field::taken(place));
                    }
                }
                CredentialPlace::JsonField(_) | CredentialPlace::FormField(_) => {
                    field::check(place, method, headers, body)?;
                }
            }
        }
        Ok(())
    }

    /// The rule by which a scope covers a request, as the manifest spells it.
    pub(super) fn rule(&self, scope: &ScopeName, method: Method, origin: &Origin, path: &str) -> String {
        let rules = self.scopes.iter().find(|rules| rules.name == *scope);
        let template = rules.and_then(|rules| rules.covering(method, origin, path)).unwrap_or_default();
        format!("{scope}: {method} {template}")
    }

    pub(super) fn credential_shown(&self) -> String {
        if self.credential.is_empty() {
            return "the profile has none".to_owned();
        }
        let places: Vec<String> = self.credential.iter().map(ToString::to_string).collect();
        format!("the host will set {}", places.join(", "))
    }

    pub(super) fn credential_headers(&self) -> Vec<&str> {
        let headers = self.credential.iter().filter_map(|place| match place {
            CredentialPlace::Header(name) => Some(name.as_str()),
            _ => None,
        });
        headers.collect()
    }

    pub(super) fn credential_queries(&self) -> Vec<&str> {
        let queries = self.credential.iter().filter_map(|place| match place {
            CredentialPlace::Query(name) => Some(name.as_str()),
            _ => None,
        });
        queries.collect()
    }
}

/// A canonical path is visible ASCII, so it can be cut anywhere and shown as it is.
fn shown_path(path: &str) -> String {
    match path.get(..SHOWN_PATH_BYTES_MAX) {
        Some(start) if start.len() < path.len() => format!("{start}…"),
        _ => path.to_owned(),
    }
}
