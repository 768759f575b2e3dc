//! The timers of a played call: none waits, and of those that a guest waits for, the one that is due first passes first.
//!
//! Time passes when a timer does, and when the recording says how late it was. Otherwise it stands still, so that a replay
//! takes the guest's own time and no more.

use std::collections::BTreeSet;

/// A guest that asks whether a timer has passed, and does not wait for it, would ask for ever if that took no time.
const ASKED_NS: u64 = 1_000;

#[derive(Debug, Default)]
pub(super) struct Timers {
    now_ns: u64,
    numbers: u64,
    /// When each is due, with a number that is its own.
    waiting: BTreeSet<Wait>,
}

/// Somebody waits for a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    due_ns: u64,
    number: u64,
}

impl Timers {
    /// Nanoseconds since the call began.
    pub(super) fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// The recording says that it is so late.
    pub(super) fn is_at_least(&mut self, now_ns: u64) {
        self.now_ns = self.now_ns.max(now_ns);
    }

    pub(super) fn wait(&mut self, due_ns: u64) -> Wait {
        self.numbers = self.numbers.wrapping_add(1);
        let wait = Wait { due_ns, number: self.numbers };
        self.waiting.insert(wait);
        wait
    }

    /// Whether it passes now: time goes on to it where nobody waits for an earlier one.
    pub(super) fn passes(&mut self, wait: Wait) -> bool {
        let first = self.waiting.first().is_none_or(|first| wait.due_ns <= first.due_ns);
        if first {
            self.is_at_least(wait.due_ns);
        }
        wait.due_ns <= self.now_ns
    }

    /// Nobody waits for it any more.
    pub(super) fn leave(&mut self, wait: Wait) {
        self.waiting.remove(&wait);
        if wait.due_ns > self.now_ns {
            self.now_ns = self.now_ns.saturating_add(ASKED_NS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_timers_that_are_waited_for_the_first_passes_and_takes_its_time() {
        let mut timers = Timers::default();
        let (late, soon) = (timers.wait(100_000_000), timers.wait(10_000_000));
        assert!(!timers.passes(late));
        assert!(timers.passes(soon));
        assert_eq!(timers.now_ns(), 10_000_000);
        timers.leave(soon);
        assert!(timers.passes(late), "nobody waits for an earlier one any more");
        timers.leave(late);
        assert_eq!(timers.now_ns(), 100_000_000);
        let past = timers.wait(5);
        assert!(timers.passes(past));
        assert_eq!(timers.now_ns(), 100_000_000, "time does not go back");
    }

    #[test]
    fn who_only_asks_again_and_again_gets_there() {
        let mut timers = Timers::default();
        let mut asked = 0;
        while timers.now_ns() < 50_000_000 {
            let wait = timers.wait(50_000_000);
            timers.leave(wait);
            asked += 1;
        }
        assert_eq!(asked, 50_000);
    }

    #[test]
    fn the_recording_says_how_late_it_is() {
        let mut timers = Timers::default();
        timers.is_at_least(70);
        timers.is_at_least(60);
        assert_eq!(timers.now_ns(), 70);
    }
}
