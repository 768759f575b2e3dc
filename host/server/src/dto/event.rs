//! Events: what happened, who is told of it, and how far each is on its way.

use std::fmt;

use domain::Timestamp;
use domain::event as rows;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{DeliveryWord, DisabledBecause};

/// Something that happened. What is sent to a subscription is `type`, `timestamp` and `data`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The same on every attempt; sent as `webhook-id`.
    pub id: String,
    /// When.
    pub at: String,
    /// As in `profile.status_changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it tells; its fields depend on the type.
    pub data: Value,
}

/// A subscription to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscription {
    /// Lower-case letters, digits and hyphens; at most 48.
    pub name: String,
    /// Where events are sent, by POST. Within the operator's ceiling.
    pub url: String,
    /// Types of events; all of them unless given.
    #[serde(default)]
    pub types: Vec<String>,
}

/// Who is told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// Where events are sent.
    pub url: String,
    /// Types of events; none: all of them.
    pub types: Vec<String>,
    /// Whether events are sent.
    pub enabled: bool,
    /// Why it is not enabled, where nobody has disabled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_because: Option<DisabledBecause>,
    /// Since when nothing could be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// Until when the secret before the current one signs as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret_until: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// A subscription with the secret that was just made for it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionMade {
    /// Verifies the signatures (Standard Webhooks). It is in this answer and nowhere else.
    #[schema(format = Password)]
    pub secret: String,
    /// The subscription.
    pub subscription: Subscription,
}

impl fmt::Debug for SubscriptionMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionMade").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}

/// One event on its way to one subscription.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventDelivery {
    /// The event's id.
    pub event: String,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How far it is.
    pub state: DeliveryWord,
    /// When it was delivered or given up, or when the next attempt is due.
    pub at: String,
    /// Attempts so far; ten at most.
    pub attempts: u32,
    /// What the last attempt came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<EventAnswer>,
}

/// What one attempt came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventAnswer {
    /// When it began.
    pub at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// What was answered; only 2xx is a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<rows::Event> for Event {
    fn from(row: rows::Event) -> Self {
        Self { id: row.id.to_string(), at: row.at.to_string(), kind: row.kind.to_string(), data: row.data }
    }
}

impl From<rows::Subscription> for Subscription {
    fn from(row: rows::Subscription) -> Self {
        let text = |at: Timestamp| at.to_string();
        Self {
            name: row.name.to_string(),
            url: row.url,
            types: row.kinds.iter().map(ToString::to_string).collect(),
            enabled: row.enabled,
            disabled_because: row.disabled_because.map(Into::into),
            failing_since: row.failing_since.map(text),
            previous_secret_until: row.previous_until.map(text),
            created_at: text(row.created_at),
            updated_at: text(row.updated_at),
        }
    }
}

impl From<rows::Delivery> for EventDelivery {
    fn from(row: rows::Delivery) -> Self {
        let (state, at) = match row.state {
            rows::DeliveryState::Waiting { next_at } => (DeliveryWord::Waiting, next_at),
            rows::DeliveryState::Delivered { at } => (DeliveryWord::Delivered, at),
            rows::DeliveryState::Failed { at } => (DeliveryWord::Failed, at),
        };
        Self {
            event: row.event.id.to_string(),
            kind: row.event.kind.to_string(),
            state,
            at: at.to_string(),
            attempts: row.attempts,
            last: row.last.map(|answer| EventAnswer {
                at: answer.at.to_string(),
                duration_ms: answer.duration_ms,
                status: answer.status,
                error: answer.error,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_never_shows_in_debug() {
        let made: SubscriptionMade = serde_json::from_value(serde_json::json!({
            "secret": "whsec_hunter2",
            "subscription": { "name": "a", "url": "https://a.example", "types": [], "enabled": true,
                              "created_at": "", "updated_at": "" },
        }))
        .unwrap();
        assert!(!format!("{made:?}").contains("hunter2"));
    }
}
