//! Where a record is.

use lockgate::{Where, Whereabouts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Attempt, DeadLetterState};

/// What a search by key has found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FoundRecords {
    /// By flow and key.
    pub items: Vec<FoundRecord>,
    /// There may be more than one search finds.
    pub more: bool,
}

/// One record of one flow.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FoundRecord {
    /// The flow that read it.
    pub flow: String,
    /// Identifies it in its source.
    pub key: String,
    /// When the flow took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<String>,
    /// The run that had it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Under which the destination knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Where it is now.
    pub place: RecordPlace,
    /// Every attempt that is still known, oldest first.
    pub attempts: Vec<Attempt>,
    /// How often it was tried.
    pub attempts_made: u32,
}

/// Where a record is now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordPlace {
    /// On its way.
    Waiting {
        /// Its next attempt is not before this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<String>,
    },
    /// The destination has it.
    Delivered {
        /// When.
        at: String,
        /// What the remote answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// The mapping dropped it.
    Skipped {
        /// When.
        at: String,
    },
    /// It gave up.
    DeadLetter {
        /// When.
        at: String,
        /// Which dead letter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Where that stands; absent where its time was over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<DeadLetterState>,
    },
}

impl From<Whereabouts> for FoundRecord {
    fn from(found: Whereabouts) -> Self {
        let place = match found.place {
            Where::Waiting { next_at } => RecordPlace::Waiting { next_at: next_at.map(|at| at.to_string()) },
            Where::Delivered { at, status } => RecordPlace::Delivered { at: at.to_string(), status },
            Where::Skipped { at } => RecordPlace::Skipped { at: at.to_string() },
            Where::DeadLetter { at, id, state } => RecordPlace::DeadLetter {
                at: at.to_string(),
                id: id.map(Into::into),
                state: state.map(Into::into),
            },
        };
        Self {
            flow: found.flow.to_string(),
            key: found.key.to_string(),
            accepted_at: found.accepted_at.map(|at| at.to_string()),
            run: found.run.map(Into::into),
            idempotency_key: found.idempotency_key,
            place,
            attempts: found.attempts.into_iter().map(Into::into).collect(),
            attempts_made: found.attempts_made,
        }
    }
}
