//! When a flow runs by itself.

use domain::schedule as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CatchUp;
use crate::problem::Problem;

/// When a flow runs by itself: either `every_ms`, or `cron`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// From the start of one run to the start of the next; at least 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1_000)]
    pub every_ms: Option<u64>,
    /// Minute, hour, day of the month, month, day of the week, as in `0 6 * * 1-5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// Of the `cron`, as in `Europe/Berlin`; UTC unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What becomes of the times at which the host could not run it.
    #[serde(default)]
    pub catch_up: CatchUp,
}

// === impl ===

impl TryFrom<Schedule> for rows::Schedule {
    type Error = Problem;

    fn try_from(schedule: Schedule) -> Result<Self, Problem> {
        let Schedule { every_ms, cron, zone, catch_up } = schedule;
        let catch_up = catch_up.into();
        match (every_ms, cron, zone) {
            (Some(every_ms), None, None) => Ok(Self::Every(rows::Every { every_ms, catch_up })),
            (None, Some(cron), zone) => {
                let zone = zone.unwrap_or_else(|| "UTC".to_owned());
                Ok(Self::Cron(rows::Cron { cron, zone, catch_up }))
            }
            _ => Err(Problem::bad_request(
                "invalid_flow",
                "schedule: give either every_ms, or cron and the zone that it is meant in",
            )),
        }
    }
}

impl From<rows::Schedule> for Schedule {
    fn from(row: rows::Schedule) -> Self {
        match row {
            rows::Schedule::Every(every) => {
                Self { every_ms: Some(every.every_ms), catch_up: every.catch_up.into(), ..Self::default() }
            }
            rows::Schedule::Cron(cron) => Self {
                cron: Some(cron.cron),
                zone: Some(cron.zone),
                catch_up: cron.catch_up.into(),
                ..Self::default()
            },
        }
    }
}
