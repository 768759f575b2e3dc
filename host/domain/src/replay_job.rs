//! Many replays as one piece of work: durable, paced, and ended by a word.

use serde::{Deserialize, Serialize};

use crate::dead_letter::LetterFilter;
use crate::ids::{DeadLetterId, ReplayJobId};
use crate::injected::Timestamp;

/// A faster one would be a flood of its own.
pub const PER_SECOND_MAX: u32 = 100;

/// Sends parked dead letters on their way again, oldest first, up to the newest that there was when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayJob {
    pub id: ReplayJobId,
    pub filter: LetterFilter,
    pub per_second: u32,
    /// Under new idempotency keys.
    pub as_new: bool,
    /// As the audit trail names them; each replay is theirs.
    pub by: String,
    pub created_at: Timestamp,
    /// When letters were sent last, which is what the pace is counted from.
    pub stepped_at: Timestamp,
    /// The last letter that has been looked at.
    pub after: Option<DeadLetterId>,
    /// The newest letter that there was: what a replay brings back is not sent again.
    pub until: DeadLetterId,
    pub replayed: u64,
    /// Letters whose replay was refused.
    pub refused: u64,
    pub state: JobState,
    pub ended_at: Option<Timestamp>,
    /// Why the last refused one was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refusal: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Running,
    Done,
    Cancelled,
}

impl ReplayJob {
    /// How many letters may go now. A pause, however long, is never made up for by a burst.
    pub fn may_send(&self, now: Timestamp) -> u64 {
        // A last step that lies ahead was written by a clock that has been set back since.
        let passed_ms = if self.stepped_at > now { 1_000 } else { now.ms_since(self.stepped_at).min(1_000) };
        u64::from(self.per_second).saturating_mul(passed_ms) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_holds_also_after_a_pause_and_a_clock_that_went_back() {
        let at = Timestamp::from_ms;
        let job = |per_second| ReplayJob {
            id: "01KAWXYZ0123456789ABCDEFGH".parse().unwrap(),
            filter: LetterFilter::default(),
            per_second,
            as_new: false,
            by: "library".to_owned(),
            created_at: at(0),
            stepped_at: at(10_000),
            after: None,
            until: "01KAWXYZ0123456789ABCDEFGH".parse().unwrap(),
            replayed: 0,
            refused: 0,
            state: JobState::Running,
            ended_at: None,
            last_refusal: None,
        };
        for (per_second, now, expected) in [
            (10, 10_000, 0),
            (10, 10_099, 0),
            (10, 10_100, 1),
            (10, 11_000, 10),
            (10, 99_000, 10),
            (10, 5_000, 10),
        ] {
            assert_eq!(job(per_second).may_send(at(now)), expected, "{now}");
        }
        assert_eq!((job(1).may_send(at(10_999)), job(1).may_send(at(11_000))), (0, 1));
    }
}
