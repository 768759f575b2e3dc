//! One event on its way to one subscription: when the next attempt is due, and when it is given up.

use serde::{Deserialize, Serialize};

use super::Event;
use crate::ids::SubscriptionName;
use crate::injected::Timestamp;

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// How long each attempt waits for the one before: the schedule that Standard Webhooks recommends, some three days.
const WAITS_MS: [u64; 9] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];
/// After so many attempts a delivery has failed.
pub const ATTEMPTS_MAX: u32 = 10;
/// A subscription to which nothing could be delivered for so long is disabled.
pub const DISABLED_AFTER_MS: u64 = 5 * 24 * HOUR_MS;
/// Deliveries that wait for one subscription. What comes beyond fails at once, and is seen to have failed.
pub const WAITING_MAX: usize = 1_000;
/// Finished deliveries of one subscription that can still be looked at.
pub const DELIVERIES_KEPT: usize = 200;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    pub subscription: SubscriptionName,
    /// Whole: it is delivered also when the list of events has forgotten it.
    pub event: Event,
    pub state: DeliveryState,
    pub attempts: u32,
    /// What the last attempt came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryState {
    Waiting {
        /// Not before.
        next_at: Timestamp,
    },
    Delivered {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
    },
}

/// What an attempt came to. Nothing of the body that was answered is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub at: Timestamp,
    pub duration_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Delivery {
    /// Due at once.
    pub fn new(subscription: SubscriptionName, event: Event, now: Timestamp) -> Self {
        Self { subscription, event, state: DeliveryState::Waiting { next_at: now }, attempts: 0, last: None }
    }

    /// One that never begins: too much waits already.
    pub fn refused(subscription: SubscriptionName, event: Event, now: Timestamp) -> Self {
        let error = format!("{WAITING_MAX} deliveries wait for this subscription already");
        let last = Some(Answer { at: now, duration_ms: 0, status: None, error: Some(error) });
        Self { subscription, event, state: DeliveryState::Failed { at: now }, attempts: 0, last }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self.state, DeliveryState::Waiting { next_at } if next_at <= now)
    }

    pub fn is_waiting(&self) -> bool {
        matches!(self.state, DeliveryState::Waiting { .. })
    }

    /// After an attempt. Only 2xx is a yes: a redirect is not followed, so it is a no.
    pub fn attempted(&mut self, answer: Answer, chance: u64) {
        let at = answer.at.plus_ms(answer.duration_ms);
        self.attempts = self.attempts.saturating_add(1);
        self.state = match answer.status {
            Some(200..=299) => DeliveryState::Delivered { at },
            _ => match wait_ms(self.attempts, chance) {
                Some(wait_ms) => DeliveryState::Waiting { next_at: at.plus_ms(wait_ms) },
                None => DeliveryState::Failed { at },
            },
        };
        self.last = Some(answer);
    }
}

/// How long to wait after so many attempts; none to give up. Later by up to a tenth, so that what failed together does
/// not come back together.
pub fn wait_ms(attempts: u32, chance: u64) -> Option<u64> {
    if attempts >= ATTEMPTS_MAX {
        return None;
    }
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait_ms = *WAITS_MS.get(index)?;
    Some(wait_ms + chance % (wait_ms / 10 + 1))
}
