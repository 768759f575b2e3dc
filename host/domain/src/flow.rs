//! The definition of a flow: exactly one source profile, an optional mapping, exactly one destination profile.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlowName, ProfileName, RecordKey, RunId};
use crate::injected::Timestamp;
use crate::retry::RetryPolicy;
use crate::run::{Attempt, Failure};
use crate::schedule::Schedule;

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
    /// Counts the definitions that it has had. A run stays with the one that it began with.
    #[serde(default = "first_version")]
    pub version: u64,
    /// When this version was made; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

fn first_version() -> u64 {
    1
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

/// How records leave the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryPolicy {
    /// Records handed to the destination in one call.
    pub batch: u32,
    pub retry: RetryPolicy,
    /// What becomes of a record that is not as its connector declares it.
    pub drift: OnDrift,
    pub order: Order,
    /// Where in a record its order key stands, as a JSON pointer; the record's own key unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_key: Option<String>,
    /// Batches of one run that may be on their way at the same time.
    pub parallel: u32,
    pub on_spent: OnSpent,
    /// How long a run may take from its start; as long as it needs unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    pub on_deadline: OnDeadline,
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
        Self {
            batch: 25,
            retry: RetryPolicy::default(),
            order: Order::None,
            order_key: None,
            parallel: 1,
            on_spent: OnSpent::Bury,
            deadline_ms: None,
            on_deadline: OnDeadline::Keep,
            drift: OnDrift::Park,
        }
    }
}

/// Which records wait for which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// None for another: a record that fails holds back nobody.
    #[default]
    None,
    /// A record waits until the earlier ones with its order key have met their fate.
    PerKey,
    /// Every record waits for all earlier ones: one at a time.
    Strict,
}

/// What happens to a record that has no attempt left, or that none can help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSpent {
    /// It becomes a dead letter, and the flow goes on.
    #[default]
    Bury,
    /// It stays where it is, and the flow stops until somebody resumes it.
    Pause,
}

/// What happens to the records that a run has not delivered by its deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadline {
    /// They wait for the next run.
    #[default]
    Keep,
    /// They become dead letters.
    Bury,
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
    /// When its schedule starts it next; none where nobody has worked that out yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// It stands still at this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
}

/// Why a flow stands still, and at which record. It goes on with the same record, under the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paused {
    pub at: Timestamp,
    pub run: RunId,
    /// Its place in the outbox.
    pub seq: u64,
    pub key: RecordKey,
    pub reason: Failure,
}

/// A record on its way: accepted, not yet delivered. It leaves by delivery, by the mapping's choice or as a dead letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Its place in the flow's order.
    pub seq: u64,
    pub run: RunId,
    pub key: RecordKey,
    /// The same on every attempt, replays included.
    pub idempotency_key: String,
    /// As the source gave it, before the mapping.
    pub body: Value,
    pub accepted_at: Timestamp,
    pub attempts: Vec<Attempt>,
    /// How many of these, the first ones, count no more: somebody has resumed the flow since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forgiven: u32,
    /// Not before.
    pub next_at: Timestamp,
    /// The dead letter that this is a replay of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<crate::ids::DeadLetterId>,
}

impl Parcel {
    /// The attempts that use up its patience.
    pub fn counted(&self) -> &[Attempt] {
        let forgiven = usize::try_from(self.forgiven).unwrap_or(usize::MAX).min(self.attempts.len());
        self.attempts.get(forgiven..).unwrap_or_default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Parcel {
    /// Whether its next attempt may begin. A clock that was set back since the parcel was written does not hold it until
    /// that moment comes again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let written_at = self.attempts.last().map_or(self.accepted_at, |attempt| attempt.at);
        self.next_at <= now || written_at > now
    }
}

/// What became of a record that a flow has seen: it is never taken twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Seen {
    /// In the outbox or on its way.
    Accepted {
        at: Timestamp,
        /// The run that read it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<crate::ids::RunId>,
        /// Its place in the outbox.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    Delivered {
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trail: Option<Trail>,
    },
    /// The mapping dropped it.
    Skipped {
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trail: Option<Trail>,
    },
    Buried {
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trail: Option<Trail>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        letter: Option<crate::ids::DeadLetterId>,
    },
}

/// The way of a record that has come to its end, so that one look says where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    pub accepted_at: Timestamp,
    /// The run that ended it.
    pub run: crate::ids::RunId,
    pub idempotency_key: String,
    pub attempts: u32,
    /// What the remote answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}
