//! How long a token is good for, and when it is renewed.

use crate::injected::Timestamp;

/// How long a token of a client lives where nobody says.
pub const ASSUMED_LIFETIME_MS: u64 = 55 * 60_000;
const MARGIN_MS_MAX: u64 = 5 * 60_000;
const BACKOFF_BASE_MS: u64 = 1_000;
const BACKOFF_CAP_MS: u64 = 5 * 60_000;
/// A remote cannot make the host wait for longer.
const RETRY_AFTER_MS_MAX: u64 = 60 * 60_000;

/// How long before its end a token is renewed.
pub fn margin_ms(lifetime_ms: u64, chosen_s: Option<u32>) -> u64 {
    let margin = chosen_s.map_or_else(|| MARGIN_MS_MAX.min(lifetime_ms / 4), |s| u64::from(s) * 1_000);
    // A margin as long as the life would renew a token at every use.
    margin.min(lifetime_ms / 2)
}

/// Whether a token is to be renewed before it is used. One without an end is renewed when it is refused.
pub fn is_due(
    now: Timestamp,
    obtained_at: Timestamp,
    expires_at: Option<Timestamp>,
    margin_s: Option<u32>,
) -> bool {
    let Some(expires_at) = expires_at else { return false };
    // Obtained in the future: the clock was set back, and nobody knows how old it really is.
    let lifetime = expires_at.ms_since(obtained_at);
    now < obtained_at || expires_at.ms_since(now) <= margin_ms(lifetime, margin_s)
}

/// Whether a token that nobody used is renewed so that the provider does not forget it.
pub fn is_idle(now: Timestamp, obtained_at: Timestamp, keep_alive_hours: u32) -> bool {
    keep_alive_hours > 0 && now.ms_since(obtained_at) >= u64::from(keep_alive_hours) * 3_600_000
}

/// How long to leave a token endpoint alone after so many failures in a row; what it asks for itself goes before.
pub fn backoff_ms(failures: u32, asked_ms: Option<u64>) -> u64 {
    let own = BACKOFF_BASE_MS.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(BACKOFF_CAP_MS);
    own.max(asked_ms.unwrap_or(0).min(RETRY_AFTER_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_within_its_margin() {
        let at = |s: i64| Timestamp::from_ms(s * 1_000);
        for (lifetime_s, margin_s, due_at_s) in [
            (1_800, None, 1_500),      // Five minutes before.
            (600, None, 450),          // A quarter of ten minutes.
            (3_600, Some(600), 3_000), // As the provider's manifest says.
            (60, Some(600), 30),       // Never more than half of its life.
        ] {
            let due = |now_s| is_due(at(now_s), at(0), Some(at(lifetime_s)), margin_s);
            assert!(!due(due_at_s - 1), "{lifetime_s} {margin_s:?}");
            assert!(due(due_at_s) && due(lifetime_s) && due(lifetime_s * 9), "{lifetime_s} {margin_s:?}");
        }
        assert!(!is_due(at(1 << 40), at(0), None, None), "one without an end");
        assert!(is_due(at(-1), at(0), Some(at(1_800)), None), "the clock was set back");
    }

    #[test]
    fn failures_wait_longer_and_a_remote_cannot_ask_for_ever() {
        assert_eq!([1, 2, 3].map(|n| backoff_ms(n, None)), [1_000, 2_000, 4_000]);
        assert_eq!(backoff_ms(u32::MAX, None), BACKOFF_CAP_MS);
        assert_eq!(backoff_ms(1, Some(30_000)), 30_000);
        assert_eq!(backoff_ms(1, Some(u64::MAX)), RETRY_AFTER_MS_MAX);
    }

    #[test]
    fn an_idle_token_is_kept_alive_once_a_day() {
        let at = |h: i64| Timestamp::from_ms(h * 3_600_000);
        assert!(!is_idle(at(23), at(0), 24) && is_idle(at(24), at(0), 24) && !is_idle(at(999), at(0), 0));
    }
}
