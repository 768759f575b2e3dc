//! When a flow runs by itself, and what becomes of the times that were missed: decided from times alone.

mod cron;

use serde::{Deserialize, Serialize};

use crate::ids::{Digest, FlowName, TenantId};
use crate::injected::Timestamp;

pub use cron::BadCron;

/// A shorter period would start runs faster than a person could stop them.
pub const EVERY_MS_MIN: u64 = 1_000;
/// A time that came longer ago than this was missed; until then it is only late.
const LATE_MS_MAX: u64 = 60_000;
/// How far flows of one and the same time are spread. Below a minute, so that no time is passed by the next one.
const SPREAD_MS_MAX: u64 = 30_000;
/// What `all` makes up for: times of the last day, and no more than a day has minutes.
const BACK_MS_MAX: u64 = 86_400_000;
const BACK_COUNT_MAX: u64 = 1_440;

/// When a flow runs by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Schedule {
    Every(Every),
    Cron(Cron),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Every {
    /// Milliseconds from the start of one run to the start of the next; at least 1,000.
    pub every_ms: u64,
    #[serde(default)]
    pub catch_up: CatchUp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    /// Minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// As in the list of the IANA: `Europe/Berlin`.
    pub zone: String,
    #[serde(default)]
    pub catch_up: CatchUp,
}

/// What becomes of the times at which nobody could run the flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// One run makes up for all of them.
    #[default]
    Once,
    /// They are passed over.
    None,
    /// One run for each of them, one after the other: those of the last day.
    All,
}

/// What follows from a time that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whether the flow is to be run now.
    pub run: bool,
    /// The time after it. None: there is none within years.
    pub next: Option<Timestamp>,
}

/// Where a flow stands among those of the same schedule: the same for ever, and spread evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread(u64);

impl Spread {
    pub fn of(tenant: &TenantId, flow: &FlowName) -> Self {
        let digest = Digest::of(format!("{tenant}\0{flow}").as_bytes());
        let first_16_digits = digest.as_str().get(..16).unwrap_or_default();
        Self(u64::from_str_radix(first_16_digits, 16).unwrap_or(0))
    }

    fn within(self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0 % bound }
    }
}

impl Schedule {
    /// A schedule that `judge` takes has times.
    pub fn judge(&self, now: Timestamp) -> Result<(), BadCron> {
        match self {
            Self::Every(_) => Ok(()),
            Self::Cron(cron) => cron::next(cron, now).map(|_| ()),
        }
    }

    pub fn catch_up(&self) -> CatchUp {
        match self {
            Self::Every(Every { catch_up, .. }) | Self::Cron(Cron { catch_up, .. }) => *catch_up,
        }
    }

    /// The first time of a schedule that begins now: an interval begins at once.
    pub fn first(&self, now: Timestamp, spread: Spread) -> Option<Timestamp> {
        match self {
            Self::Every(_) => Some(now),
            Self::Cron(_) => self.following(now, spread),
        }
    }

    /// After a run that somebody started at `now`. An interval counts from it; the clock of a cron does not.
    pub fn after_other_run(&self, due_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(every) => Some(now.plus_ms(every.period_ms())),
            Self::Cron(_) => due_at,
        }
    }

    /// What follows from `due_at` having come.
    pub fn come(&self, due_at: Timestamp, now: Timestamp, spread: Spread) -> Due {
        let late_ms = now.ms_since(due_at);
        let missed = late_ms >= LATE_MS_MAX;
        match self.catch_up() {
            CatchUp::Once => Due { run: true, next: self.following(now, spread_if(late_ms, self, spread)) },
            CatchUp::None => {
                Due { run: !missed, next: self.following(now, spread_if(late_ms, self, spread)) }
            }
            CatchUp::All => {
                let back_ms = match self {
                    Self::Every(every) => every.period_ms().saturating_mul(BACK_COUNT_MAX).min(BACK_MS_MAX),
                    Self::Cron(_) => BACK_MS_MAX,
                };
                let oldest = Timestamp::from_ms(
                    now.as_ms().saturating_sub(i64::try_from(back_ms).unwrap_or(i64::MAX)),
                );
                let from = due_at.max(oldest);
                let next = match self {
                    Self::Every(every) => Some(from.plus_ms(every.period_ms())),
                    Self::Cron(_) => self.following(from, spread),
                };
                Due { run: true, next }
            }
        }
    }

    /// Whether a next time can have been worked out at `now` or before; another one was by a clock that has been set back.
    pub fn is_plausible(&self, due_at: Timestamp, now: Timestamp, spread: Spread) -> bool {
        let latest = match self {
            Self::Every(every) => Some(now.plus_ms(every.period_ms())),
            Self::Cron(_) => self.following(now, spread),
        };
        latest.is_none_or(|latest| due_at <= latest)
    }

    /// The next times as people think of them: without the spread.
    pub fn upcoming(&self, due_at: Option<Timestamp>, now: Timestamp, count: usize) -> Vec<Timestamp> {
        let mut times: Vec<Timestamp> = match self {
            Self::Every(_) => vec![due_at.map_or(now, |at| at.max(now))],
            Self::Cron(_) => Vec::new(),
        };
        while times.len() < count {
            let last = times.last().copied().unwrap_or(now);
            let next = match self {
                Self::Every(every) => Some(last.plus_ms(every.period_ms())),
                Self::Cron(cron) => cron::next(cron, last).ok(),
            };
            let Some(next) = next else { break };
            times.push(next);
        }
        times
    }

    /// The first time behind `at`.
    fn following(&self, at: Timestamp, spread: Spread) -> Option<Timestamp> {
        match self {
            Self::Every(every) => {
                let period_ms = every.period_ms();
                // A spread of zero stands for a run that was on time: the next one a period later.
                if spread == Spread(0) {
                    return Some(at.plus_ms(period_ms));
                }
                let phase_ms = spread.within(period_ms);
                let into_ms = u64::try_from(at.as_ms()).unwrap_or(0) % period_ms;
                let step_ms = (phase_ms + period_ms - into_ms) % period_ms;
                Some(at.plus_ms(if step_ms == 0 { period_ms } else { step_ms }))
            }
            Self::Cron(cron) => {
                let spread_ms = spread.within(SPREAD_MS_MAX);
                let nominal = at.as_ms().saturating_sub(i64::try_from(spread_ms).unwrap_or(0));
                let next = cron::next(cron, Timestamp::from_ms(nominal)).ok()?;
                Some(next.plus_ms(spread_ms))
            }
        }
    }
}

/// Intervals that were missed together would from then on come together: each goes on at its own place in the period.
fn spread_if(late_ms: u64, schedule: &Schedule, spread: Spread) -> Spread {
    match schedule {
        Schedule::Every(every) if late_ms < every.period_ms() => Spread(0),
        _ => spread,
    }
}

impl Every {
    pub fn period_ms(&self) -> u64 {
        self.every_ms.max(EVERY_MS_MIN)
    }
}

#[cfg(test)]
mod tests;
