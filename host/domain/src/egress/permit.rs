//! The proof that a request has passed the gates. Only this module tree can make one.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use url::Url;

use super::address::{AddressClass, classify, inside};
use super::budget::{self, Spent};
use super::normalise::{Method, URL_BYTES_MAX};
use super::origin::{Origin, Scheme};
use super::own::{self, OwnDoors};
use super::policy::Policy;
use super::request::Request;
use crate::denial::{Denial, Gate};
use crate::ids::ScopeName;

/// How many redirects one request may follow.
const HOPS_MAX: u8 = 5;

/// A judged value, with the policy that judged it.
#[derive(Debug)]
pub struct Permit<T> {
    granted: T,
    policy: Arc<Policy>,
    spent: Spent,
    hops: u8,
}

/// A request in the one form that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) origin: Origin,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) body_bytes: usize,
    pub(super) request_bytes: usize,
    pub(super) timeout_ms: u64,
    pub(super) scope: ScopeName,
    pub(super) cost: u32,
}

impl Wire {
    pub fn method(&self) -> Method {
        self.method
    }

    /// What to send, byte for byte: `as_str` of it is what was judged.
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Names in lower case; none that the host sets itself.
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The length of the body, also after it has been taken out.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// The bytes that count against the call's budget: URL, headers and body.
    pub fn request_bytes(&self) -> usize {
        self.request_bytes
    }

    /// For the whole exchange, body included; at least 1.
    pub fn timeout_ms(&self) -> u64 {
        self.timeout_ms
    }

    /// How many requests of the profile's rate it counts for; at least 1.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// The scope whose rule covers the request.
    pub fn scope(&self) -> &ScopeName {
        &self.scope
    }
}

/// Addresses that may be dialled for one origin. Nothing else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vetted {
    origin: Origin,
    addresses: Vec<IpAddr>,
}

impl Vetted {
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }
}

impl<T> Permit<T> {
    pub(super) fn mint(granted: T, policy: Arc<Policy>, spent: Spent) -> Self {
        Self { granted, policy, spent, hops: 0 }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl<T> Deref for Permit<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.granted
    }
}

impl Permit<Wire> {
    /// The address, where the URL names one: it is vetted as it stands, and no resolver is asked.
    pub fn literal(&self) -> Option<IpAddr> {
        self.origin.literal()
    }

    /// Judges what the host's name resolved to. One blocked address blocks all: a name that mixes public and private
    /// addresses is either broken or an attack.
    pub fn vet(&self, addresses: &[IpAddr], own: &dyn OwnDoors) -> Result<Vetted, Denial> {
        let ceiling = self.policy.ceiling();
        let private = ceiling.allows_private(&self.origin);
        for address in addresses {
            let class = classify(*address);
            if class != AddressClass::Public && !(private && class.may_be_private()) {
                return Err(self.blocked(class, inside(*address).map(|inner| classify(IpAddr::V4(inner)))));
            }
        }
        if !ceiling.names(&self.origin) {
            own::check(&self.origin, addresses, own)?;
        }
        Ok(Vetted { origin: self.origin.clone(), addresses: addresses.to_vec() })
    }

    fn blocked(&self, class: AddressClass, inner: Option<AddressClass>) -> Denial {
        let remedy = if class.may_be_private() {
            format!("the operator can allow it with `ceiling.private = [\"{}\"]`", self.origin)
        } else {
            "no policy allows it: use a host with a public address".to_owned()
        };
        let carries =
            inner.map_or_else(String::new, |inner| format!(" with a {} IPv4 address inside", inner.as_str()));
        let reason = format!("{} is at a {} address{carries}", self.origin, class.as_str());
        Denial::new(Gate::Address, reason, remedy)
    }

    /// Whether a redirect with this status may be followed for this request. Where not, its response is the answer.
    pub fn may_follow(&self, status: u16) -> bool {
        self.method.is_read() && matches!(status, 301 | 302 | 303 | 307 | 308)
    }

    /// The request that a redirect asks for, judged from the first gate on.
    pub fn follow(&self, status: u16, location: &str) -> Result<Self, Denial> {
        if !self.may_follow(status) {
            return Err(refuse(
                Gate::Normalise,
                "only a redirect of a GET or HEAD is followed",
                "take the response as the answer",
            ));
        }
        if self.hops >= HOPS_MAX {
            return Err(refuse(
                Gate::Budget,
                "the remote redirected more than 5 times",
                "ask for the final URL directly",
            ));
        }
        let url = self.redirected(location)?;
        if self.origin.scheme() == Scheme::Https && url.scheme() == "http" {
            return Err(refuse(
                Gate::Scheme,
                "the remote redirects from https to http",
                "ask for an https URL",
            ));
        }
        let request = Request {
            method: self.method.as_str().to_owned(),
            url: url.into(),
            headers: self.headers.clone(),
            body: Vec::new(),
            timeout_ms: Some(u32::try_from(self.timeout_ms).unwrap_or(u32::MAX)),
        };
        let spent = Spent { requests: self.spent.requests.saturating_add(1), ..self.spent };
        let next = self.policy.judge(request, spent)?;
        Ok(Self { hops: self.hops + 1, ..next })
    }

    fn redirected(&self, location: &str) -> Result<Url, Denial> {
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        if location.len() > URL_BYTES_MAX || location.chars().any(odd) {
            return Err(refuse(
                Gate::Normalise,
                "the remote redirects to something that is not a plain URL",
                "ask for the final URL directly",
            ));
        }
        let mut url = self.url.join(location).map_err(|_| {
            refuse(
                Gate::Normalise,
                "the remote redirects to something that is not a URL",
                "ask for the final URL directly",
            )
        })?;
        // Browsers keep it to themselves; so does the host.
        url.set_fragment(None);
        Ok(url)
    }

    /// Whether a credential for the one may go to the other.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.origin == other.origin
    }

    /// How many redirects led here.
    pub fn hops(&self) -> u8 {
        self.hops
    }

    /// The most decoded bytes that the response may have.
    pub fn response_bytes(&self) -> usize {
        self.policy.limits().response_bytes
    }

    /// The same request once more, if the call's budget has room for it. Whoever took the body out has it.
    pub fn again(&self) -> Result<Self, Denial> {
        let spent = Spent {
            requests: self.spent.requests.saturating_add(1),
            sent_bytes: self.spent.sent_bytes.saturating_add(self.request_bytes as u64),
            ..self.spent
        };
        budget::check(spent, self.policy.limits(), self.request_bytes)?;
        Ok(Self { granted: self.granted.clone(), policy: Arc::clone(&self.policy), spent, hops: self.hops })
    }

    /// Takes the body out, to send it without a copy. A redirect never needs it again.
    pub fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.granted.body)
    }
}

fn refuse(gate: Gate, reason: &str, remedy: &str) -> Denial {
    Denial::new(gate, reason, remedy)
}

#[cfg(test)]
mod tests;
