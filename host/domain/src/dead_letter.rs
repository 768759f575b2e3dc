//! A record that gave up, with its cause, its attempts and a way back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connector::ConnectorRef;
use crate::hook::InboxEvent;
use crate::ids::{CorrelationId, DeadLetterId, FlowName, ProfileName, RecordKey, RunId};
use crate::injected::Timestamp;
use crate::run::{Attempt, Failure};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub flow: FlowName,
    pub run: RunId,
    pub source: ProfileName,
    pub destination: ProfileName,
    /// The connector that refused it.
    pub connector: ConnectorRef,
    pub key: RecordKey,
    /// The record as the source gave it, not half transformed.
    pub body: Value,
    pub cause: Failure,
    pub attempts: Vec<Attempt>,
    /// A replay uses it again.
    pub idempotency_key: String,
    pub correlation: CorrelationId,
    pub buried_at: Timestamp,
    pub state: DeadLetterState,
    /// How often it was sent on its way again.
    #[serde(default)]
    pub replays: u32,
    /// What a system sent and the connector could not read, as it arrived; `body` then says only which event it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<InboxEvent>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeadLetterState {
    Parked,
    /// On its way again.
    Replaying {
        run: RunId,
    },
    /// A replay delivered it.
    Resolved {
        run: RunId,
        at: Timestamp,
    },
}
