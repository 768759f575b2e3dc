//! A refusal as a value: which gate, why, and what would allow it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The gates of the egress policy, in the order in which they judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The call itself has no such power (a connector that is being described, a transform).
    Capability,
    /// The URL and the method are what they seem.
    Normalise,
    Scheme,
    /// The operator's ceiling.
    Ceiling,
    /// The profile's granted hosts and ports.
    Hosts,
    /// The granted scopes: method and path.
    Scope,
    Headers,
    /// Rate, concurrency, count and bytes.
    Budget,
    /// The class of the resolved addresses.
    Address,
    /// A secret that the profile does not hold or that is not bound to this host.
    Credential,
}

impl Gate {
    /// The gate of this name.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Normalise => "normalise",
            Self::Scheme => "scheme",
            Self::Ceiling => "ceiling",
            Self::Hosts => "hosts",
            Self::Scope => "scope",
            Self::Headers => "headers",
            Self::Budget => "budget",
            Self::Address => "address",
            Self::Credential => "credential",
        }
    }
}

/// The host said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    pub gate: Gate,
    /// What was refused, in one sentence.
    pub reason: String,
    /// The line of policy that would allow it, or what to do instead.
    pub remedy: String,
}

impl Denial {
    pub fn new(gate: Gate, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { gate, reason: reason.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "denied at the {} gate: {}; {}", self.gate.as_str(), self.reason, self.remedy)
    }
}
