//! What a connector tried while it was watched: generalised, counted and bounded. Watching never lets more through.
//!
//! `Observation` is the row that grows with each exchange; `Proposal` is the least policy that covers it.

mod proposal;
mod template;

pub use proposal::{Proposal, Right};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::denial::Gate;
use crate::egress::{Covering, Method, Origin, Policy};
use crate::exchange::{Exchange, ExchangeOutcome};
use crate::ids::ScopeName;
use crate::injected::Timestamp;

/// Different requests that are kept apart. Beyond, they are only counted.
pub const TRIED_MAX: usize = 256;
/// A month: an observation that nobody ends must end.
pub const OBSERVED_MS_MAX: u64 = 31 * 24 * 3_600 * 1_000;
/// More scopes than this that cover one request tell nobody anything.
const SCOPES_MAX: usize = 8;

/// What one profile tried from one time to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    pub since: Timestamp,
    /// Nothing is noted from here on.
    pub until: Timestamp,
    pub tried: Vec<Tried>,
    /// Requests for which there was no place.
    pub more: u64,
}

/// Requests of one shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    pub method: String,
    /// Empty where the URL had none that could be read.
    pub origin: String,
    /// The rule's path where the manifest has a rule, or the path with its identifiers taken out. Empty where the
    /// request was refused before its path could be read in one way.
    pub path: String,
    /// The scopes of the manifest that cover it, granted or not.
    pub scopes: Vec<ScopeName>,
    pub allowed: u64,
    pub denied: u64,
    /// What refused it the last time.
    pub gate: Option<Gate>,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl Observation {
    pub fn new(since: Timestamp, for_ms: u64) -> Self {
        let until = since.plus_ms(for_ms.min(OBSERVED_MS_MAX));
        Self { since, until, tried: Vec::new(), more: 0 }
    }

    pub fn is_on(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.until
    }

    /// Notes the exchanges that fall into its time; whether there were any.
    pub fn note(&mut self, exchanges: &[Exchange], policy: &Policy) -> bool {
        let (since, until) = (self.since, self.until);
        let mut noted = false;
        for exchange in exchanges.iter().filter(|exchange| since <= exchange.at && exchange.at < until) {
            noted = true;
            self.add(Tried::of(exchange, policy));
        }
        noted
    }

    fn add(&mut self, new: Tried) {
        let same = |tried: &&mut Tried| {
            tried.method == new.method && tried.origin == new.origin && tried.path == new.path
        };
        if let Some(tried) = self.tried.iter_mut().find(same) {
            tried.allowed = tried.allowed.saturating_add(new.allowed);
            tried.denied = tried.denied.saturating_add(new.denied);
            tried.gate = new.gate.or(tried.gate);
            tried.scopes = new.scopes;
            tried.last_at = tried.last_at.max(new.last_at);
        } else if self.tried.len() < TRIED_MAX {
            self.tried.push(new);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

impl Tried {
    fn of(exchange: &Exchange, policy: &Policy) -> Self {
        let gate = match &exchange.outcome {
            ExchangeOutcome::Denied { denial } => Some(denial.gate),
            ExchangeOutcome::Answered { .. } | ExchangeOutcome::Failed { .. } => None,
        };
        let url = Url::parse(&exchange.url).ok();
        let origin = url.as_ref().and_then(|url| Origin::of(url).ok());
        // What these gates refused has a path that may be read in two ways: neither is taken down as what was meant.
        let unread = matches!(gate, Some(Gate::Capability | Gate::Normalise | Gate::Scheme));
        let path = url.as_ref().filter(|_| !unread).map(Url::path);
        let covering = covering(policy, &exchange.method, origin.as_ref(), path);
        let shown = match (covering.first(), path) {
            (Some(rule), _) => rule.template.clone(),
            (None, Some(path)) => template::generalised(path),
            (None, None) => String::new(),
        };
        Self {
            method: exchange.method.clone(),
            origin: origin.map(String::from).unwrap_or_default(),
            path: shown,
            scopes: covering.into_iter().map(|rule| rule.scope).take(SCOPES_MAX).collect(),
            allowed: u64::from(gate.is_none()),
            denied: u64::from(gate.is_some()),
            gate,
            first_at: exchange.at,
            last_at: exchange.at,
        }
    }
}

fn covering(policy: &Policy, method: &str, origin: Option<&Origin>, path: Option<&str>) -> Vec<Covering> {
    match (method.parse::<Method>(), origin, path) {
        (Ok(method), Some(origin), Some(path)) => policy.covering(method, origin, path),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
