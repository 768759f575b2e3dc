//! The definition of a flow: exactly one source profile, an optional mapping, exactly one destination profile.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlowName, ProfileName};
use crate::injected::Timestamp;
use crate::retry::RetryPolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    pub name: FlowName,
    pub source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    pub destination: Destination,
    /// Runs by itself as well as on demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(default)]
    pub delivery: DeliveryPolicy,
    pub enabled: bool,
    pub created_at: Timestamp,
}

/// Where records come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub profile: ProfileName,
    /// One of the connector's triggers.
    pub trigger: String,
}

/// What is done to each record: a jq program, run in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub jq: String,
}

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    pub profile: ProfileName,
    /// One of the connector's actions.
    pub action: String,
}

/// When a flow runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Milliseconds from the start of one run to the start of the next; at least 1,000.
    pub every_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryPolicy {
    /// Records handed to the destination in one call.
    pub batch: u32,
    pub retry: RetryPolicy,
    /// What becomes of a record that is not as its connector declares it.
    pub drift: OnDrift,
}

/// What becomes of a record that breaks its declaration. Either way the difference is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDrift {
    /// It is parked as a dead letter, before the mapping sees it.
    #[default]
    Park,
    /// It goes on as if it were as declared.
    Report,
}

impl Default for DeliveryPolicy {
    fn default() -> Self {
        Self { batch: 25, retry: RetryPolicy::default(), drift: OnDrift::Park }
    }
}

/// Where a flow stands between runs. Written together with the records that the cursor has passed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowState {
    /// The source's own cursor; none before the first page.
    pub cursor: Option<Value>,
    /// The number of the next record taken.
    pub next_seq: u64,
    pub last_run_at: Option<Timestamp>,
}

/// A record on its way: accepted, not yet delivered. It leaves by delivery, by the mapping's choice or as a dead letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Its place in the flow's order.
    pub seq: u64,
    pub run: crate::ids::RunId,
    pub key: crate::ids::RecordKey,
    /// The same on every attempt, replays included.
    pub idempotency_key: String,
    /// As the source gave it, before the mapping.
    pub body: Value,
    pub accepted_at: Timestamp,
    pub attempts: Vec<crate::run::Attempt>,
    /// Not before.
    pub next_at: Timestamp,
    /// The dead letter that this is a replay of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<crate::ids::DeadLetterId>,
}

/// What became of a record that a flow has seen: it is never taken twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Seen {
    /// In the outbox or on its way.
    Accepted {
        at: Timestamp,
    },
    Delivered {
        at: Timestamp,
    },
    /// The mapping dropped it.
    Skipped {
        at: Timestamp,
    },
    Buried {
        at: Timestamp,
    },
}
