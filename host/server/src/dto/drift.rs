//! Drift: what differs from what a connector declares.

use domain::drift as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ConnectorRef;
use super::words::Severity;

/// What came from a profile's remote otherwise than its connector declares it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Drift {
    /// Whose declaration it is.
    pub connector: ConnectorRef,
    /// What breaks the declaration comes first.
    pub differences: Vec<Drifted>,
    /// Further ones, for which there was no place.
    pub more: u64,
}

/// One difference, as often as it was met.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Drifted {
    /// `trigger NAME` for records, `action NAME` for outputs.
    pub of: String,
    /// Whether anything that relied on the declaration is wrong.
    pub severity: Severity,
    /// A JSON pointer; `*` stands for each item of a list.
    pub place: String,
    /// What was declared, and what came.
    pub what: String,
    /// How often.
    pub count: u64,
    /// When first.
    pub first_at: String,
    /// When last.
    pub last_at: String,
    /// The key of a record in which it was met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

impl From<rows::Drift> for Drift {
    fn from(mut row: rows::Drift) -> Self {
        row.drifted.sort_by(|one, other| other.difference.cmp(&one.difference));
        Self {
            connector: row.connector.into(),
            differences: row.drifted.into_iter().map(Into::into).collect(),
            more: row.more,
        }
    }
}

impl From<rows::Drifted> for Drifted {
    fn from(row: rows::Drifted) -> Self {
        let of = match row.of {
            rows::Offer::Trigger(name) => format!("trigger {name}"),
            rows::Offer::Action(name) => format!("action {name}"),
        };
        Self {
            of,
            severity: row.difference.severity.into(),
            place: row.difference.place,
            what: row.difference.what,
            count: row.count,
            first_at: row.first_at.to_string(),
            last_at: row.last_at.to_string(),
            example: row.example.map(|key| key.to_string()),
        }
    }
}
