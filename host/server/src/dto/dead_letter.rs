//! Dead letters: records that gave up, with a way back.

use domain::Timestamp;
use domain::dead_letter as rows;
use domain::hook::{InboxEvent, Raw};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Attempt, ConnectorRef, Exchange, Failure, Step};

/// A dead letter in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterSummary {
    /// Sorts by time.
    pub id: String,
    /// The flow.
    pub flow: String,
    /// The run that gave up.
    pub run: String,
    /// Identifies the record in its source.
    pub key: String,
    /// Why it gave up.
    pub cause: Failure,
    /// How often it was tried.
    pub attempts: usize,
    /// Where it stands.
    pub state: DeadLetterState,
    /// When it gave up.
    pub buried_at: String,
    /// When it failed last.
    pub last_failed_at: String,
    /// How often it has come here with this class of failure.
    pub times: u64,
    /// Removed after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// A record that gave up.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// Sorts by time.
    pub id: String,
    /// The flow.
    pub flow: String,
    /// The run that gave up.
    pub run: String,
    /// The version of the flow that the run followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_version: Option<u64>,
    /// The profile that it came from.
    pub source: String,
    /// The profile that it was going to.
    pub destination: String,
    /// The connector that refused it.
    pub connector: ConnectorRef,
    /// Identifies the record in its source.
    pub key: String,
    /// The SHA-256 of the component that refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where on its way it was refused.
    pub step: Step,
    /// The record as its source gave it.
    pub body: Value,
    /// What somebody put in its place; a replay sends this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
    /// What the mapping made of it for the last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<Value>,
    /// The last request that was sent for it, without credentials, and its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    /// Why it gave up.
    pub cause: Failure,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// A replay uses it again.
    pub idempotency_key: String,
    /// Whether the remote may have forgotten the key: a replay may then be taken for another record.
    pub key_is_old: bool,
    /// Keys that replays as a new record have replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_keys: Vec<String>,
    /// Follows it through host, connector and remote: the trace id of its `traceparent`.
    pub correlation: String,
    /// Where it stands.
    pub state: DeadLetterState,
    /// How often it was sent on its way again; a bound holds.
    pub replays: u32,
    /// When it gave up first.
    pub buried_at: String,
    /// When it failed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failed_at: Option<String>,
    /// When it failed last.
    pub last_failed_at: String,
    /// How often it has come here with this class of failure.
    pub times: u64,
    /// Removed after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What a system sent and the connector could not read; `body` then says only which event it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<SentEvent>,
}

/// A webhook as it arrived.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SentEvent {
    /// The hook that took it.
    pub hook: String,
    /// The trigger that was to read it.
    pub trigger: String,
    /// The sender's own name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// When it arrived.
    pub received_at: String,
    /// Those that the connector may see; bytes that are no text are replaced.
    pub headers: Vec<(String, String)>,
    /// The body, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body in base64, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// A body that somebody wrote.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Edited {
    /// The body.
    pub body: Value,
    /// When.
    pub at: String,
    /// Who, as the audit trail names them.
    pub by: String,
}

/// Another body for a dead letter.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBody {
    /// The record as its source should have given it: the flow's mapping runs on it.
    pub body: Value,
}

/// Why a dead letter is not to be delivered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDiscard {
    /// Kept with it.
    pub reason: String,
}

/// Where a dead letter stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeadLetterState {
    /// It waits for somebody.
    Parked,
    /// On its way again.
    Replaying {
        /// The run that carries it.
        run: String,
        /// Who sent it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A replay delivered it.
    Resolved {
        /// The run that delivered it.
        run: String,
        /// When.
        at: String,
        /// Who had sent it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// It is not to be delivered.
    Discarded {
        /// When.
        at: String,
        /// Who decided so.
        by: String,
        /// Why.
        reason: String,
    },
}

impl DeadLetterState {
    /// The word alone.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Replaying { .. } => "replaying",
            Self::Resolved { .. } => "resolved",
            Self::Discarded { .. } => "discarded",
        }
    }
}

// === impl ===

