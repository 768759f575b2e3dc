//! The next time of a cron expression in a time zone, and what the change of the clocks does to it.
//!
//! Two rules, as people mean them:
//! - An expression whose hour begins with a star follows the clock on the wall through both hours of an autumn night and
//!   past the missing hour of a spring night: every quarter of an hour stays every quarter of an hour.
//! - An expression with hours of its own comes once on each of its days: a time that a spring night skips comes as much
//!   later as the clocks jump, and of a time that an autumn night has twice, only the first counts.

use std::sync::OnceLock;

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions};
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp as Instant, Zoned};

use super::Cron;
use crate::injected::Timestamp;

const TEXT_BYTES_MAX: usize = 200;
const ZONE_BYTES_MAX: usize = 64;
const FIELDS: usize = 5;
/// Changes of the clocks, or readings that do not exist, that lie between two times of one expression; more is a defect.
const STEPS_MAX: usize = 5_000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCron {
    #[error(
        "it must have five fields: minute, hour, day of the month, month, day of the week, as in `0 6 * * 1-5`"
    )]
    Fields,
    #[error("{0}")]
    Expression(String),
    #[error("there is no time zone {0:?}; write it as in Europe/Berlin, or UTC")]
    Zone(String),
    #[error("it never comes within four years")]
    Never,
}

/// The first time behind `after`.
pub(super) fn next(of: &Cron, after: Timestamp) -> Result<Timestamp, BadCron> {
    let crontab = parse(&of.cron)?;
    let zone = zone(&of.zone)?;
    let after = Instant::from_millisecond(after.as_ms()).map_err(|_| BadCron::Never)?;
    let found = if follows_the_wall(&of.cron) {
        on_the_wall(&crontab, &zone, after)
    } else {
        once_a_day(&crontab, &zone, after)
    };
    found.map(|at| Timestamp::from_ms(at.as_millisecond()))
}

fn parse(text: &str) -> Result<Crontab, BadCron> {
    if text.len() > TEXT_BYTES_MAX || text.split_whitespace().count() != FIELDS {
        return Err(BadCron::Fields);
    }
    let mut options = ParseOptions::default();
    // Times are looked for on the clock on the wall; the zone is applied here.
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    cronexpr::parse_crontab_with(text.trim(), options).map_err(|error| {
        let first_line = error.to_string().lines().next().unwrap_or_default().to_owned();
        BadCron::Expression(format!("{text:?} is no cron expression: {first_line}"))
    })
}

/// From the list that comes with the program, so that two machines agree.
fn zone(name: &str) -> Result<TimeZone, BadCron> {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    let unknown = || BadCron::Zone(name.chars().take(ZONE_BYTES_MAX).collect());
    if name.len() > ZONE_BYTES_MAX {
        return Err(unknown());
    }
    ZONES.get_or_init(TimeZoneDatabase::bundled).get(name).map_err(|_| unknown())
}

fn follows_the_wall(text: &str) -> bool {
    text.split_whitespace().nth(1).is_some_and(|hours| hours.starts_with('*'))
}

/// What the clock on the wall shows next after this reading.
fn next_reading(crontab: &Crontab, reading: DateTime) -> Result<DateTime, BadCron> {
    let as_if = reading.to_zoned(TimeZone::UTC).map_err(|_| BadCron::Never)?.timestamp();
    crontab.find_next(MakeTimestamp(as_if)).map(|zoned: Zoned| zoned.datetime()).map_err(|_| BadCron::Never)
}

fn once_a_day(crontab: &Crontab, zone: &TimeZone, after: Instant) -> Result<Instant, BadCron> {
    let mut reading = zone.to_datetime(after);
    for _ in 0..STEPS_MAX {
        reading = next_reading(crontab, reading)?;
        // Later by the length of a gap; the first of two.
        let at = zone.to_ambiguous_timestamp(reading).compatible().map_err(|_| BadCron::Never)?;
        if at > after {
            return Ok(at);
        }
    }
    Err(BadCron::Never)
}

fn on_the_wall(crontab: &Crontab, zone: &TimeZone, after: Instant) -> Result<Instant, BadCron> {
    let (mut from, mut inclusive) = (after, false);
    for _ in 0..STEPS_MAX {
        let offset = zone.to_offset(from);
        let mut reading = offset.to_datetime(from);
        if inclusive {
            reading = reading.saturating_sub(jiff::Span::new().minutes(1));
        }
        let at = offset.to_timestamp(next_reading(crontab, reading)?).map_err(|_| BadCron::Never)?;
        let change = zone.following(from).next().map(|change| change.timestamp());
        match change {
            // The clocks are changed before: look again from there, that moment included.
            Some(change) if at >= change => (from, inclusive) = (change, true),
            _ => return Ok(at),
        }
    }
    Err(BadCron::Never)
}
