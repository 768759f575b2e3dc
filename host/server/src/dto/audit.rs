//! Entries of the audit trail, and what verifying it came to.

use domain::audit as rows;
use lockgate::Verdict;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AuditWrong;

/// One thing that happened. It names fields and never has a value.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub at: String,
    /// `token:ID`, `library`, `schedule` or `host`.
    pub actor: String,
    /// What happened, as `profile.granted`.
    pub verb: String,
    /// To what.
    pub subject: AuditSubject,
    /// The names of the fields that it changed.
    pub changed: Vec<String>,
    /// `completed`, or the code of the failure.
    pub outcome: String,
    /// The digest of the entry before; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Keyed, over everything above.
    pub digest: String,
}

/// To what something happened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditSubject {
    /// As `profile`.
    pub noun: String,
    /// Its name or its id.
    pub name: String,
}

/// What reading a whole chain came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditVerdict {
    /// `tenant:NAME` or `host`.
    pub chain: String,
    /// Whether every entry is as it was written.
    pub whole: bool,
    /// Where a whole chain ends, as NUMBER:DIGEST: worth noting elsewhere. Absent where nothing has happened yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// What is wrong, where it is not whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<AuditBreak>,
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditBreak {
    /// Its number.
    pub number: u64,
    /// What is wrong with it.
    pub wrong: AuditWrong,
    /// For people.
    pub message: String,
}

// === impl ===

impl From<rows::Entry> for AuditEntry {
    fn from(entry: rows::Entry) -> Self {
        Self {
            number: entry.number,
            at: entry.at.to_string(),
            actor: entry.actor,
            verb: entry.verb,
            subject: AuditSubject { noun: entry.subject.noun, name: entry.subject.name },
            changed: entry.changed,
            outcome: entry.outcome,
            previous: entry.previous.map(Into::into),
            digest: entry.digest.into(),
        }
    }
}

impl AuditVerdict {
    /// As the API says it.
    pub fn of(chain: &rows::Chain, verdict: Verdict) -> Self {
        let chain = chain.to_string();
        match verdict {
            Verdict::Whole(head) => {
                Self { chain, whole: true, head: head.map(|head| head.to_string()), broken: None }
            }
            Verdict::Broken(broken) => {
                let message = broken.to_string();
                let broken = AuditBreak { number: broken.number, wrong: broken.wrong.into(), message };
                Self { chain, whole: false, head: None, broken: Some(broken) }
            }
        }
    }
}
