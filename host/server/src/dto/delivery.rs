//! How a flow's records are delivered.

use domain::flow as rows;
use domain::retry::RetryPolicy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::OnDrift;
use super::{OnDeadline, OnSpent, Order};

/// How records are delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Records handed over in one call; 1 to 500.
    #[schema(minimum = 1, maximum = 500)]
    pub batch: u32,
    /// How often and how patiently.
    pub retry: Retry,
    /// Which records wait for which.
    pub order: Order,
    /// Where in a record its order key stands, as a JSON pointer (`/customer/id`); the record's own key unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_key: Option<String>,
    /// Batches of one run that may be on their way at the same time; 1 to 16. With more than one, the next page is read
    /// meanwhile.
    #[schema(minimum = 1, maximum = 16)]
    pub parallel: u32,
    /// What happens to a record that has no attempt left, or that none can help.
    pub on_spent: OnSpent,
    /// How long a run may take from its start; as long as it needs unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1_000)]
    pub deadline_ms: Option<u64>,
    /// What happens to the records that a run has not delivered by then.
    pub on_deadline: OnDeadline,
    /// What becomes of a record that is not as its connector declares it.
    pub drift: OnDrift,
}

/// How often and how patiently a record is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Attempts in all; 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    pub attempts_max: u32,
    /// The bound of the first wait; it doubles.
    pub base_ms: u64,
    /// The bound of every wait.
    pub cap_ms: u64,
    /// How long a run is held for waits that a remote asks for, in sum over a record's attempts. A longer wait suspends
    /// the run, and no record is lost to it.
    pub wait_max_ms: u64,
    /// The waits between attempts, in milliseconds, in place of `attempts_max`, `base_ms` and `cap_ms`; at most 30. For
    /// instance `[5000, 300000, 1800000, 7200000]` for 5 s, 5 min, 30 min and 2 h.
    #[schema(max_items = 30)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule_ms: Vec<u64>,
}

impl Default for Delivery {
    fn default() -> Self {
        rows::DeliveryPolicy::default().into()
    }
}

impl Default for Retry {
    fn default() -> Self {
        RetryPolicy::default().into()
    }
}

// === impl ===

impl From<rows::DeliveryPolicy> for Delivery {
    fn from(policy: rows::DeliveryPolicy) -> Self {
        Self {
            batch: policy.batch,
            retry: policy.retry.into(),
            order: policy.order.into(),
            order_key: policy.order_key,
            parallel: policy.parallel,
            on_spent: policy.on_spent.into(),
            deadline_ms: policy.deadline_ms,
            on_deadline: policy.on_deadline.into(),
            drift: policy.drift.into(),
        }
    }
}

impl From<Delivery> for rows::DeliveryPolicy {
    fn from(delivery: Delivery) -> Self {
        Self {
            batch: delivery.batch,
            retry: delivery.retry.into(),
            order: delivery.order.into(),
            order_key: delivery.order_key,
            parallel: delivery.parallel,
            on_spent: delivery.on_spent.into(),
            deadline_ms: delivery.deadline_ms,
            on_deadline: delivery.on_deadline.into(),
            drift: delivery.drift.into(),
        }
    }
}

impl From<RetryPolicy> for Retry {
    fn from(policy: RetryPolicy) -> Self {
        let RetryPolicy { attempts_max, base_ms, cap_ms, wait_max_ms, schedule_ms } = policy;
        Self { attempts_max, base_ms, cap_ms, wait_max_ms, schedule_ms }
    }
}

impl From<Retry> for RetryPolicy {
    fn from(retry: Retry) -> Self {
        let Retry { attempts_max, base_ms, cap_ms, wait_max_ms, schedule_ms } = retry;
        Self { attempts_max, base_ms, cap_ms, wait_max_ms, schedule_ms }
    }
}
