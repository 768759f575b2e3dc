//! A record that gave up, with its cause, its attempts and a way back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::blame::Blame;
use crate::connector::ConnectorRef;
use crate::exchange::Exchange;
use crate::hook::InboxEvent;
use crate::ids::{CorrelationId, DeadLetterId, Digest, FlowName, ProfileName, RecordKey, RunId};
use crate::injected::Timestamp;
use crate::run::{Attempt, Failure};
use crate::trace::TraceState;

/// A day: remotes that recognise an idempotency key mostly forget it after that.
pub const KEY_AGE_MS_MAX: u64 = 86_400_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub flow: FlowName,
    pub run: RunId,
    /// The version of the flow that the run followed; none in rows of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_version: Option<u64>,
    /// Where it was refused.
    #[serde(default)]
    pub step: Step,
    pub source: ProfileName,
    pub destination: ProfileName,
    /// The connector that refused it.
    pub connector: ConnectorRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    pub key: RecordKey,
    /// The record as the source gave it, not half transformed.
    pub body: Value,
    /// What a person put in its place; the original stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
    /// What the mapping made of it for the last attempt; none without a mapping, or where it is too large to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<Value>,
    /// The last request that was sent for it, redacted, with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    pub cause: Failure,
    pub attempts: Vec<Attempt>,
    /// A replay uses it again.
    pub idempotency_key: String,
    /// What replays as a new record have replaced, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_keys: Vec<String>,
    /// When the remote may have seen the key first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_since: Option<Timestamp>,
    pub correlation: CorrelationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_state: Option<TraceState>,
    pub buried_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failed_at: Option<Timestamp>,
    /// How often the record has come here with this class of failure.
    #[serde(default = "once")]
    pub times: u64,
    pub state: DeadLetterState,
    /// How often it was sent on its way again.
    #[serde(default)]
    pub replays: u32,
    /// What a system sent and the connector could not read, as it arrived; `body` then says only which event it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<InboxEvent>>,
    /// In a person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Removed after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

const fn once() -> u64 {
    1
}

/// Where on its way a record was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// As the source gave it, it is not what that declares.
    Record,
    /// In the mapping.
    Mapping,
    /// Mapped, it is not what the destination's action takes.
    Input,
    /// At the destination.
    #[default]
    Delivery,
}

/// A body that a person wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    pub body: Value,
    pub at: Timestamp,
    /// As the audit trail names them.
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeadLetterState {
    Parked,
    /// On its way again.
    Replaying {
        run: RunId,
        /// Who sent it, as the audit trail names them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A replay delivered it.
    Resolved {
        run: RunId,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A person decided that it is not to be delivered.
    Discarded {
        at: Timestamp,
        by: String,
        reason: String,
    },
}

/// Which dead letters; an empty one means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LetterFilter {
    pub flow: Option<FlowName>,
    /// The code of the cause.
    pub code: Option<String>,
    pub blame: Option<Blame>,
    pub state: Option<StateName>,
    /// Failed last at this time or later.
    pub since: Option<Timestamp>,
    /// Failed last before this time.
    pub until: Option<Timestamp>,
    pub key: Option<RecordKey>,
}

/// A state without what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    Parked,
    Replaying,
    Resolved,
    Discarded,
}

impl DeadLetterState {
    pub fn name(&self) -> StateName {
        match self {
            Self::Parked => StateName::Parked,
            Self::Replaying { .. } => StateName::Replaying,
            Self::Resolved { .. } => StateName::Resolved,
            Self::Discarded { .. } => StateName::Discarded,
        }
    }
}

impl DeadLetter {
    /// What a replay delivers.
    pub fn sent_body(&self) -> &Value {
        self.edited.as_ref().map_or(&self.body, |edited| &edited.body)
    }

    pub fn failed_last_at(&self) -> Timestamp {
        self.last_failed_at.unwrap_or(self.buried_at)
    }

    /// Whether the remote may have forgotten the key, so that a repetition is no longer recognised.
    pub fn key_is_old(&self, now: Timestamp) -> bool {
        now.ms_since(self.key_since.unwrap_or(self.buried_at)) > KEY_AGE_MS_MAX
    }
}

impl LetterFilter {
    pub fn matches(&self, letter: &DeadLetter) -> bool {
        self.flow.as_ref().is_none_or(|flow| letter.flow == *flow)
            && self.code.as_ref().is_none_or(|code| letter.cause.code == *code)
            && self.blame.is_none_or(|blame| letter.cause.blame == blame)
            && self.state.is_none_or(|state| letter.state.name() == state)
            && self.since.is_none_or(|since| letter.failed_last_at() >= since)
            && self.until.is_none_or(|until| letter.failed_last_at() < until)
            && self.key.as_ref().is_none_or(|key| letter.key == *key)
    }
}
