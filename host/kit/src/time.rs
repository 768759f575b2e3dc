//! The stand's own clock and chance: the same in every run.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::{Clock, Randomness, Timestamp};

/// 2026-01-01T00:00:00Z.
const BEGINNING_MS: i64 = 1_767_225_600_000;

/// Stands still unless it is moved.
#[derive(Debug)]
pub(crate) struct Stopped(AtomicI64);

impl Default for Stopped {
    fn default() -> Self {
        Self(AtomicI64::new(BEGINNING_MS))
    }
}

impl Stopped {
    pub(crate) fn set(&self, at: Timestamp) {
        self.0.store(at.as_ms(), Ordering::SeqCst);
    }

    pub(crate) fn reset(&self) {
        self.0.store(BEGINNING_MS, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.0.fetch_add(i64::try_from(ms).unwrap_or(i64::MAX / 4), Ordering::SeqCst);
    }
}

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// Numbers that look random and are not: fit for a test, and for nothing else.
#[derive(Debug, Default)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn set(&self, seed: u64) {
        self.0.store(seed, Ordering::SeqCst);
    }
}

impl Randomness for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64.
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.iter_mut().zip(z.to_le_bytes()).for_each(|(byte, random)| *byte = random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_the_same_from_the_same_seed_and_another_from_another() {
        let roll = |seed| {
            let dice = Dice::default();
            dice.set(seed);
            let mut bytes = [0; 20];
            dice.fill(&mut bytes);
            bytes
        };
        assert_eq!(roll(1), roll(1));
        assert_ne!(roll(1), roll(2));
    }
}
