//! The circuit of one profile: when its remote is down, nobody knocks but one, now and then.
//!
//! Closed, everything passes. Open, nothing does: no network. Half open, one call passes as a probe; if the remote works
//! the circuit closes, and if not it opens for twice as long.

use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::injected::Timestamp;

/// So many requests in a row that say that the remote is down open it: no more than a record has attempts.
const IN_A_ROW: u32 = 5;
/// Or so many within a minute ...
const REQUESTS_MIN: u32 = 20;
/// ... of which so many in a hundred failed.
const FAILED_PERCENT: u64 = 70;
/// How long it is open for the first time; each probe that fails doubles it, up to the bound.
const OPEN_MS: u64 = 30_000;
const OPEN_MS_MAX: u64 = 900_000;
/// A probe that has not come back by then is forgotten: whoever made it is gone.
const PROBE_MS_MAX: u64 = 60_000;

/// One profile's, shared by all its calls.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    phase: Phase,
    good: Window,
    bad: Window,
    in_a_row: u32,
    /// How often it has opened since it was last closed.
    opened: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Closed,
    Open {
        until: Timestamp,
    },
    HalfOpen {
        since: Timestamp,
    },
}

/// Whether a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Free,
    /// It is the only one: how it ends decides for all.
    Probe,
    /// Not before then.
    Refused {
        until: Timestamp,
    },
}

/// As it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum State {
    #[default]
    Closed,
    Open {
        until: Timestamp,
    },
    HalfOpen,
}

impl Breaker {
    /// Asks for a call. Whoever is told to probe says afterwards how it went.
    pub fn ask(&mut self, now: Timestamp) -> Pass {
        let until = match self.phase {
            Phase::Closed => return Pass::Free,
            Phase::Open { until } => until,
            Phase::HalfOpen { since } => since.plus_ms(PROBE_MS_MAX),
        };
        // Further ahead than it is ever set: the clock was set back.
        let left_ms = until.ms_since(now);
        if left_ms > 0 && left_ms <= OPEN_MS_MAX {
            return Pass::Refused { until };
        }
        self.phase = Phase::HalfOpen { since: now };
        Pass::Probe
    }

    /// How many requests of a call the remote answered, and how many say that it does not work.
    pub fn note(&mut self, good: u32, bad: u32, now: Timestamp) {
        self.good.add(good, now);
        self.bad.add(bad, now);
        self.in_a_row = if good > 0 { 0 } else { self.in_a_row.saturating_add(bad) };
        match self.phase {
            // Whoever got through shows that there is somebody, also where it had begun before.
            Phase::Open { .. } | Phase::HalfOpen { .. } if good > 0 && bad == 0 => self.close(),
            Phase::HalfOpen { .. } if bad > 0 => self.open(now),
            // The probe sent nothing, so the next one is another.
            Phase::HalfOpen { .. } => self.phase = Phase::Open { until: now },
            Phase::Open { .. } => {}
            Phase::Closed => {
                let (good, bad) = (self.good.sum(now), self.bad.sum(now));
                let all = good.saturating_add(bad);
                let most = u64::from(bad) * 100 >= u64::from(all) * FAILED_PERCENT;
                if self.in_a_row >= IN_A_ROW || (all >= REQUESTS_MIN && most) {
                    self.open(now);
                }
            }
        }
    }

    /// Begins again, as after a person has seen to it.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    pub fn state(&self, now: Timestamp) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { until } if until > now => State::Open { until },
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn open(&mut self, now: Timestamp) {
        let open_ms = OPEN_MS.saturating_mul(1 << self.opened.min(32)).min(OPEN_MS_MAX);
        self.opened = self.opened.saturating_add(1);
        self.phase = Phase::Open { until: now.plus_ms(open_ms) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000).plus_ms(ms)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_probe_through_at_a_time() {
        let mut breaker = Breaker::default();
        for n in 0..4 {
            assert_eq!(breaker.ask(at(n)), Pass::Free);
            breaker.note(0, 1, at(n));
        }
        assert!(breaker.is_closed());
        breaker.note(0, 1, at(5));
        assert_eq!(breaker.ask(at(6)), Pass::Refused { until: at(30_005) });
        assert_eq!(breaker.state(at(6)), State::Open { until: at(30_005) });
        assert_eq!(breaker.ask(at(30_005)), Pass::Probe);
        assert!(matches!(breaker.ask(at(30_006)), Pass::Refused { .. }), "one at a time");
        breaker.note(0, 1, at(31_000));
        assert_eq!(breaker.ask(at(31_000)), Pass::Refused { until: at(91_000) }, "for twice as long");
        assert_eq!(breaker.ask(at(91_000)), Pass::Probe);
        breaker.note(1, 0, at(91_000));
        assert_eq!((breaker.ask(at(91_000)), breaker.state(at(91_000))), (Pass::Free, State::Closed));
    }

    #[test]
    fn it_opens_when_most_requests_of_a_minute_fail_and_not_for_a_few() {
        let mut breaker = Breaker::default();
        for n in 0..9 {
            breaker.note(1, 3, at(n));
        }
        assert!(!breaker.is_closed());
        let mut breaker = Breaker::default();
        for n in 0..1_000 {
            breaker.note(2, 3, at(n));
        }
        assert!(breaker.is_closed());
    }

    #[test]
    fn a_probe_that_never_comes_back_is_forgotten_and_one_that_sends_nothing_is_followed_by_another() {
        let mut breaker = Breaker::default();
        breaker.note(0, 5, at(0));
        assert_eq!(breaker.ask(at(30_000)), Pass::Probe);
        assert_eq!(breaker.ask(at(90_000)), Pass::Probe);
        breaker.note(0, 0, at(90_001));
        assert_eq!(breaker.ask(at(90_001)), Pass::Probe);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let mut breaker = Breaker::default();
        breaker.note(0, 5, at(86_400_000));
        assert_eq!(breaker.ask(at(0)), Pass::Probe);
    }

    proptest! {
        #[test]
        fn a_remote_that_stays_down_is_asked_ever_less_often(pauses in prop::collection::vec(0_u64..5_000, 1_000)) {
            let mut breaker = Breaker::default();
            let (mut now, mut calls) = (0, 0_u64);
            for pause in pauses {
                now += pause;
                if !matches!(breaker.ask(at(now)), Pass::Refused { .. }) {
                    calls += 1;
                    breaker.note(0, 1, at(now));
                }
            }
            // Five to open it, a handful while it doubles, then one in a quarter of an hour.
            prop_assert!(calls <= 5 + 6 + now / OPEN_MS_MAX, "{calls} in {now} ms");
        }

        #[test]
        fn it_always_lets_somebody_through_in_the_end(steps in prop::collection::vec((0_u64..100_000, 0_u32..3, 0_u32..3), 0..200)) {
            let mut breaker = Breaker::default();
            let mut now = 0;
            for (pause, good, bad) in steps {
                now += pause;
                if !matches!(breaker.ask(at(now)), Pass::Refused { .. }) {
                    breaker.note(good, bad, at(now));
                }
            }
            let passes = !matches!(breaker.ask(at(now + OPEN_MS_MAX)), Pass::Refused { .. });
            prop_assert!(passes);
        }
    }
}
