//! How a profile fares over time: the changes of its status, and how its credential ages.

use domain::Timestamp;
use domain::profile as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CredentialAge, Status, StatusReason};

/// One change of a profile's status.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StatusChange {
    /// When.
    pub at: String,
    /// What it was.
    pub old: Status,
    /// What it became.
    pub new: Status,
    /// Why it is not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StatusReason>,
}

/// The life of a stored credential.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialLife {
    /// Counts how often it was replaced.
    pub version: u64,
    /// When it was set.
    pub created_at: String,
    /// When the remote will stop to take it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When somebody is told that it will end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_at: Option<String>,
    /// When it is due to be replaced.
    pub rotate_at: String,
    /// Whether it is due to be replaced.
    pub age: CredentialAge,
}

impl From<&rows::StatusChange> for StatusChange {
    fn from(change: &rows::StatusChange) -> Self {
        let rows::StatusChange { at, old, new, reason } = *change;
        Self { at: at.to_string(), old: old.into(), new: new.into(), reason: reason.map(Into::into) }
    }
}

impl CredentialLife {
    pub(crate) fn of(row: &rows::Profile, now: Timestamp) -> Option<Self> {
        let life = row.credential.life.as_ref().filter(|_| row.credential_set)?;
        Some(Self {
            version: row.credential.version,
            created_at: life.created_at.to_string(),
            expires_at: life.expires_at.map(|at| at.to_string()),
            warn_at: life.warn_at().map(|at| at.to_string()),
            rotate_at: life.rotate_at().to_string(),
            age: life.age(now).into(),
        })
    }
}
