//! How far what comes differs from what the connector declared: drift, which a remote causes and nobody announces.
//!
//! What the declared schema did not foresee but tolerates, a new member, is additive: it is reported. What contradicts
//! the schema, a member that is gone, another type, a value outside the list, is breaking: a flow that went on as if
//! nothing had happened would carry wrong records further.

mod declared;
mod ledger;

use serde::{Deserialize, Serialize};

pub use declared::Declared;
pub(crate) use declared::kind_of;
pub use ledger::{DRIFTS_MAX, Drift, Drifted, Offer};

/// What a difference means for whoever relies on the declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// There is something more. Nothing that relied on the declaration is wrong.
    Additive,
    /// Something is not as declared.
    Breaking,
}

/// One way in which a value is not as declared. It carries no part of the value: that may be personal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub severity: Severity,
    /// A JSON pointer; each index of an array is written as `*`, so that one change in a list is one difference.
    pub place: String,
    /// What was declared, and what came instead, in one line.
    pub what: String,
}

/// The breaking ones among them, as one line a difference.
pub fn breaking(differences: &[Difference]) -> Option<String> {
    let lines: Vec<String> = differences
        .iter()
        .filter(|difference| difference.severity == Severity::Breaking)
        .map(ToString::to_string)
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}
