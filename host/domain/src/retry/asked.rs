//! How long a remote asked to wait, in every form in which remotes say so. Hostile text: bounded, and never a panic.

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

use crate::injected::Timestamp;

const VALUE_BYTES_MAX: usize = 128;
/// Larger numbers are points in time: nobody asks for thirty years.
const EPOCH_S_MIN: f64 = 1e9;
/// Larger ones are in milliseconds.
const EPOCH_MS_MIN: f64 = 1e11;

/// Headers that say when a window ends. Remotes send them with good answers too, so they count only where the remote
/// says that it is too much.
const RESETS: [&str; 5] =
    ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset", "x-ratelimit-reset-after", "ratelimit"];
const HUBSPOT_INTERVAL: &str = "x-hubspot-ratelimit-interval-milliseconds";

/// The longest wait that the answer asks for, in milliseconds; none if it says nothing that can be read. `limited`: the
/// answer says that it is too much.
pub fn wait_ms(headers: &[(String, Vec<u8>)], limited: bool, now: Timestamp) -> Option<u64> {
    let asked = headers.iter().filter_map(|(name, value)| {
        let value = std::str::from_utf8(value).ok().filter(|value| value.len() <= VALUE_BYTES_MAX)?.trim();
        if name.eq_ignore_ascii_case("retry-after") {
            return seconds(value).or_else(|| until(value, now));
        }
        if !limited {
            return None;
        }
        if name.eq_ignore_ascii_case(HUBSPOT_INTERVAL) {
            return value.parse::<u64>().ok();
        }
        RESETS.iter().any(|reset| name.eq_ignore_ascii_case(reset)).then(|| reset(value, now)).flatten()
    });
    asked.max()
}

/// A delta in whole or decimal seconds, as in `2.0`. A negative one is none.
fn seconds(value: &str) -> Option<u64> {
    number(value).map(|seconds| to_ms(seconds * 1_000.0))
}

/// When a window ends: a delta in seconds, or a point in time as a number or as a date.
fn reset(value: &str, now: Timestamp) -> Option<u64> {
    // `RateLimit: "default";r=0;t=30`, and its older form `limit=10, remaining=0, reset=30`.
    let value = value
        .split([';', ','])
        .find_map(|part| {
            let part = part.trim();
            part.strip_prefix("t=").or_else(|| part.strip_prefix("reset="))
        })
        .unwrap_or(value);
    match number(value) {
        Some(number) if number >= EPOCH_MS_MIN => Some(ahead(number, now)),
        Some(number) if number >= EPOCH_S_MIN => Some(ahead(number * 1_000.0, now)),
        Some(number) => Some(to_ms(number * 1_000.0)),
        None => until(value, now),
    }
}

fn number(value: &str) -> Option<f64> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e'));
    let number: f64 = value.parse().ok().filter(|_| plain)?;
    number.is_finite().then_some(number)
}

/// The conversion saturates, and a negative wait is none.
fn to_ms(ms: f64) -> u64 {
    ms.ceil() as u64
}

fn ahead(epoch_ms: f64, now: Timestamp) -> u64 {
    to_ms(epoch_ms - now.as_ms() as f64)
}

/// A date: the one form that RFC 9110 lets servers write, the two that it tells clients to read, and RFC 3339.
fn until(value: &str, now: Timestamp) -> Option<u64> {
    let at = DateTimeParser::new()
        .parse_timestamp(value)
        .or_else(|_| civil("%A, %d-%b-%y %H:%M:%S GMT", value))
        .or_else(|_| civil("%a %b %e %H:%M:%S %Y", value))
        .or_else(|_| value.parse::<Instant>())
        .ok()?;
    Some(Timestamp::from_ms(at.as_millisecond()).ms_since(now))
}

fn civil(format: &str, value: &str) -> Result<Instant, jiff::Error> {
    Ok(DateTime::strptime(format, value)?.to_zoned(TimeZone::UTC)?.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Wed, 21 Oct 2026 07:28:00 GMT
    const NOW_MS: i64 = 1_792_567_680_000;

    fn asked(pairs: &[(&str, &str)]) -> Option<u64> {
        let headers: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        wait_ms(&headers, true, Timestamp::from_ms(NOW_MS))
    }

    fn retry_after(value: &str) -> Option<u64> {
        asked(&[("Retry-After", value)])
    }

    #[test]
    fn a_retry_after_is_read_in_all_its_forms() {
        for (value, wait) in [
            ("0", Some(0)),
            ("120", Some(120_000)),
            // Two seconds: a client that took it for milliseconds came back after two.
            ("2.0", Some(2_000)),
            (" 0.0004 ", Some(1)),
            ("-5", Some(0)),
            ("1e300", Some(u64::MAX)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30_000)),
            ("Wed, 21 Oct 2026 07:27:00 GMT", Some(0)),
            ("Wednesday, 21-Oct-26 07:28:30 GMT", Some(30_000)),
            ("Wed Oct 21 07:28:30 2026", Some(30_000)),
            ("2026-10-21T07:28:30Z", Some(30_000)),
            ("soon", None),
            ("", None),
            ("inf", None),
            ("NaN", None),
            ("0x10", None),
        ] {
            assert_eq!(retry_after(value), wait, "{value:?}");
        }
    }

    #[test]
    fn a_window_ends_at_a_delta_or_at_a_point_in_time() {
        for (name, value, wait) in [
            ("RateLimit-Reset", "30", Some(30_000)),
            ("X-RateLimit-Reset", "1792567710", Some(30_000)),
            ("X-RateLimit-Reset", "1792567710.5", Some(30_500)),
            ("X-RateLimit-Reset", "1792567710000", Some(30_000)),
            ("x-rate-limit-reset", "1792567600", Some(0)),
            ("X-RateLimit-Reset", "2026-10-21T07:28:30Z", Some(30_000)),
            ("X-RateLimit-Reset-After", "1.5", Some(1_500)),
            ("RateLimit", "\"default\";r=0;t=30", Some(30_000)),
            ("RateLimit", "limit=10, remaining=0, reset=7", Some(7_000)),
            ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000", Some(10_000)),
            ("X-RateLimit-Reset", "never", None),
        ] {
            assert_eq!(asked(&[(name, value)]), wait, "{name}: {value}");
        }
    }

    #[test]
    fn the_longest_wait_counts() {
        let pairs = [("retry-after", "1"), ("x-ratelimit-reset", "30"), ("retry-after", "2")];
        assert_eq!(asked(&pairs), Some(30_000));
    }

    #[test]
    fn a_window_says_nothing_where_nothing_was_limited() {
        let headers =
            [("x-ratelimit-reset".to_owned(), b"30".to_vec()), ("retry-after".to_owned(), b"2".to_vec())];
        assert_eq!(wait_ms(&headers, false, Timestamp::from_ms(NOW_MS)), Some(2_000));
    }

    proptest! {
        #[test]
        fn no_value_breaks_it(value in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            for name in ["retry-after", "x-ratelimit-reset", "ratelimit", HUBSPOT_INTERVAL] {
                let headers = [(name.to_owned(), value.clone().into_bytes()), (name.to_owned(), bytes.clone())];
                wait_ms(&headers, true, Timestamp::from_ms(NOW_MS));
            }
        }
    }
}
