//! What one call may spend on the network, and how fast a profile may spend it.

use crate::call::Limits;
use crate::denial::{Denial, Gate};

/// What a call has sent before the request that is being judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub requests: u32,
    /// Requests with their headers.
    pub sent_bytes: u64,
    /// Decoded bodies of responses.
    pub received_bytes: u64,
}

pub(super) fn check(spent: Spent, limits: &Limits, request_bytes: usize) -> Result<(), Denial> {
    if spent.requests >= limits.requests {
        return Err(Denial::new(
            Gate::Budget,
            format!("the call has sent its {} requests", limits.requests),
            "do less in one call, or ask the operator to raise `limits.requests`",
        ));
    }
    if request_bytes > limits.request_bytes {
        return Err(Denial::new(
            Gate::Budget,
            format!("the request has {request_bytes} bytes, more than the {} allowed", limits.request_bytes),
            "send less at once, or ask the operator to raise `limits.request_bytes`",
        ));
    }
    if spent.sent_bytes.saturating_add(request_bytes as u64) > limits.sent_bytes {
        return Err(Denial::new(
            Gate::Budget,
            format!("with this request the call would send more than {} bytes", limits.sent_bytes),
            "do less in one call, or ask the operator to raise `limits.sent_bytes`",
        ));
    }
    if spent.received_bytes >= limits.received_bytes {
        return Err(Denial::new(
            Gate::Budget,
            format!("the call has received its {} bytes", limits.received_bytes),
            "do less in one call, or ask the operator to raise `limits.received_bytes`",
        ));
    }
    Ok(())
}

/// What the budget is, for explanations. Nothing is taken from it.
pub(super) fn shown(limits: &Limits, request_bytes: usize, rate: Option<wit::Rate>) -> String {
    let pace = rate
        .map_or_else(String::new, |rate| format!("; {} a second, {} at once", rate.per_second, rate.burst));
    format!(
        "{request_bytes} of {} bytes; up to {} requests a call{pace}",
        limits.request_bytes, limits.requests
    )
}

/// One request, in the unit in which time refills: with `n` requests a second, each microsecond brings `n`.
const REQUEST: u64 = 1_000_000;

/// A token bucket. It has no clock: the caller says what time it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    per_second: u64,
    capacity: u64,
    level: u64,
    /// The latest time seen; none before the first request.
    at_us: Option<u64>,
}

impl Pace {
    /// A full bucket. A rate of zero counts as one, so that nothing waits for ever.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let capacity = u64::from(burst.max(1)) * REQUEST;
        Self { per_second: u64::from(per_second.max(1)), capacity, level: capacity, at_us: None }
    }

    /// Takes one request out, or says after how many microseconds there will be one.
    pub fn take(&mut self, now_us: u64) -> Result<(), u64> {
        self.take_for(1, now_us)
    }

    /// The same for a request that counts for several. What counts for more than there can ever be takes all there is.
    pub fn take_for(&mut self, cost: u32, now_us: u64) -> Result<(), u64> {
        let wanted = u64::from(cost.max(1)).saturating_mul(REQUEST).min(self.capacity);
        // A clock that goes back brings nothing and costs nothing.
        let elapsed_us = self.at_us.map_or(0, |at_us| now_us.saturating_sub(at_us));
        self.at_us = Some(self.at_us.map_or(now_us, |at_us| at_us.max(now_us)));
        let refill = elapsed_us.saturating_mul(self.per_second);
        self.level = self.level.saturating_add(refill).min(self.capacity);
        match self.level.checked_sub(wanted) {
            Some(level) => {
                self.level = level;
                Ok(())
            }
            None => Err((wanted - self.level).div_ceil(self.per_second)),
        }
    }

    /// Whether it has been left alone long enough to be as good as a new one.
    pub fn is_rested(&self, now_us: u64) -> bool {
        let elapsed_us = self.at_us.map_or(u64::MAX, |at_us| now_us.saturating_sub(at_us));
        self.level.saturating_add(elapsed_us.saturating_mul(self.per_second)) >= self.capacity
    }
}

