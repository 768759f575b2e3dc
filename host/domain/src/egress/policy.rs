//! The judge: everything that decides about one profile's requests, fixed for the length of a call.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use url::Url;
use wit::{Manifest, Rate};

use super::budget::{self, Spent};
use super::ceiling::Ceiling;
use super::headers;
use super::host_template::{HostTemplate, InvalidHostTemplate, UnresolvedHost};
use super::normalise::{self, Method};
use super::origin::{Origin, Scheme};
use super::permit::{Permit, Wire};
use super::request::{CredentialPlace, Request};
use super::scope::ScopeRules;
use crate::call::Limits;
use crate::denial::{Denial, Gate};
use crate::ids::{ProfileName, ScopeName};
use crate::profile::Grant;

/// How much of a path a denial shows.
const SHOWN_PATH_BYTES_MAX: usize = 200;

/// What a policy is made of.
#[derive(Clone, Copy, Debug)]
pub struct PolicyParts<'a> {
    /// Named in remedies.
    pub profile: &'a ProfileName,
    /// Checked by `manifest::check`.
    pub manifest: &'a Manifest,
    /// Checked by `manifest::config`.
    pub config: &'a Value,
    pub grant: &'a Grant,
    pub ceiling: &'a Arc<Ceiling>,
    pub limits: Limits,
    /// Where the host will put the profile's credential; the guest may not.
    pub credential: Option<&'a CredentialPlace>,
    /// How fast the profile's requests may go; none for as fast as they come.
    pub rate: Option<Rate>,
}

/// Why no policy can be made: the manifest and the configuration do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the manifest's host {host:?} cannot be read: {error}")]
    HostTemplate { host: String, error: InvalidHostTemplate },
    #[error(transparent)]
    Host(#[from] UnresolvedHost),
    #[error("the manifest's scope {0:?} cannot be read; upload a corrected version")]
    Scope(String),
}

/// Everything that `judge` needs. Immutable: a changed grant makes a new policy.
#[derive(Clone, Debug)]
pub struct Policy {
    ceiling: Arc<Ceiling>,
    limits: Limits,
    /// None for a call that has no network at all.
    rights: Option<Rights>,
}

#[derive(Clone, Debug)]
struct Rights {
    profile: ProfileName,
    connector: String,
    requested: BTreeSet<Origin>,
    granted: BTreeSet<Origin>,
    scopes: Vec<ScopeRules>,
    credential: Option<CredentialPlace>,
    rate: Option<Rate>,
}

impl Policy {
    pub fn new(parts: PolicyParts<'_>) -> Result<Self, PolicyError> {
        let PolicyParts { profile, manifest, config, grant, ceiling, limits, credential, rate } = parts;
        let hosts = resolved_hosts(manifest, config)?;
        let scopes = manifest
            .scopes
            .iter()
            .map(|scope| {
                let granted = grant.scopes.iter().any(|name| name.as_str() == scope.name);
                ScopeRules::new(scope, granted, &hosts)
            })
            .collect::<Result<_, _>>()?;
        let rights = Rights {
            profile: profile.clone(),
            connector: manifest.name.clone(),
            requested: hosts.into_iter().map(|(_, origin)| origin).collect(),
            granted: grant.hosts.clone(),
            scopes,
            credential: credential.cloned(),
            rate,
        };
        Ok(Self { ceiling: Arc::clone(ceiling), limits, rights: Some(rights) })
    }

    /// The policy of a call that has no network: every request is denied at the first gate.
    pub fn none() -> Self {
        let ceiling = Arc::new(Ceiling { hosts: Vec::new(), private: BTreeSet::new() });
        Self { ceiling, limits: Limits::default(), rights: None }
    }

