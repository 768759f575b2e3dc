//! How many retries a profile may make: a fifth of its other work, so that trying again never becomes the load that keeps
//! a remote down.

use super::window::{WINDOW_MS, Window};
use crate::injected::Timestamp;

/// Retries may add so much to the attempts of the last minute that were no retries.
const EXTRA_PERCENT: u32 = 20;
/// And so many in any case, or a quiet profile could never try again.
const FLOOR: u32 = 10;

/// One profile's, shared by all its calls.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    firsts: Window,
    retries: Window,
}

impl Budget {
    /// Attempts that are no retries: they earn the others.
    pub fn first(&mut self, count: u32, now: Timestamp) {
        self.firsts.add(count, now);
    }

    /// Takes one retry out of the budget, or says how long to wait until there may be one.
    pub fn retry(&mut self, now: Timestamp) -> Result<(), u64> {
        let earned =
            self.firsts.sum(now) / 100 * EXTRA_PERCENT + self.firsts.sum(now) % 100 * EXTRA_PERCENT / 100;
        if self.retries.sum(now) >= FLOOR.saturating_add(earned) {
            return Err(WINDOW_MS / 6);
        }
        self.retries.add(1, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000 + ms)
    }

    #[test]
    fn a_quiet_profile_may_retry_a_little_and_a_busy_one_a_fifth() {
        let mut budget = Budget::default();
        assert_eq!((0..50).filter(|_| budget.retry(at(0)).is_ok()).count(), 10);
        budget.first(1_000, at(0));
        assert_eq!((0..500).filter(|_| budget.retry(at(0)).is_ok()).count(), 200);
        assert!(budget.retry(at(0)).is_err());
        assert!(budget.retry(at(60_000)).is_ok(), "a minute later it is another minute");
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_a_fifth_more(steps in prop::collection::vec((0_i64..2_000, 0_u32..20, 0_u32..40), 1..300)) {
            let mut budget = Budget::default();
            let (mut now, mut retried, mut first) = (0, Vec::new(), Vec::new());
            for (pause, firsts, retries) in steps {
                now += pause;
                budget.first(firsts, at(now));
                first.push((now, firsts));
                for _ in 0..retries {
                    if budget.retry(at(now)).is_ok() {
                        retried.push(now);
                    }
                }
                // A window of whole slices is never longer than a minute.
                let within = |then: i64| now - then < 50_000;
                let retries = retried.iter().filter(|then| within(**then)).count();
                let firsts: u32 = first.iter().filter(|(then, _)| now - then < 60_000).map(|(_, count)| count).sum();
                prop_assert!(retries <= 10 + firsts as usize / 5 + 1, "{retries} of {firsts}");
            }
        }
    }
}
