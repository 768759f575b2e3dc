//! Whether and when to try again: decided from the class of a failure, never from its text.

use serde::{Deserialize, Serialize};

use crate::call::GuestError;
use crate::denial::Gate;

/// How often and how patiently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// Attempts in all; a wait that the remote asked for does not use one up.
    pub attempts_max: u32,
    pub base_ms: u64,
    pub cap_ms: u64,
    /// The longest that a remote's wish to wait is honoured, in sum over the attempts.
    pub wait_max_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 5, base_ms: 500, cap_ms: 60_000, wait_max_ms: 900_000 }
    }
}

/// What to do with a record after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after so many milliseconds.
    Retry { wait_ms: u64 },
    /// Give up: a dead letter.
    Bury,
}

/// What has been spent on a record so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Attempts that count, this one included.
    pub attempts: u32,
    /// Waits that the remote asked for.
    pub waited_ms: u64,
}

impl RetryPolicy {
    /// Decides after a failed attempt. `chance` is uniform over all 64-bit numbers; the same chance decides the same.
    pub fn after(&self, error: &GuestError, spent: Spent, chance: u64) -> Decision {
        match error {
            GuestError::Invalid(_)
            | GuestError::NotFound(_)
            | GuestError::Conflict(_)
            | GuestError::Permanent(_)
            | GuestError::AuthRequired(_)
            | GuestError::Ambiguous(_) => Decision::Bury,
            GuestError::RateLimited { wait_ms: Some(asked_ms) } => {
                let left_ms = self.wait_max_ms.saturating_sub(spent.waited_ms);
                if left_ms == 0 {
                    return Decision::Bury;
                }
                // A wish beyond the policy's patience is cut to what is left of it: the remote may have exaggerated, and
                // one last attempt tells.
                let wait_ms = (*asked_ms).min(left_ms);
                // Later by up to a tenth, so that waiting records do not return as one herd; never earlier.
                Decision::Retry { wait_ms: wait_ms + scale(chance, wait_ms / 10) }
            }
            // Too much was under way or had been spent; every other gate says no for good.
            GuestError::Denied(denial) if denial.gate == Gate::Budget => self.backoff(spent, chance),
            GuestError::Denied(_) => Decision::Bury,
            GuestError::RateLimited { wait_ms: None } | GuestError::Transient(_) => {
                self.backoff(spent, chance)
            }
        }
    }

    /// Full jitter: uniform between nothing and a bound that doubles, up to the cap.
    pub fn backoff(&self, spent: Spent, chance: u64) -> Decision {
        if spent.attempts >= self.attempts_max {
            return Decision::Bury;
        }
        let doublings = spent.attempts.saturating_sub(1).min(62);
        let bound_ms = self.base_ms.saturating_mul(1 << doublings).min(self.cap_ms);
        Decision::Retry { wait_ms: scale(chance, bound_ms) }
    }
}

/// A number in `0..=bound`.
fn scale(chance: u64, bound: u64) -> u64 {
    let wide = u128::from(chance) * (u128::from(bound) + 1);
    u64::try_from(wide >> 64).unwrap_or(bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denial::Denial;

    const SPENT: Spent = Spent { attempts: 1, waited_ms: 0 };

    #[test]
    fn what_cannot_work_later_is_buried_at_once() {
        let policy = RetryPolicy::default();
        for error in [
            GuestError::Invalid(String::new()),
            GuestError::Permanent(String::new()),
            GuestError::Ambiguous(String::new()),
            GuestError::AuthRequired(String::new()),
        ] {
            assert_eq!(policy.after(&error, SPENT, 7), Decision::Bury, "{error:?}");
        }
    }

    #[test]
    fn of_all_denials_only_a_spent_budget_is_tried_again() {
        let policy = RetryPolicy::default();
        let denied = |gate| GuestError::Denied(Denial::new(gate, "", ""));
        assert_eq!(policy.after(&denied(Gate::Scope), SPENT, 0), Decision::Bury);
        assert_eq!(policy.after(&denied(Gate::Budget), SPENT, 0), Decision::Retry { wait_ms: 0 });
        let spent = Spent { attempts: 5, waited_ms: 0 };
        assert_eq!(policy.after(&denied(Gate::Budget), spent, 0), Decision::Bury);
    }

    #[test]
    fn a_transient_failure_waits_up_to_a_doubling_bound_and_ends_with_the_attempts() {
        let policy = RetryPolicy::default();
        let error = GuestError::Transient(String::new());
        let waits = |attempts| policy.after(&error, Spent { attempts, waited_ms: 0 }, u64::MAX);
        assert_eq!(waits(1), Decision::Retry { wait_ms: 500 });
        assert_eq!(waits(2), Decision::Retry { wait_ms: 1_000 });
        assert_eq!(waits(4), Decision::Retry { wait_ms: 4_000 });
        assert_eq!(waits(5), Decision::Bury);
        assert_eq!(policy.after(&error, SPENT, 0), Decision::Retry { wait_ms: 0 });
    }

    #[test]
    fn a_wait_that_the_remote_asked_for_is_never_cut_short() {
        let policy = RetryPolicy::default();
        let error = GuestError::RateLimited { wait_ms: Some(2_000) };
        for chance in [0, 1, u64::MAX / 2, u64::MAX] {
            let Decision::Retry { wait_ms } = policy.after(&error, SPENT, chance) else { panic!("buried") };
            assert!((2_000..=2_200).contains(&wait_ms), "{wait_ms}");
        }
    }

    #[test]
    fn a_remote_cannot_ask_for_more_patience_than_the_policy_has() {
        let policy = RetryPolicy::default();
        let error = GuestError::RateLimited { wait_ms: Some(u64::MAX) };
        assert_eq!(policy.after(&error, SPENT, 0), Decision::Retry { wait_ms: 900_000 });
        let error = GuestError::RateLimited { wait_ms: Some(1_000) };
        let half = Spent { attempts: 1, waited_ms: 899_500 };
        assert_eq!(policy.after(&error, half, 0), Decision::Retry { wait_ms: 500 });
        let tired = Spent { attempts: 1, waited_ms: 900_000 };
        assert_eq!(policy.after(&error, tired, 0), Decision::Bury);
    }
}
