//! The status of a profile: what was intended, how far its credential came, and how its last calls ended.
//!
//! In this order, the first that holds:
//!
//! 1. `disabled`: paused on purpose. It wins over everything, and no flow can use the profile.
//! 2. `pending`: the credential or the grant is missing, or no call has counted yet. A hand-over that nobody finished in
//!    time stays `pending`, with the reason `handoff_expired`. A connector that asks for no host needs no grant.
//! 3. `degraded` (`auth_expired`): the credential's own date has passed. `degraded` with the provider's reason: no new
//!    token can be had with it.
//! 4. `degraded` at once: the last word on the credential is that it was refused. One success ends it, because it shows
//!    that the credential is good now; so does another credential.
//! 5. `active` or `degraded`, by the last five outcomes that count.
//!
//! The semantics state the last rule twice: `active` only while the last five calls all succeeded, and `degraded` only
//! after five failures in a row. Both hold here, each for the way that it is about, so that one failure does not make a
//! busy profile flap and one lucky call does not hide an outage:
//!
//! - a profile *becomes* `active` when all of the last five outcomes are successes (fewer: all of those, at least one);
//! - an `active` profile *becomes* `degraded` when all of the last five are failures;
//! - what lies between leaves it as it was. A profile that has never worked is `degraded` from its first failure on.
//!
//! What counts is decided in `outcomes`. Flows go on trying through a degraded profile; only a refused credential holds
//! them back, see `backoff`.

use serde::{Deserialize, Serialize};

use super::outcomes::CallOutcome;
use super::row::Profile;
use crate::injected::Timestamp;

/// Changes of the status that a row remembers.
pub const HISTORY_KEPT: usize = 20;

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

/// Why a profile is not active. Stable, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Disabled by a person.
    Paused,
    CredentialMissing,
    /// A person is handing over the credential at the remote.
    HandoffPending,
    /// Nobody finished handing it over in time.
    HandoffExpired,
    GrantMissing,
    NeverChecked,
    /// The credential's own date has passed.
    AuthExpired,
    /// The remote refuses the credential.
    AuthRevoked,
    /// What was granted does not cover what is asked.
    ScopeMissing,
    #[serde(rename = "upstream_5xx")]
    Upstream5xx,
    /// No connection, no name, no certificate, no answer in time.
    Network,
    /// A gate refused the way out.
    EgressDenied,
    /// The connector's own code broke, or ran into a limit.
    ConnectorTrap,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::CredentialMissing => "credential_missing",
            Self::HandoffPending => "handoff_pending",
            Self::HandoffExpired => "handoff_expired",
            Self::GrantMissing => "grant_missing",
            Self::NeverChecked => "never_checked",
            Self::AuthExpired => "auth_expired",
            Self::AuthRevoked => "auth_revoked",
            Self::ScopeMissing => "scope_missing",
            Self::Upstream5xx => "upstream_5xx",
            Self::Network => "network",
            Self::EgressDenied => "egress_denied",
            Self::ConnectorTrap => "connector_trap",
        }
    }

    /// Whether somebody has to bring another credential.
    pub fn is_auth(self) -> bool {
        matches!(self, Self::AuthExpired | Self::AuthRevoked)
    }
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Disabled => "disabled",
            Self::Pending => "pending",
        }
    }
}

/// How far the handing over of the credential has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthPhase {
    /// The credential is missing.
    Pending,
    /// It is there, or none is needed.
    Complete,
    /// It is missing, and whoever began to hand it over did not finish in time.
    Expired,
}

/// A status with its reason, and since when it has been so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    pub since: Timestamp,
}

/// One change of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    pub at: Timestamp,
    pub old: Status,
    pub new: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Profile {
    /// How it fares now, and why where it is not active.
    pub fn status(&self, now: Timestamp) -> (Status, Option<Reason>) {
        if !self.enabled {
            return (Status::Disabled, Some(Reason::Paused));
        }
        match self.auth_phase(now) {
            AuthPhase::Pending if self.credential.hand_off_until.is_some() => {
                return (Status::Pending, Some(Reason::HandoffPending));
            }
            AuthPhase::Pending => return (Status::Pending, Some(Reason::CredentialMissing)),
            AuthPhase::Expired => return (Status::Pending, Some(Reason::HandoffExpired)),
            AuthPhase::Complete => {}
        }
        if self.grant.hosts.is_empty() && !self.needs_no_host {
            return (Status::Pending, Some(Reason::GrantMissing));
        }
        if self.auth.is_some() && self.credential.life.as_ref().is_some_and(|life| life.is_expired(now)) {
            return (Status::Degraded, Some(Reason::AuthExpired));
        }
        if let Some(problem) = &self.credential.problem {
            return (Status::Degraded, Some(problem.reason.into()));
        }
        if self.outcomes.is_empty() {
            return (Status::Pending, Some(Reason::NeverChecked));
        }
        if let Some((failure, _)) = self.refusal() {
            return (Status::Degraded, Some(failure.reason()));
        }
        if self.is_healthy() {
            return (Status::Active, None);
        }
        let failure = |outcome: &CallOutcome| outcome.failure.as_ref().map(|failure| failure.reason());
        (Status::Degraded, self.outcomes.iter().rev().find_map(failure))
    }

    pub fn auth_phase(&self, now: Timestamp) -> AuthPhase {
        if self.auth.is_none() || self.credential_set {
            AuthPhase::Complete
        } else if self.credential.hand_off_until.is_some_and(|until| until <= now) {
            AuthPhase::Expired
        } else {
            AuthPhase::Pending
        }
    }

    /// Since when it has been as it is. A change that nobody has written down yet is of this moment.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        let (status, _) = self.status(now);
        self.standing.filter(|standing| standing.status == status).map_or(now, |standing| standing.since)
    }

    /// Writes down how it fares now. Gives the change that somebody may want to be told: another status, or a credential
    /// that has to be replaced. Another reason alone is written down and told to nobody.
    pub fn restand(&mut self, now: Timestamp) -> Option<StatusChange> {
        let (status, reason) = self.status(now);
        let Some(before) = self.standing else {
            self.standing = Some(Standing { status, reason, since: now });
            return None;
        };
        if (before.status, before.reason) == (status, reason) {
            return None;
        }
        let auth = |reason: Option<Reason>| reason.is_some_and(Reason::is_auth);
        if before.status == status && auth(before.reason) == auth(reason) {
            self.standing = Some(Standing { reason, ..before });
            return None;
        }
        let change = StatusChange { at: now, old: before.status, new: status, reason };
        self.standing = Some(Standing { status, reason, since: now });
        self.history.push(change);
        let surplus = self.history.len().saturating_sub(HISTORY_KEPT);
        self.history.drain(..surplus);
        Some(change)
    }
}