impl From<wit::Rate> for Pace {
    fn from(rate: wit::Rate) -> Self {
        Self::new(rate.per_second, rate.burst)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_request_of_a_call_passes_and_the_next_does_not() {
        let limits = Limits { requests: 2, request_bytes: 10, ..Limits::default() };
        let spent = |requests| Spent { requests, ..Spent::default() };
        assert_eq!(check(spent(1), &limits, 10), Ok(()));
        assert!(check(spent(2), &limits, 10).is_err());
        assert!(check(spent(0), &limits, 11).is_err());
    }

    #[test]
    fn the_bytes_of_a_call_are_bounded_both_ways() {
        let limits = Limits { sent_bytes: 100, received_bytes: 100, ..Limits::default() };
        let spent = |sent_bytes, received_bytes| Spent { requests: 1, sent_bytes, received_bytes };
        assert_eq!(check(spent(90, 99), &limits, 10), Ok(()));
        assert!(check(spent(91, 0), &limits, 10).unwrap_err().remedy.contains("limits.sent_bytes"));
        assert!(check(spent(u64::MAX, 0), &limits, 10).is_err());
        assert!(check(spent(0, 100), &limits, 10).unwrap_err().remedy.contains("limits.received_bytes"));
    }

    #[test]
    fn a_burst_passes_at_once_and_then_time_decides() {
        let mut pace = Pace::new(10, 3);
        for _ in 0..3 {
            assert_eq!(pace.take(5_000_000), Ok(()));
        }
        assert_eq!(pace.take(5_000_000), Err(100_000));
        assert_eq!(pace.take(5_099_999), Err(1));
        assert_eq!(pace.take(5_100_000), Ok(()));
        assert_eq!(pace.take(5_100_000), Err(100_000));
        assert!(!pace.is_rested(5_100_000) && !pace.is_rested(5_399_999) && pace.is_rested(5_400_000));
        // A long pause brings a burst and no more.
        for _ in 0..3 {
            assert_eq!(pace.take(u64::MAX), Ok(()));
        }
        assert!(pace.take(u64::MAX).is_err());
    }

    #[test]
    fn a_heavy_request_takes_several_and_never_waits_for_more_than_there_can_be() {
        let mut pace = Pace::new(10, 5);
        assert_eq!(pace.take_for(3, 0), Ok(()));
        assert_eq!(pace.take_for(3, 0), Err(100_000));
        assert_eq!(pace.take_for(2, 0), Ok(()));
        assert_eq!(pace.take(0), Err(100_000));
        assert_eq!(pace.take_for(1_000, 0), Err(500_000), "a full bucket is all that there can be");
        assert_eq!(pace.take_for(1_000, 500_000), Ok(()));
        assert_eq!(pace.take_for(0, 500_000), Err(100_000), "nothing is free");
    }

    #[test]
    fn a_clock_that_goes_back_brings_nothing() {
        let mut pace = Pace::new(1, 1);
        assert_eq!(pace.take(9_000_000), Ok(()));
        assert_eq!(pace.take(0), Err(1_000_000));
        assert_eq!(pace.take(9_500_000), Err(500_000));
        assert_eq!(pace.take(10_000_000), Ok(()));
    }

    proptest! {
        #[test]
        fn waiting_as_told_is_enough_and_never_too_much(per_second in 0u32..5_000, burst in 0u32..50, steps in prop::collection::vec(0u64..3_000, 1..60)) {
            let mut pace = Pace::new(per_second, burst);
            let (mut now_us, mut taken) = (0, 0u64);
            for step in steps {
                now_us += step;
                match pace.take(now_us) {
                    Ok(()) => taken += 1,
                    Err(wait_us) => {
                        now_us += wait_us;
                        prop_assert_eq!(pace.take(now_us), Ok(()));
                        taken += 1;
                    }
                }
            }
            let most = u64::from(burst.max(1)) + now_us * u64::from(per_second.max(1)) / 1_000_000;
            prop_assert!(taken <= most, "{} taken of {}", taken, most);
        }
    }
}
