//! A tenant's configured use of a connector: target inputs, credential, grant, enabled or not.

mod credential;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wit::{AuthScheme, Rate};

use crate::blame::Blame;
use crate::call::Fault;
use crate::canary::Canary;
use crate::connector::ConnectorRef;
use crate::egress::Origin;
use crate::ids::{CorrelationId, ProfileName, ScopeName};
use crate::injected::Timestamp;

pub use credential::{CredentialProblem, CredentialReason, CredentialState, TokenLife};

/// How many outcomes decide the status.
pub const OUTCOMES_KEPT: usize = 5;
/// How long code that broke in each of these outcomes is left alone before it is tried once more. Long enough that it
/// costs next to nothing, short enough that a fault which data brought about does not stop a flow for long.
pub const QUARANTINE_MS: u64 = 60_000;

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
    /// Another version that a share of its work tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Whether the credential has been stored.
    pub credential_set: bool,
    /// What is known of it.
    #[serde(default)]
    pub credential: CredentialState,
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
        if self.quarantined_until().is_some() {
            return Status::Degraded;
        }
        let ready = self.auth.is_none() || self.credential_set;
        if !ready || self.grant.hosts.is_empty() || self.outcomes.is_empty() {
            return Status::Pending;
        }
        if self.credential.problem.is_some() {
            return Status::Degraded;
        }
        let refused = |outcome: &CallOutcome| {
            outcome.failure.as_ref().is_some_and(|failure| failure.code == "auth_required")
        };
        let failing = self.outcomes.iter().all(|outcome| outcome.failure.is_some());
        if self.outcomes.last().is_some_and(refused) || failing { Status::Degraded } else { Status::Active }
    }

    /// Until when the connector is not called, because its own code broke each time lately. A check that succeeds ends it,
    /// and so does one good call behind this time; one more fault begins it again.
    pub fn quarantined_until(&self) -> Option<Timestamp> {
        let broke = self.outcomes.iter().all(CallOutcome::is_guests_fault);
        let last = self.outcomes.last().filter(|_| broke && self.outcomes.len() >= OUTCOMES_KEPT)?;
        Some(last.at.plus_ms(QUARANTINE_MS))
    }

    /// Whether it is not to be called now.
    pub fn is_quarantined(&self, now: Timestamp) -> bool {
        self.quarantined_until().is_some_and(|until| now < until && until.ms_since(now) <= QUARANTINE_MS)
    }

    /// Whether its connector's code broke the last time: the next good call is worth a note.
    pub fn last_broke(&self) -> bool {
        self.outcomes.last().is_some_and(CallOutcome::is_guests_fault)
    }

    /// The profile as this call is made for it: with the version in use, or with the one that is tried.
    pub fn for_call(&self, correlation: &CorrelationId) -> Self {
        match &self.canary {
            Some(canary) if canary.takes_call(correlation) => canary.stands_in(self),
            _ => self.clone(),
        }
    }

    /// Remembers how a call ended.
    pub fn note(&mut self, outcome: CallOutcome) {
        self.outcomes.push(outcome);
        let surplus = self.outcomes.len().saturating_sub(OUTCOMES_KEPT);
        self.outcomes.drain(..surplus);
    }
}

impl CallOutcome {
    /// Whether the guest's code did not come back from the call: not a refusal, not a remote's failure.
    pub fn is_guests_fault(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| {
            let fault = serde_json::from_value::<Fault>(failure.code.as_str().into());
            failure.blame == Blame::Guest && fault.is_ok_and(|fault| fault != Fault::Host)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        let at = Timestamp::from_ms(0);
        Profile {
            name: "p".parse().unwrap(),
            connector: ConnectorRef { name: "c".parse().unwrap(), version: semver::Version::new(1, 0, 0) },
            config: Value::Null,
            auth: None,
            grant: Grant::default(),
            rate: None,
            enabled: true,
            canary: None,
            credential_set: false,
            credential: CredentialState::default(),
            outcomes: Vec::new(),
            created_at: at,
            updated_at: at,
        }
    }

    fn note(profile: &mut Profile, at_ms: i64, failure: Option<(&str, Blame)>) {
        let failure = failure.map(|(code, blame)| OutcomeFailure { code: code.to_owned(), blame });
        profile.note(CallOutcome { at: Timestamp::from_ms(at_ms), failure });
    }

    #[test]
    fn code_that_breaks_every_time_is_left_alone_for_a_while() {
        let mut broken = profile();
        for at_ms in 0..4 {
            note(&mut broken, at_ms, Some(("trap", Blame::Guest)));
            assert_eq!(broken.quarantined_until(), None);
        }
        note(&mut broken, 1_000, Some(("cpu_limit", Blame::Guest)));
        let until = Timestamp::from_ms(1_000).plus_ms(QUARANTINE_MS);
        assert_eq!((broken.quarantined_until(), broken.status()), (Some(until), Status::Degraded));
        assert!(broken.is_quarantined(Timestamp::from_ms(1_000)));
        assert!(!broken.is_quarantined(until), "then it is tried again");
        assert!(
            !broken.is_quarantined(Timestamp::from_ms(-9_000_000)),
            "a clock set back does not prolong it"
        );
        note(&mut broken, 70_000, Some(("trap", Blame::Guest)));
        assert!(broken.is_quarantined(Timestamp::from_ms(70_001)), "one more fault begins it again");
        note(&mut broken, 140_000, None);
        assert_eq!(broken.quarantined_until(), None);
    }

    #[test]
    fn what_is_not_the_codes_fault_is_not_held_against_it() {
        for (code, blame) in [
            ("transient", Blame::Remote),
            ("auth_required", Blame::Operator),
            ("denied", Blame::Operator),
            ("invalid", Blame::Guest),
            ("host", Blame::Host),
            ("trap", Blame::Operator),
        ] {
            let mut profile = profile();
            for at_ms in 0..9 {
                note(&mut profile, at_ms, Some((code, blame)));
            }
            assert_eq!(profile.quarantined_until(), None, "{code}");
        }
    }
}
