//! Flows: from one profile's trigger, through a mapping, to another profile's action.

use domain::flow as rows;
use domain::retry::RetryPolicy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::OnDrift;
use crate::problem::Problem;

/// A flow to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlow {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// Where records come from.
    pub source: Source,
    /// What is done to each record; nothing unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Where they go.
    pub destination: Destination,
    /// When it runs by itself; only on demand unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How records are delivered.
    #[serde(default)]
    pub delivery: Delivery,
}

/// A flow.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Where records come from.
    pub source: Source,
    /// What is done to each record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Where they go.
    pub destination: Destination,
    /// When it runs by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How records are delivered.
    pub delivery: Delivery,
    /// Whether it may start.
    pub enabled: bool,
    /// When it was made.
    pub created_at: String,
}

/// Where records come from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A profile.
    pub profile: String,
    /// One of its connector's triggers.
    pub trigger: String,
}

/// What is done to each record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// A jq program from one record to one input of the action. It runs in the sandbox.
    pub jq: String,
}

/// Where records go.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// A profile.
    pub profile: String,
    /// One of its connector's actions.
    pub action: String,
}

/// When a flow runs by itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// From the start of one run to the start of the next; at least 1,000.
    #[schema(minimum = 1_000)]
    pub every_ms: u64,
}

/// How records are delivered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Records handed over in one call; 1 to 500.
    #[schema(minimum = 1, maximum = 500)]
    pub batch: u32,
    /// How often and how patiently.
    pub retry: Retry,
    /// What becomes of a record that is not as its connector declares it.
    pub drift: OnDrift,
}

/// How often and how patiently a record is tried again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Attempts in all; 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    pub attempts_max: u32,
    /// The bound of the first wait; it doubles.
    pub base_ms: u64,
    /// The bound of every wait.
    pub cap_ms: u64,
    /// How much waiting a remote may ask for, in sum.
    pub wait_max_ms: u64,
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

impl TryFrom<NewFlow> for lockgate::NewFlow {
    type Error = Problem;

    fn try_from(new: NewFlow) -> Result<Self, Problem> {
        Ok(Self {
            name: new.name.parse()?,
            source: rows::Source { profile: new.source.profile.parse()?, trigger: new.source.trigger },
            mapping: new.mapping.map(|mapping| rows::Mapping { jq: mapping.jq }),
            destination: rows::Destination {
                profile: new.destination.profile.parse()?,
                action: new.destination.action,
            },
            schedule: new.schedule.map(|schedule| rows::Schedule { every_ms: schedule.every_ms }),
            delivery: new.delivery.into(),
        })
    }
}

impl From<rows::Flow> for Flow {
    fn from(row: rows::Flow) -> Self {
        Self {
            name: row.name.to_string(),
            source: Source { profile: row.source.profile.to_string(), trigger: row.source.trigger },
            mapping: row.mapping.map(|mapping| Mapping { jq: mapping.jq }),
            destination: Destination {
                profile: row.destination.profile.to_string(),
                action: row.destination.action,
            },
            schedule: row.schedule.map(|schedule| Schedule { every_ms: schedule.every_ms }),
            delivery: row.delivery.into(),
            enabled: row.enabled,
            created_at: row.created_at.to_string(),
        }
    }
}

impl From<rows::DeliveryPolicy> for Delivery {
    fn from(policy: rows::DeliveryPolicy) -> Self {
        Self { batch: policy.batch, retry: policy.retry.into(), drift: policy.drift.into() }
    }
}

impl From<Delivery> for rows::DeliveryPolicy {
    fn from(delivery: Delivery) -> Self {
        let drift = match delivery.drift {
            OnDrift::Park => rows::OnDrift::Park,
            OnDrift::Report => rows::OnDrift::Report,
        };
        Self { batch: delivery.batch, retry: delivery.retry.into(), drift }
    }
}

impl From<RetryPolicy> for Retry {
    fn from(policy: RetryPolicy) -> Self {
        let RetryPolicy { attempts_max, base_ms, cap_ms, wait_max_ms } = policy;
        Self { attempts_max, base_ms, cap_ms, wait_max_ms }
    }
}

impl From<Retry> for RetryPolicy {
    fn from(retry: Retry) -> Self {
        let Retry { attempts_max, base_ms, cap_ms, wait_max_ms } = retry;
        Self { attempts_max, base_ms, cap_ms, wait_max_ms }
    }
}
