//! The row of a profile, and what changes in it together.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wit::{AuthScheme, Rate};

use super::credential::CredentialState;
use super::life::{CredentialLife, CredentialTerms};
use super::outcomes::CallOutcome;
use super::status::{Standing, StatusChange};
use crate::canary::Canary;
use crate::connector::ConnectorRef;
use crate::egress::Origin;
use crate::ids::{CorrelationId, ProfileName, RunId, ScopeName};
use crate::injected::Timestamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: ProfileName,
    /// Pinned: another version is another decision.
    pub connector: ConnectorRef,
    /// Valid against the manifest's schema, defaults filled in.
    pub config: Value,
    /// How it authenticates; none for a system that asks for nothing.
    pub auth: Option<Auth>,
    pub grant: Grant,
    /// Its connector asks for no host, so none has to be granted before it can be used.
    #[serde(default)]
    pub needs_no_host: bool,
    /// In place of the manifest's rate, for an account that may be called faster or slower than others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The machine's own address that its requests leave from, for a system that lets in known addresses only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_address: Option<IpAddr>,
    #[serde(default)]
    pub tracing: Tracing,
    pub enabled: bool,
    /// Another version that a share of its work tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Whether the credential has been stored.
    pub credential_set: bool,
    /// What is known of it.
    #[serde(default)]
    pub credential: CredentialState,
    /// The last outcomes that count, oldest first, at most `OUTCOMES_KEPT`.
    pub outcomes: Vec<CallOutcome>,
    /// Whether the outcomes so far make it a working profile; see `status`. Rows of earlier builds do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// When a refused credential was last let through to see whether it works again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_at: Option<Timestamp>,
    /// The status as it was last written down. What holds now is `Profile::status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The last changes of the status, oldest first, at most `HISTORY_KEPT`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<StatusChange>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The chosen scheme. The credential itself is a sealed secret and never part of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub scheme: AuthScheme,
    /// The user of Basic; it is not secret and may be logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// What was granted. The effective right is its intersection with what the manifest requests, within the ceiling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub hosts: BTreeSet<Origin>,
    pub scopes: BTreeSet<ScopeName>,
    pub granted_at: Option<Timestamp>,
}

impl Profile {
    /// Enabled, with nothing granted and no credential.
    pub fn new(
        name: ProfileName,
        connector: ConnectorRef,
        config: Value,
        auth: Option<Auth>,
        now: Timestamp,
    ) -> Self {
        Self {
            name,
            connector,
            config,
            auth,
            grant: Grant::default(),
            needs_no_host: false,
            rate: None,
            egress_address: None,
            tracing: Tracing::default(),
            enabled: true,
            canary: None,
            credential_set: false,
            credential: CredentialState::default(),
            outcomes: Vec::new(),
            healthy: None,
            probe_at: None,
            standing: None,
            history: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// The profile as this call is made for it: with the version in use, or with the one that is tried.
    pub fn for_call(&self, correlation: &CorrelationId) -> Self {
        match &self.canary {
            Some(canary) if canary.takes_call(correlation) => canary.stands_in(self),
            _ => self.clone(),
        }
    }

    /// The version that this run is pinned to: the one in use, or the one that is tried.
    pub fn for_run(&self, run: &RunId) -> ConnectorRef {
        match &self.canary {
            Some(canary) if canary.takes_run(run) => canary.connector(self),
            _ => self.connector.clone(),
        }
    }

    /// Another credential is stored in the same commit. What the old one did says nothing about the new one.
    pub fn replace_credential(&mut self, now: Timestamp, terms: CredentialTerms) {
        self.credential_set = true;
        self.credential = CredentialState {
            version: self.credential.version.saturating_add(1),
            life: Some(CredentialLife::begun(now, terms)),
            ..CredentialState::default()
        };
        self.outcomes.clear();
        self.healthy = None;
        self.probe_at = None;
        self.updated_at = now;
    }
}

/// What the log keeps of a profile's requests, and what the host sends beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tracing {
    /// The beginnings of bodies are kept, redacted.
    pub log_bodies: bool,
    /// `X-Correlation-Id`, `traceparent` and `tracestate` are sent.
    pub send_correlation: bool,
}

impl Default for Tracing {
    fn default() -> Self {
        Self { log_bodies: true, send_correlation: true }
    }
}
