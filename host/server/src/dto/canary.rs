//! Canaries: the version that is tried, and how it fares.

use domain::canary as rows;
use domain::profile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A share of a profile's work for another version.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCanary {
    /// This version; the highest unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of a hundred runs and calls.
    #[schema(minimum = 1, maximum = 99)]
    pub percent: u8,
}

/// How the version that is tried, or was tried last, fares beside the one in use.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Canary {
    /// The version that is tried.
    pub version: String,
    /// Of a hundred runs and calls; absent where the trial is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// When the trial began.
    pub since: String,
    /// With this version.
    pub tried: Tally,
    /// With the version in use, since then.
    pub in_use: Tally,
    /// When the host gave it up, because it failed more often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_at: Option<String>,
}

/// Pages read, records handed over and calls made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// How many.
    pub tries: u64,
    /// How many of them failed.
    pub failures: u64,
}

impl Canary {
    pub(crate) fn new(trial: rows::Trial, profile: &profile::Profile) -> Self {
        let on = profile.canary.as_ref().filter(|canary| trial.is_of(canary));
        Self {
            percent: on.map(|canary| canary.percent),
            version: trial.version.to_string(),
            since: trial.since.to_string(),
            tried: trial.canary.into(),
            in_use: trial.in_use.into(),
            rolled_back_at: trial.rolled_back_at.map(|at| at.to_string()),
        }
    }
}

impl From<rows::Tally> for Tally {
    fn from(tally: rows::Tally) -> Self {
        Self { tries: tally.tries, failures: tally.failures }
    }
}
