//! How often and how patiently a flow tries again.

use serde::{Deserialize, Serialize};

/// What the host allows a flow to ask for.
const ATTEMPTS_MAX: u32 = 100;
const SCHEDULE_MAX: usize = 30;
const WAIT_MS_MAX: u64 = 7 * 86_400_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// Attempts in all; a wait that the remote asked for does not use one up.
    pub attempts_max: u32,
    pub base_ms: u64,
    pub cap_ms: u64,
    /// The longest that a run is held for a wait that the remote asks for, in sum over a record's attempts. A longer one
    /// suspends the run.
    pub wait_max_ms: u64,
    /// The waits between attempts, one after the other, in place of `attempts_max`, `base_ms` and `cap_ms`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule_ms: Vec<u64>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 5, base_ms: 500, cap_ms: 60_000, wait_max_ms: 900_000, schedule_ms: Vec::new() }
    }
}

/// What has been spent on a record so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Attempts that count, this one included.
    pub attempts: u32,
    /// How often the remote asked this record to wait.
    pub limits: u32,
    /// How long it waited for that, in sum.
    pub waited_ms: u64,
    /// Attempts that did not count because the remote was down for everybody.
    pub outages: u32,
}

/// Why a policy is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    #[error("attempts_max is {0}; from 1 to {ATTEMPTS_MAX}")]
    Attempts(u32),
    #[error("{0} is {1}; at most {WAIT_MS_MAX}, which is seven days")]
    Wait(&'static str, u64),
    #[error("schedule_ms has {0} waits; at most {SCHEDULE_MAX}")]
    Schedule(usize),
}

impl RetryPolicy {
    /// Whether it is one that a host should keep.
    pub fn check(&self) -> Result<(), InvalidPolicy> {
        if !(1..=ATTEMPTS_MAX).contains(&self.attempts_max) {
            return Err(InvalidPolicy::Attempts(self.attempts_max));
        }
        if self.schedule_ms.len() > SCHEDULE_MAX {
            return Err(InvalidPolicy::Schedule(self.schedule_ms.len()));
        }
        let waits = [("base_ms", self.base_ms), ("cap_ms", self.cap_ms), ("wait_max_ms", self.wait_max_ms)];
        let waits = waits.into_iter().chain(self.schedule_ms.iter().map(|wait| ("schedule_ms", *wait)));
        match waits.into_iter().find(|(_, wait)| *wait > WAIT_MS_MAX) {
            Some((name, wait)) => Err(InvalidPolicy::Wait(name, wait)),
            None => Ok(()),
        }
    }

    /// How long to wait for the next attempt; none: they are spent. `chance` is uniform over all 64-bit numbers, and the
    /// same chance gives the same wait.
    ///
    /// Without a schedule it is full jitter: uniform between nothing and a bound that doubles, up to the cap.
    pub fn backoff(&self, attempts: u32, chance: u64) -> Option<u64> {
        let made = attempts.saturating_sub(1);
        if !self.schedule_ms.is_empty() {
            let wait_ms = *self.schedule_ms.get(usize::try_from(made).ok()?)?;
            return Some(never_earlier(wait_ms, chance));
        }
        if attempts >= self.attempts_max {
            return None;
        }
        let bound_ms = self.base_ms.saturating_mul(1 << made.min(62)).min(self.cap_ms);
        Some(scale(chance, bound_ms))
    }
}

/// Later by up to a tenth, so that what waits does not return as one herd; never earlier.
pub(super) fn never_earlier(wait_ms: u64, chance: u64) -> u64 {
    wait_ms.saturating_add(scale(chance, wait_ms / 10))
}

/// A number in `0..=bound`.
fn scale(chance: u64, bound: u64) -> u64 {
    let wide = u128::from(chance) * (u128::from(bound) + 1);
    u64::try_from(wide >> 64).unwrap_or(bound)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_grow_up_to_a_doubling_bound_and_end_with_the_attempts() {
        let policy = RetryPolicy::default();
        let waits = |attempts| policy.backoff(attempts, u64::MAX);
        assert_eq!([waits(1), waits(2), waits(4), waits(5)], [Some(500), Some(1_000), Some(4_000), None]);
        assert_eq!(policy.backoff(1, 0), Some(0));
    }

    #[test]
    fn a_schedule_is_kept_to_wait_by_wait() {
        let policy = RetryPolicy { schedule_ms: vec![5_000, 300_000, 1_800_000], ..RetryPolicy::default() };
        let waits: Vec<_> = (1..=4).map(|attempts| policy.backoff(attempts, 0)).collect();
        assert_eq!(waits, [Some(5_000), Some(300_000), Some(1_800_000), None]);
        assert_eq!(policy.backoff(1, u64::MAX), Some(5_500));
    }

    #[test]
    fn a_policy_without_end_is_not_taken() {
        let good = RetryPolicy::default();
        assert_eq!(good.check(), Ok(()));
        for (bad, why) in [
            (RetryPolicy { attempts_max: 0, ..good.clone() }, InvalidPolicy::Attempts(0)),
            (RetryPolicy { attempts_max: 1_000, ..good.clone() }, InvalidPolicy::Attempts(1_000)),
            (
                RetryPolicy { wait_max_ms: u64::MAX, ..good.clone() },
                InvalidPolicy::Wait("wait_max_ms", u64::MAX),
            ),
            (
                RetryPolicy { schedule_ms: vec![1, u64::MAX], ..good.clone() },
                InvalidPolicy::Wait("schedule_ms", u64::MAX),
            ),
            (RetryPolicy { schedule_ms: vec![1; 31], ..good.clone() }, InvalidPolicy::Schedule(31)),
        ] {
            assert_eq!(bad.check(), Err(why));
        }
    }

    #[test]
    fn a_row_of_an_earlier_build_is_read() {
        let row = r#"{"attempts_max":3,"base_ms":1,"cap_ms":5,"wait_max_ms":1000}"#;
        let policy: RetryPolicy = serde_json::from_str(row).unwrap();
        assert_eq!((policy.attempts_max, policy.schedule_ms), (3, Vec::new()));
    }

    proptest! {
        #[test]
        fn jitter_stays_within_its_bounds(wait_ms in 0..u64::MAX / 2, chance in any::<u64>(), attempts in 1_u32..200) {
            let later = never_earlier(wait_ms, chance);
            prop_assert!(later >= wait_ms && later <= wait_ms + wait_ms / 10);
            let policy = RetryPolicy { attempts_max: u32::MAX, ..RetryPolicy::default() };
            prop_assert!(policy.backoff(attempts, chance).unwrap() <= policy.cap_ms);
        }
    }
}
