//! A count over the last minute, in slices: the clock is passed in, and one that is set back or forward does no harm.

use crate::injected::Timestamp;

const SLICES: usize = 6;
const SLICE_MS: i64 = 10_000;

/// How long a count lasts.
pub(super) const WINDOW_MS: u64 = 60_000;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    slices: [u32; SLICES],
    /// The number of the newest slice since 1970.
    newest: i64,
}

impl Window {
    pub(super) fn add(&mut self, count: u32, now: Timestamp) {
        self.turn(now);
        if let Some(slice) = self.slices.first_mut() {
            *slice = slice.saturating_add(count);
        }
    }

    pub(super) fn sum(&mut self, now: Timestamp) -> u32 {
        self.turn(now);
        self.slices.iter().fold(0, |sum, slice| sum.saturating_add(*slice))
    }

    pub(super) fn clear(&mut self) {
        self.slices = [0; SLICES];
    }

    /// The newest slice comes first.
    fn turn(&mut self, now: Timestamp) {
        let at = now.as_ms().div_euclid(SLICE_MS);
        let passed = at.saturating_sub(self.newest);
        if passed == 0 {
            return;
        }
        self.newest = at;
        match usize::try_from(passed) {
            Ok(passed) if passed < SLICES => {
                self.slices.rotate_right(passed);
                self.slices.iter_mut().take(passed).for_each(|slice| *slice = 0);
            }
            // Longer ago than the window, or a clock that was set back.
            _ => self.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_lasts_for_a_minute() {
        let mut window = Window::default();
        let at = |ms: i64| Timestamp::from_ms(1_700_000_000_000 + ms);
        window.add(1, at(0));
        window.add(2, at(30_000));
        assert_eq!(window.sum(at(59_999)), 3);
        assert_eq!(window.sum(at(60_000)), 2);
        assert_eq!(window.sum(at(300_000)), 0);
        window.add(5, at(300_000));
        assert_eq!(window.sum(at(-86_400_000)), 0, "a clock set back begins again");
    }
}
