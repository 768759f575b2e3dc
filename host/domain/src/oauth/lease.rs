//! The right to ask for a profile's next token: one holder at a time, whatever the number of processes.

use serde::{Deserialize, Serialize};

use crate::injected::Timestamp;

/// Longer than a token endpoint may take.
pub const LEASE_MS: u64 = 15_000;
/// A lease further ahead was written by a clock that has been set back since.
const AHEAD_MAX: u64 = 4;

/// One row a profile. It stays when the lease ends, so that its fence goes on growing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenLease {
    /// Grows with every holder: who wrote an older number may write no more.
    pub fence: u64,
    /// Who holds it, and until when; none while nobody asks.
    pub held: Option<Held>,
    /// Failures in a row that are no decision of the provider.
    #[serde(default)]
    pub failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// The endpoint is left alone until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    pub holder: String,
    pub until: Timestamp,
}

impl TokenLease {
    /// Whether somebody may take it now.
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.held.as_ref().is_none_or(|held| {
            let left_ms = held.until.ms_since(now);
            left_ms == 0 || left_ms > LEASE_MS * AHEAD_MAX
        })
    }

    /// Taken by `holder`. The second: whether the one before never came back, so that nobody knows what it got.
    #[must_use]
    pub fn taken(&self, holder: &str, now: Timestamp) -> (Self, bool) {
        let held = Some(Held { holder: holder.to_owned(), until: now.plus_ms(LEASE_MS) });
        (Self { fence: self.fence.saturating_add(1), held, ..self.clone() }, self.held.is_some())
    }

    /// Given back after a token came.
    #[must_use]
    pub fn released(&self) -> Self {
        Self { fence: self.fence, ..Self::default() }
    }

    /// Given back after the endpoint gave nothing.
    #[must_use]
    pub fn failed(&self, now: Timestamp, asked_ms: Option<u64>) -> Self {
        let failures = self.failures.saturating_add(1);
        let wait_ms = super::life::backoff_ms(failures, asked_ms);
        Self {
            fence: self.fence,
            held: None,
            failures,
            failing_since: self.failing_since.or(Some(now)),
            retry_at: Some(now.plus_ms(wait_ms)),
        }
    }

    /// Until when the endpoint is left alone. A clock that was set back does not prolong it beyond reason.
    pub fn cooling(&self, now: Timestamp) -> Option<Timestamp> {
        self.retry_at.filter(|until| now < *until && until.ms_since(now) <= 2 * 60 * 60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_has_one_holder_and_its_fence_only_grows() {
        let at = Timestamp::from_ms;
        let (first, abandoned) = TokenLease::default().taken("a", at(0));
        assert!(!abandoned && !first.is_free(at(14_999)) && first.is_free(at(15_000)));
        assert!(first.is_free(at(-9_000_000)), "a clock that was set back");
        let (second, abandoned) = first.taken("b", at(15_000));
        assert!(abandoned, "nobody knows what the first got");
        assert_eq!((first.fence, second.fence, second.released().fence), (1, 2, 2));
        assert!(second.released().is_free(at(15_000)));
    }

    #[test]
    fn failures_cool_down_and_remember_since_when() {
        let at = Timestamp::from_ms;
        let once = TokenLease::default().failed(at(100), None);
        let twice = once.failed(at(5_000), Some(60_000));
        assert_eq!((once.cooling(at(1_099)), once.cooling(at(1_100))), (Some(at(1_100)), None));
        assert_eq!((twice.failures, twice.failing_since), (2, Some(at(100))));
        assert_eq!(twice.cooling(at(5_000)), Some(at(65_000)));
        assert_eq!(twice.released().failures, 0);
    }
}
