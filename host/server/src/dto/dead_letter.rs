//! Dead letters: records that gave up, with a way back.

use domain::dead_letter as rows;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Attempt, ConnectorRef, Failure};

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
    /// The profile that it came from.
    pub source: String,
    /// The profile that it was going to.
    pub destination: String,
    /// The connector that refused it.
    pub connector: ConnectorRef,
    /// Identifies the record in its source.
    pub key: String,
    /// The record as its source gave it.
    pub body: Value,
    /// Why it gave up.
    pub cause: Failure,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// A replay uses it again.
    pub idempotency_key: String,
    /// Follows it through host, connector and remote.
    pub correlation: String,
    /// Where it stands.
    pub state: DeadLetterState,
    /// How often it was sent on its way again; a bound holds.
    pub replays: u32,
    /// When it gave up.
    pub buried_at: String,
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
    },
    /// A replay delivered it.
    Resolved {
        /// The run that delivered it.
        run: String,
        /// When.
        at: String,
    },
}

impl DeadLetterState {
    /// The word alone.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Replaying { .. } => "replaying",
            Self::Resolved { .. } => "resolved",
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
        }
    }
}

impl From<rows::DeadLetter> for DeadLetter {
    fn from(row: rows::DeadLetter) -> Self {
        Self {
            id: row.id.to_string(),
            flow: row.flow.to_string(),
            run: row.run.to_string(),
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

impl From<rows::DeadLetterState> for DeadLetterState {
    fn from(state: rows::DeadLetterState) -> Self {
        match state {
            rows::DeadLetterState::Parked => Self::Parked,
            rows::DeadLetterState::Replaying { run } => Self::Replaying { run: run.to_string() },
            rows::DeadLetterState::Resolved { run, at } => {
                Self::Resolved { run: run.to_string(), at: at.to_string() }
            }
        }
    }
}