    /// Asks every gate, in the order that the module states.
    pub fn judge(self: &Arc<Self>, request: Request, spent: Spent) -> Result<Permit<Wire>, Denial> {
        let rights = self.rights.as_ref().ok_or_else(|| {
            Denial::new(
                Gate::Capability,
                "this call has no network",
                "send requests from an action, a poll or a check of a profile",
            )
        })?;
        let method = normalise::method(&request.method)?;
        let (url, origin) = normalise::url(&request.url)?;
        self.check_scheme(&origin)?;
        self.ceiling.allows(&origin)?;
        rights.check_host(&origin)?;
        let scope = rights.scope(method, &origin, url.path())?;
        let headers = headers::check(request.headers, rights.credential_header())?;
        rights.check_query(&url)?;
        let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let request_bytes = url.as_str().len() + header_bytes + request.body.len();
        budget::check(spent, &self.limits, request_bytes)?;

        let asked_ms = request.timeout_ms.map_or(self.limits.wall_ms, u64::from);
        let wire = Wire {
            method,
            url,
            origin,
            headers,
            request_bytes,
            body_bytes: request.body.len(),
            body: request.body,
            // Nothing waits for no time at all: some clients panic on it.
            timeout_ms: asked_ms.min(self.limits.wall_ms).max(1),
            scope,
        };
        Ok(Permit::mint(wire, Arc::clone(self), spent))
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn ceiling(&self) -> &Ceiling {
        &self.ceiling
    }

    /// How fast the manifest says that the system may be called.
    pub fn rate(&self) -> Option<Rate> {
        self.rights.as_ref().and_then(|rights| rights.rate)
    }

    /// The query parameter that carries the credential, to be masked in logs.
    pub fn credential_query(&self) -> Option<&str> {
        self.rights.as_ref().and_then(Rights::credential_query)
    }

    /// The scopes that are both requested and granted.
    pub fn scopes(&self) -> impl Iterator<Item = &ScopeName> {
        let scopes = self.rights.iter().flat_map(|rights| &rights.scopes);
        scopes.filter(|scope| scope.granted).map(|scope| &scope.name)
    }

    /// The origins that are both requested and granted.
    pub fn hosts(&self) -> impl Iterator<Item = &Origin> {
        self.rights.iter().flat_map(|rights| rights.requested.intersection(&rights.granted))
    }

    fn check_scheme(&self, origin: &Origin) -> Result<(), Denial> {
        if origin.scheme() == Scheme::Https || self.ceiling.allows_private(origin) {
            return Ok(());
        }
        Err(Denial::new(
            Gate::Scheme,
            format!("{origin} is plain http"),
            format!("use https, or let the operator allow it with `ceiling.private = [\"{origin}\"]`"),
        ))
    }
}

impl Rights {
    fn check_host(&self, origin: &Origin) -> Result<(), Denial> {
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

    fn scope(&self, method: Method, origin: &Origin, path: &str) -> Result<ScopeName, Denial> {
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

    /// A second value for the parameter that carries the credential could be taken for it.
    fn check_query(&self, url: &Url) -> Result<(), Denial> {
        let Some(carrier) = self.credential_query() else { return Ok(()) };
        if url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case(carrier)) {
            return Err(Denial::new(
                Gate::Credential,
                format!("the query parameter {carrier} carries the profile's credential"),
                "leave it out: the host adds it",
            ));
        }
        Ok(())
    }

    fn credential_header(&self) -> Option<&str> {
        match &self.credential {
            Some(CredentialPlace::Header(name)) => Some(name),
            _ => None,
        }
    }

    fn credential_query(&self) -> Option<&str> {
        match &self.credential {
            Some(CredentialPlace::Query(name)) => Some(name),
            _ => None,
        }
    }
}

/// Every host of the manifest with the origin that it means for this configuration.
pub(crate) fn resolved_hosts(
    manifest: &Manifest,
    config: &Value,
) -> Result<Vec<(HostTemplate, Origin)>, PolicyError> {
    let resolve = |host: &String| {
        let template = HostTemplate::parse(host, &manifest.inputs)
            .map_err(|error| PolicyError::HostTemplate { host: host.chars().take(300).collect(), error })?;
        let origin = template.resolve(config)?;
        Ok((template, origin))
    };
    manifest.hosts.iter().map(resolve).collect()
}

/// A canonical path is visible ASCII, so it can be cut anywhere and shown as it is.
fn shown_path(path: &str) -> String {
    match path.get(..SHOWN_PATH_BYTES_MAX) {
        Some(start) if start.len() < path.len() => format!("{start}…"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
