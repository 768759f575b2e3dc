//! The judge: everything that decides about one profile's requests, fixed for the length of a call.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;
use wit::{Manifest, Rate};

use super::budget::{self, Spent};
use super::ceiling::Ceiling;
use super::credential::CredentialPlace;
use super::explain::{Course, Explained, Strict, Told};
use super::form;
use super::headers;
use super::host_template::{HostTemplate, InvalidHostTemplate, UnresolvedHost};
use super::normalise::{self, Method};
use super::origin::{Origin, Scheme};
use super::permit::{Permit, Wire};
use super::request::Request;
pub use super::rights::Covering;
use super::rights::Rights;
use super::scope::ScopeRules;
use crate::call::Limits;
use crate::denial::{Denial, Gate};
use crate::ids::{ProfileName, ScopeName};
use crate::profile::{Grant, Tracing};
use crate::retry::Rules;

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
    /// Where the host will put the profile's credential; the guest may put nothing there.
    pub credential: &'a [CredentialPlace],
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
    /// What the manifest says of the system's answers.
    answers: Rules,
    /// The machine's own address that requests leave from; none for whichever the system takes.
    egress_address: Option<IpAddr>,
    tracing: Tracing,
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
            credential: credential.to_vec(),
            rate,
        };
        let (answers, tracing) = (Rules::of(manifest), Tracing::default());
        let ceiling = Arc::clone(ceiling);
        Ok(Self { ceiling, limits, rights: Some(rights), answers, egress_address: None, tracing })
    }

    /// The same, for requests that leave from one of the machine's addresses.
    #[must_use]
    pub fn leaving_from(self, egress_address: Option<IpAddr>) -> Self {
        Self { egress_address, ..self }
    }

    pub fn egress_address(&self) -> Option<IpAddr> {
        self.egress_address
    }

    /// The policy of a call that has no network: every request is denied at the first gate.
    pub fn none() -> Self {
        let ceiling = Arc::new(Ceiling { hosts: Vec::new(), private: BTreeSet::new() });
        let (answers, tracing) = (Rules::default(), Tracing::default());
        Self { ceiling, limits: Limits::default(), rights: None, answers, egress_address: None, tracing }
    }

    /// The same, with what is kept and told of its requests.
    #[must_use]
    pub fn traced(self, tracing: Tracing) -> Self {
        Self { tracing, ..self }
    }

    pub fn tracing(&self) -> Tracing {
        self.tracing
    }

    /// What the system's answers mean.
    pub fn answers(&self) -> &Rules {
        &self.answers
    }

    /// Asks every gate, in the order that the module states. The first that refuses answers.
    pub fn judge(self: &Arc<Self>, request: Request, spent: Spent) -> Result<Permit<Wire>, Denial> {
        self.judge_watched(request, spent, |_| ())
    }

    /// The same, telling each gate that the request has passed.
    pub fn judge_watched(
        self: &Arc<Self>,
        request: Request,
        spent: Spent,
        passed: impl FnMut(Gate),
    ) -> Result<Permit<Wire>, Denial> {
        let wire = self.walk(request, spent, &mut Strict(passed))?;
        Ok(Permit::mint(wire, Arc::clone(self), spent))
    }

    /// What every gate says of the request, beyond the first refusal too where a gate can still say something.
    pub fn explain(self: &Arc<Self>, request: Request, spent: Spent) -> Explained {
        let mut told = Told::default();
        let wire = self.walk(request, spent, &mut told);
        told.explained(wire.ok().map(|wire| Permit::mint(wire, Arc::clone(self), spent)))
    }

    /// The one way through the gates; `course` decides whether it goes on after a refusal.
    fn walk(&self, request: Request, spent: Spent, course: &mut impl Course) -> Result<Wire, Denial> {
        let rights = course.need(Gate::Capability, self.rights(), |_| "the call has a network".to_owned())?;
        let (method, url, origin) =
            course.need(Gate::Normalise, normalise::request(&request), |(method, url, _)| {
                format!("{method} {url}")
            })?;
        course.ask(Gate::Scheme, self.check_scheme(&origin), |()| origin.scheme().as_str().to_owned())?;
        course.ask(Gate::Ceiling, self.ceiling.allows(&origin), |()| self.ceiling.line(&origin))?;
        course.ask(Gate::Hosts, rights.check_host(&origin), |()| {
            format!("{origin} is requested and granted")
        })?;
        let scope = course.ask(Gate::Scope, rights.scope(method, &origin, url.path()), |scope| {
            rights.rule(scope, method, &origin, url.path())
        })?;
        let headers = headers::check(request.headers, &rights.credential_headers())
            .and_then(|headers| form::check(&headers, &request.body).map(|()| headers));
        let headers =
            course.ask(Gate::Headers, headers, |headers| format!("{} of the connector", headers.len()))?;
        let headers = headers.unwrap_or_default();
        let places = rights.check_places(method, &url, &headers, &request.body);
        course.ask(Gate::Credential, places, |()| rights.credential_shown())?;
        let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let request_bytes = url.as_str().len() + header_bytes + request.body.len();
        course.ask(Gate::Budget, budget::check(spent, &self.limits, request_bytes), |()| {
            budget::shown(&self.limits, request_bytes, rights.rate)
        })?;
        course.close()?;
        let Some(scope) = scope else { return Err(no_scope()) };

        let cost = rights.cost(method, &origin, url.path());
        let asked_ms = request.timeout_ms.map_or(self.limits.wall_ms, u64::from);
        Ok(Wire {
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
            cost,
        })
    }

    fn rights(&self) -> Result<&Rights, Denial> {
        self.rights.as_ref().ok_or_else(|| {
            Denial::new(
                Gate::Capability,
                "this call has no network",
                "send requests from an action, a poll or a check of a profile",
            )
        })
    }

    /// Every scope of the manifest that covers this, granted or not.
    pub fn covering(&self, method: Method, origin: &Origin, path: &str) -> Vec<Covering> {
        self.rights.as_ref().map(|rights| rights.covering(method, origin, path)).unwrap_or_default()
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

    /// The query parameters that carry the credential, to be masked in logs.
    pub fn credential_queries(&self) -> Vec<&str> {
        self.rights.as_ref().map(Rights::credential_queries).unwrap_or_default()
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

/// A course that ends without a refusal has been given a scope; if it ever had not, nothing may leave.
fn no_scope() -> Denial {
    Denial::new(Gate::Scope, "no scope covers the request", "ask for a scope that covers it")
}

#[cfg(test)]
mod tests;
