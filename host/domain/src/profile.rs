//! A tenant's configured use of a connector: target inputs, credential, grant, enabled or not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wit::{AuthScheme, Rate};

use crate::blame::Blame;
use crate::connector::ConnectorRef;
use crate::egress::Origin;
use crate::ids::{ProfileName, ScopeName};
use crate::injected::Timestamp;

/// How many outcomes decide the status.
pub const OUTCOMES_KEPT: usize = 5;

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
    /// In place of the manifest's rate, for an account that may be called faster or slower than others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    pub enabled: bool,
    /// Whether the credential has been stored.
    pub credential_set: bool,
    /// The last outcomes, oldest first, at most `OUTCOMES_KEPT`.
    pub outcomes: Vec<CallOutcome>,
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

/// One call's contribution to the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallOutcome {
    pub at: Timestamp,
    /// None for success.
    pub failure: Option<OutcomeFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeFailure {
    pub code: String,
    pub blame: Blame,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The credential is there and the last calls succeeded.
    Active,
    /// The credential is refused or the last calls failed; flows go on trying.
    Degraded,
    /// Paused on purpose; no flow can use it.
    Disabled,
    /// Not ready: the credential or the grant is missing, or it has never been checked.
    Pending,
}

impl Profile {
    pub fn status(&self) -> Status {
        if !self.enabled {
            return Status::Disabled;
        }
        let ready = self.auth.is_none() || self.credential_set;
        if !ready || self.grant.hosts.is_empty() || self.outcomes.is_empty() {
            return Status::Pending;
        }
        let refused = |outcome: &CallOutcome| {
            outcome.failure.as_ref().is_some_and(|failure| failure.code == "auth_required")
        };
        let failing = self.outcomes.iter().all(|outcome| outcome.failure.is_some());
        if self.outcomes.last().is_some_and(refused) || failing { Status::Degraded } else { Status::Active }
    }

    /// Remembers how a call ended.
    pub fn note(&mut self, outcome: CallOutcome) {
        self.outcomes.push(outcome);
        let surplus = self.outcomes.len().saturating_sub(OUTCOMES_KEPT);
        self.outcomes.drain(..surplus);
    }
}
