//! An event that was taken: durable before its sender is told so, and kept until its records are in an outbox.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ids::{CorrelationId, DeadLetterId, Digest, HookId, InboxId};
use crate::injected::Timestamp;
use crate::run::Attempt;

/// One event, for one flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxEvent {
    /// Sorts by the time and the order in which events were taken.
    pub id: InboxId,
    pub hook: HookId,
    pub trigger: String,
    /// The sender's own name of it.
    pub event_id: Option<String>,
    /// Those that the connector may see.
    pub headers: Vec<(String, Raw)>,
    /// As received.
    pub body: Raw,
    pub received_at: Timestamp,
    /// The trace of the request, or a new one.
    pub correlation: CorrelationId,
    /// Times that the connector failed to read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Not before.
    pub next_at: Timestamp,
    /// The dead letter that this is a replay of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<DeadLetterId>,
}

/// Bytes as received, in base64 where they are written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Raw(pub Vec<u8>);

impl From<Raw> for String {
    fn from(raw: Raw) -> Self {
        STANDARD.encode(raw.0)
    }
}

impl TryFrom<String> for Raw {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, base64::DecodeError> {
        STANDARD.decode(text).map(Self)
    }
}

/// By what an event is known again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(Digest);

impl Mark {
    /// By the sender's own name of the event.
    pub fn of_event_id(id: &str) -> Self {
        Self(Digest::of(&[b"id\0", id.as_bytes()].concat()))
    }

    /// By what it says, and when it was sent if the signature covers that.
    pub fn of_content(body: &[u8], sent_at: Option<Timestamp>) -> Self {
        let at = sent_at.map_or_else(String::new, |at| at.as_ms().to_string());
        Self(Digest::of(&[b"body\0", at.as_bytes(), b"\0", body].concat()))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_bytes_survive_being_written_down() {
        let raw = Raw(vec![0, 255, 10, 13, b'"']);
        let text = serde_json::to_string(&raw).unwrap();
        assert_eq!(serde_json::from_str::<Raw>(&text).unwrap(), raw);
        assert!(serde_json::from_str::<Raw>("\"no base64!\"").is_err());
    }

    #[test]
    fn marks_differ_by_what_they_are_made_of() {
        let at = Timestamp::from_ms(1);
        let marks = [
            Mark::of_event_id("a"),
            Mark::of_event_id("b"),
            Mark::of_content(b"a", None),
            Mark::of_content(b"b", None),
            Mark::of_content(b"a", Some(at)),
            Mark::of_content(b"a", Some(at.plus_ms(1))),
        ];
        assert_eq!(marks.iter().collect::<std::collections::BTreeSet<_>>().len(), marks.len());
        assert_eq!(Mark::of_content(b"a", Some(at)), marks[4]);
    }
}