impl From<&rows::DeadLetter> for DeadLetterSummary {
    fn from(row: &rows::DeadLetter) -> Self {
        Self {
            id: row.id.to_string(),
            flow: row.flow.to_string(),
            run: row.run.to_string(),
            key: row.key.to_string(),
            cause: row.cause.clone().into(),
            attempts: row.attempts.len(),
            state: row.state.clone().into(),
            buried_at: row.buried_at.to_string(),
            last_failed_at: row.failed_last_at().to_string(),
            times: row.times,
            expires_at: row.expires_at.map(|at| at.to_string()),
        }
    }
}

impl DeadLetter {
    /// As it is at this moment.
    pub(crate) fn of(row: rows::DeadLetter, now: Timestamp) -> Self {
        let edited = row.edited.clone().map(|edited| Edited {
            body: edited.body,
            at: edited.at.to_string(),
            by: edited.by,
        });
        Self {
            digest: row.digest.clone().map(|digest| digest.to_string()),
            step: row.step.into(),
            edited,
            mapped: row.mapped.clone(),
            exchange: row.exchange.clone().map(Exchange::from),
            key_is_old: row.key_is_old(now),
            former_keys: row.former_keys.clone(),
            first_failed_at: row.first_failed_at.map(|at| at.to_string()),
            last_failed_at: row.failed_last_at().to_string(),
            times: row.times,
            expires_at: row.expires_at.map(|at| at.to_string()),
            id: row.id.to_string(),
            flow: row.flow.to_string(),
            run: row.run.to_string(),
            flow_version: row.flow_version,
            event: row.event.map(|event| SentEvent::from(*event)),
            source: row.source.to_string(),
            destination: row.destination.to_string(),
            connector: row.connector.into(),
            key: row.key.to_string(),
            body: row.body,
            cause: row.cause.into(),
            attempts: row.attempts.into_iter().map(Into::into).collect(),
            idempotency_key: row.idempotency_key,
            correlation: row.correlation.to_string(),
            state: row.state.into(),
            replays: row.replays,
            buried_at: row.buried_at.to_string(),
        }
    }
}

impl From<InboxEvent> for SentEvent {
    fn from(event: InboxEvent) -> Self {
        let InboxEvent { hook, trigger, event_id, received_at, headers, body, .. } = event;
        let (text, base64) = match String::from_utf8(body.0) {
            Ok(text) => (Some(text), None),
            Err(bytes) => (None, Some(Raw(bytes.into_bytes()).into())),
        };
        let shown = |(name, value): (String, Raw)| (name, String::from_utf8_lossy(&value.0).into_owned());
        Self {
            hook: hook.to_string(),
            trigger,
            event_id,
            received_at: received_at.to_string(),
            headers: headers.into_iter().map(shown).collect(),
            text,
            base64,
        }
    }
}

impl From<rows::DeadLetterState> for DeadLetterState {
    fn from(state: rows::DeadLetterState) -> Self {
        match state {
            rows::DeadLetterState::Parked => Self::Parked,
            rows::DeadLetterState::Replaying { run, by } => Self::Replaying { run: run.to_string(), by },
            rows::DeadLetterState::Resolved { run, at, by } => {
                Self::Resolved { run: run.to_string(), at: at.to_string(), by }
            }
            rows::DeadLetterState::Discarded { at, by, reason } => {
                Self::Discarded { at: at.to_string(), by, reason }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &[u8]) -> SentEvent {
        let event = serde_json::json!({
            "id": "01KAWB6W3M2Q0R5T7V9X1Z3B5D", "hook": "5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c", "trigger": "deals",
            "event_id": "evt_1", "headers": [["x-topic", "ZGVhbA=="]], "body": String::from(Raw(body.to_vec())),
            "received_at": "2026-11-22T08:30:00.000Z", "correlation": "0af7651916cd43dd8448eb211c80319c",
            "next_at": "2026-11-22T08:30:00.000Z",
        });
        serde_json::from_value::<InboxEvent>(event).unwrap().into()
    }

    #[test]
    fn an_event_is_shown_as_text_where_it_is_text_and_in_base64_where_it_is_not() {
        let text = sent(b"{\"id\": ");
        assert_eq!((text.text.as_deref(), text.base64), (Some("{\"id\": "), None));
        assert_eq!(text.headers, [("x-topic".to_owned(), "deal".to_owned())]);
        let bytes = sent(&[0xff, 0]);
        assert_eq!((bytes.text, bytes.base64.as_deref()), (None, Some("/wA=")));
    }
}
