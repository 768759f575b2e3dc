//! Who wants to be told: an address of the tenant's own, and which types of events go there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::kind::EventKind;
use crate::ids::{ProfileName, SecretName, SubscriptionName};
use crate::injected::Timestamp;

/// How long the secret before the current one still signs: time to change it at the other end.
pub const PREVIOUS_SECRET_MS: u64 = 24 * 3_600_000;
/// Longer than an address that people read.
pub const URL_BYTES_MAX: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    pub name: SubscriptionName,
    pub url: String,
    /// None named: all of them.
    pub kinds: BTreeSet<EventKind>,
    pub enabled: bool,
    /// Why it is not enabled, where nobody has disabled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_because: Option<DisabledBecause>,
    /// Since when no delivery has succeeded; none while they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Until when the secret before the current one signs as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBecause {
    /// No delivery succeeded for days.
    Failing,
    /// It answered that it is gone (410).
    Gone,
}

impl Subscription {
    pub fn wants(&self, kind: EventKind) -> bool {
        // A test goes to the one that is tested, and to nobody who did not ask.
        kind != EventKind::SubscriptionTest
            && self.enabled
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }

    /// Under which name its signing secret is sealed.
    pub fn secret(&self) -> Option<SecretName> {
        self.name.as_str().parse().ok()
    }

    /// The one before.
    pub fn previous_secret(&self) -> Option<SecretName> {
        format!("{}_previous", self.name).parse().ok()
    }

    pub fn has_previous(&self, now: Timestamp) -> bool {
        self.previous_until.is_some_and(|until| now < until)
    }
}

/// Sealed secrets belong to a profile; those of the subscriptions belong to this one, which nobody can make.
pub fn secrets_owner() -> ProfileName {
    ProfileName::of_subscriptions()
}
