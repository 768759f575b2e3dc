//! Replays: one dead letter, or many at a pace.

use domain::replay_job as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeadLetterSummary, JobState, Run};

/// The run that carries a dead letter.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// What whoever sent it should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Which parked dead letters to send, and how fast.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewReplay {
    /// Of this flow only.
    pub flow: Option<String>,
    /// With this code of failure only.
    pub code: Option<String>,
    /// For which these have to act only: guest, host, remote or operator.
    pub blame: Option<String>,
    /// That failed last at this time or later, as 2026-11-22T08:30:00Z.
    pub since: Option<String>,
    /// That failed last before this time.
    pub until: Option<String>,
    /// Of this record only.
    pub key: Option<String>,
    /// Only say how many there are, and which come first.
    pub dry_run: bool,
    /// Letters in a second; 1 to 100, 10 unless given.
    pub per_second: Option<u32>,
    /// Under new idempotency keys: the remote takes each for another record.
    pub as_new: bool,
}

/// What a replay of many would send, or the work that sends it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplayPlan {
    /// How many letters.
    pub count: u64,
    /// There are so many dead letters that not all were looked at.
    pub more: bool,
    /// The first of them, oldest first.
    pub first: Vec<DeadLetterSummary>,
    /// The work; absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<ReplayJob>,
}

/// A replay of many dead letters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplayJob {
    /// Sorts by time.
    pub id: String,
    /// Where it stands.
    pub state: JobState,
    /// Of this flow only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Letters in a second.
    pub per_second: u32,
    /// Under new idempotency keys.
    pub as_new: bool,
    /// Who started it, as the audit trail names them.
    pub by: String,
    /// Letters that it has sent.
    pub replayed: u64,
    /// Letters whose replay was refused.
    pub refused: u64,
    /// Why the last of these was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refusal: Option<String>,
    /// When it was started.
    pub created_at: String,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

impl From<rows::ReplayJob> for ReplayJob {
    fn from(job: rows::ReplayJob) -> Self {
        Self {
            id: job.id.to_string(),
            state: job.state.into(),
            flow: job.filter.flow.map(Into::into),
            per_second: job.per_second,
            as_new: job.as_new,
            by: job.by,
            replayed: job.replayed,
            refused: job.refused,
            last_refusal: job.last_refusal,
            created_at: job.created_at.to_string(),
            ended_at: job.ended_at.map(|at| at.to_string()),
        }
    }
}
