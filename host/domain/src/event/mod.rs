//! What an operator is told without asking: events, who subscribed to them, and how far each is on its way.
//!
//! An event is written in the commit of what it tells of, together with one delivery for each subscription that wants it
//! (`store`). It names what changed and never carries a record, a secret or a guest's own text beyond a bounded message.

mod delivery;
mod kind;
mod subscription;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canary::Trial;
use crate::ids::{EventId, ProfileName};
use crate::injected::Timestamp;
use crate::profile::{Milestone, Profile, StatusChange};
use crate::run::{Failure, Run, RunStatus};

pub use delivery::{
    ATTEMPTS_MAX, Answer, DELIVERIES_KEPT, DISABLED_AFTER_MS, Delivery, DeliveryState, WAITING_MAX, wait_ms,
};
pub use kind::{EventKind, UnknownKind};
pub use subscription::{DisabledBecause, PREVIOUS_SECRET_MS, Subscription, URL_BYTES_MAX, secrets_owner};

/// Events of one tenant that are kept to be listed.
pub const EVENTS_KEPT: usize = 10_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The same on every attempt to deliver it, and for every subscription.
    pub id: EventId,
    pub at: Timestamp,
    pub kind: EventKind,
    pub data: Value,
}

impl Event {
    /// What is sent: type, time and data.
    pub fn body(&self) -> Value {
        json!({ "type": self.kind.as_str(), "timestamp": self.at, "data": self.data })
    }

    pub fn status_changed(id: EventId, profile: &Profile, change: &StatusChange) -> Self {
        let data = json!({
            "profile": profile.name, "connector": profile.connector,
            "old": change.old, "new": change.new, "reason": change.reason,
        });
        Self { id, at: change.at, kind: EventKind::ProfileStatusChanged, data }
    }

    pub fn milestone(id: EventId, at: Timestamp, profile: &Profile, milestone: Milestone) -> Self {
        let kind = match milestone {
            Milestone::Expiring => EventKind::CredentialExpiring,
            Milestone::RotationDue => EventKind::CredentialRotationDue,
            Milestone::Expired => EventKind::CredentialExpired,
        };
        Self { id, at, kind, data: credential(profile) }
    }

    pub fn rotated(id: EventId, at: Timestamp, profile: &Profile) -> Self {
        Self { id, at, kind: EventKind::CredentialRotated, data: credential(profile) }
    }

    /// None: it ended well, or it is one that nobody has to look at.
    pub fn of_run(id: EventId, at: Timestamp, run: &Run) -> Option<Self> {
        let kind = match run.status {
            RunStatus::Failed => EventKind::RunFailed,
            RunStatus::Blocked => EventKind::RunBlocked,
            _ => return None,
        };
        let data = json!({
            "run": run.id, "flow": run.flow, "correlation": run.correlation,
            "failure": run.failure.as_ref().map(told), "counts": run.counts,
        });
        Some(Self { id, at, kind, data })
    }

    /// All those of one run together: a vendor that refuses everything is one event, not a thousand.
    pub fn dead_letters(id: EventId, at: Timestamp, run: &Run, count: u64) -> Self {
        let data = json!({ "run": run.id, "flow": run.flow, "count": count });
        Self { id, at, kind: EventKind::DeadLetterCreated, data }
    }

    /// The host gave up the version that `profile` tried beside the one in use.
    pub fn rolled_back(id: EventId, at: Timestamp, profile: &Profile, trial: &Trial) -> Self {
        let data = json!({
            "profile": profile.name, "connector": profile.connector.name,
            "given_up": trial.version, "in_use": profile.connector.version,
            "tried": { "given_up": trial.canary, "in_use": trial.in_use },
        });
        Self { id, at, kind: EventKind::ConnectorVersionRolledBack, data }
    }

    pub fn subscription_disabled(id: EventId, at: Timestamp, subscription: &Subscription) -> Self {
        let data = json!({
            "subscription": subscription.name, "reason": subscription.disabled_because,
            "failing_since": subscription.failing_since,
        });
        Self { id, at, kind: EventKind::SubscriptionDisabled, data }
    }

    pub fn test(id: EventId, at: Timestamp, subscription: &Subscription) -> Self {
        let data = json!({ "subscription": subscription.name });
        Self { id, at, kind: EventKind::SubscriptionTest, data }
    }

    /// Of which profile it is, where it is of one.
    pub fn profile(&self) -> Option<ProfileName> {
        self.data.get("profile")?.as_str()?.parse().ok()
    }
}

fn credential(profile: &Profile) -> Value {
    let life = profile.credential.life.as_ref();
    json!({
        "profile": profile.name, "credential_version": profile.credential.version,
        "expires_at": life.and_then(|life| life.expires_at),
        "rotate_at": life.map(|life| life.rotate_at()),
    })
}

fn told(failure: &Failure) -> Value {
    json!({ "code": failure.code, "blame": failure.blame, "message": failure.message })
}

#[cfg(test)]
mod tests;
