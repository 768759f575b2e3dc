//! A canary: a share of a profile's runs and calls tries another version of its connector, and a version that fails more
//! than the one in use is given up by the host itself.

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::GuestError;
use crate::connector::ConnectorRef;
use crate::ids::{CorrelationId, RunId};
use crate::injected::Timestamp;
use crate::profile::{Grant, Profile};

/// Fewer tries than this say nothing.
pub const TRIES_MIN: u64 = 5;
/// Worse by so much is not worse yet: the odd failure meets either version.
const TOLERATED_RATE: f64 = 0.01;
/// A rate may differ by this factor before the version is to blame.
const TOLERATED_FACTOR: f64 = 1.5;
/// Versions that were given up and are remembered; a run that is older than so many trials goes on with its own.
const GIVEN_UP_MAX: usize = 16;
/// Of the normal distribution, for a lower bound that holds in 97.5 of 100 cases.
const CONFIDENCE: f64 = 1.96;

/// The version that is tried, and how much of the work it gets. Part of the profile's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    pub version: Version,
    /// Of a hundred runs and calls; 1 to 99.
    pub percent: u8,
    /// Also tells this trial from an earlier one of the same version.
    pub since: Timestamp,
    /// As the version wants it: its own defaults filled in.
    pub config: Value,
    /// What of the profile's grant it asks for too.
    pub grant: Grant,
}

/// How the two versions have fared since the trial began. Kept apart from the profile, whose row is read for every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    pub version: Version,
    pub since: Timestamp,
    pub in_use: Tally,
    pub canary: Tally,
    /// When the host gave the version up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_at: Option<Timestamp>,
    /// It ended well: the version became the one in use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promoted: bool,
    /// Versions of the trials before that did not end so, the newest last: a run that goes with one of them must not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<Version>,
}

/// What was tried with one version: pages read, records handed over, calls made by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    pub tries: u64,
    pub failures: u64,
}

impl Canary {
    /// A trial of what `moved` is: the profile as it would be with the version.
    pub fn new(moved: Profile, percent: u8, since: Timestamp) -> Self {
        let Profile { connector, config, grant, .. } = moved;
        Self { version: connector.version, percent, since, config, grant }
    }

    /// The profile as the canary is called for it. What was revoked since the trial began is revoked here too.
    pub fn stands_in(&self, profile: &Profile) -> Profile {
        let now = &profile.grant;
        let grant = Grant {
            hosts: self.grant.hosts.intersection(&now.hosts).cloned().collect(),
            scopes: self.grant.scopes.intersection(&now.scopes).cloned().collect(),
            granted_at: now.granted_at,
        };
        let connector = self.connector(profile);
        Profile { connector, grant, config: self.config.clone(), ..profile.clone() }
    }

    /// What is called in place of the connector in use.
    pub fn connector(&self, profile: &Profile) -> ConnectorRef {
        ConnectorRef { version: self.version.clone(), ..profile.connector.clone() }
    }

    /// Whether this run goes with the canary. The same run always does or never does.
    pub fn takes_run(&self, run: &RunId) -> bool {
        self.takes(run.as_str())
    }

    /// Whether this call goes with the canary.
    pub fn takes_call(&self, correlation: &CorrelationId) -> bool {
        self.takes(correlation.as_str())
    }

    fn takes(&self, id: &str) -> bool {
        use sha2::Digest as _;
        let digest: [u8; 32] = sha2::Sha256::digest(id.as_bytes()).into();
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d]) % 100 < u32::from(self.percent)
    }
}

impl Trial {
    pub fn new(of: &Canary) -> Self {
        let (version, since) = (of.version.clone(), of.since);
        let (in_use, canary) = (Tally::default(), Tally::default());
        Self { version, since, in_use, canary, rolled_back_at: None, promoted: false, given_up: Vec::new() }
    }

    /// The trial of this canary: the one that is kept, or the one that follows it.
    pub fn following(kept: Option<Self>, of: &Canary) -> Self {
        match kept {
            Some(trial) if trial.is_of(of) => trial,
            Some(before) => {
                let mut given_up = before.given_up;
                given_up.retain(|version| *version != before.version);
                if !before.promoted {
                    given_up.push(before.version);
                }
                given_up.retain(|version| *version != of.version);
                let surplus = given_up.len().saturating_sub(GIVEN_UP_MAX);
                given_up.drain(..surplus);
                Self { given_up, ..Self::new(of) }
            }
            None => Self::new(of),
        }
    }

    /// Whether a version was tried and given up, or the trial was stopped. Whoever asks has seen that it is not tried now.
    pub fn gave_up(&self, version: &Version) -> bool {
        (self.version == *version && !self.promoted) || self.given_up.contains(version)
    }

    /// Whether it is the trial of this canary.
    pub fn is_of(&self, canary: &Canary) -> bool {
        self.version == canary.version && self.since == canary.since
    }

    /// Whether the canary fails so much more often that chance does not explain it.
    pub fn has_failed(&self) -> bool {
        let tolerated = self.in_use.rate() * TOLERATED_FACTOR + TOLERATED_RATE;
        self.canary.tries >= TRIES_MIN && self.canary.at_least() > tolerated
    }
}

impl Tally {
    /// One result for each input of a call. A remote that asks to slow down says nothing of the version.
    pub fn of<T>(results: &[Result<T, GuestError>]) -> Self {
        let failed = |result: &&Result<T, GuestError>| {
            result.as_ref().is_err_and(|error| !matches!(error, GuestError::RateLimited { .. }))
        };
        Self { tries: results.len() as u64, failures: results.iter().filter(failed).count() as u64 }
    }

    /// A call that did not return, with so many inputs.
    pub fn lost(inputs: usize) -> Self {
        Self { tries: inputs as u64, failures: inputs as u64 }
    }

    pub fn add(&mut self, more: Self) {
        self.tries = self.tries.saturating_add(more.tries);
        self.failures = self.failures.saturating_add(more.failures);
    }

    /// From 0 to 1.
    pub fn rate(self) -> f64 {
        if self.tries == 0 { 0.0 } else { self.failures as f64 / self.tries as f64 }
    }

    /// The lower end of Wilson's interval: what the rate is at least, as far as so many tries can tell.
    fn at_least(self) -> f64 {
        let n = self.tries as f64;
        let (rate, square) = (self.rate(), CONFIDENCE * CONFIDENCE);
        let spread = CONFIDENCE * (rate * (1.0 - rate) / n + square / (4.0 * n * n)).sqrt();
        ((rate + square / (2.0 * n) - spread) / (1.0 + square / n)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(in_use: (u64, u64), canary: (u64, u64)) -> Trial {
        let tally = |(tries, failures)| Tally { tries, failures };
        let (in_use, canary) = (tally(in_use), tally(canary));
        let version = Version::new(2, 0, 0);
        let since = Timestamp::from_ms(0);
        Trial { version, since, in_use, canary, rolled_back_at: None, promoted: false, given_up: Vec::new() }
    }

    #[test]
    fn a_version_that_fails_every_time_is_given_up_at_once() {
        assert!(!trial((100, 0), (4, 4)).has_failed(), "too few tries");
        assert!(trial((100, 0), (5, 5)).has_failed());
    }

    #[test]
    fn the_odd_failure_is_no_reason() {
        assert!(!trial((1_000, 2), (20, 1)).has_failed());
        assert!(!trial((0, 0), (50, 1)).has_failed());
    }

    #[test]
    fn a_rate_that_rises_is_one() {
        assert!(trial((1_000, 2), (200, 12)).has_failed());
        assert!(trial((0, 0), (20, 5)).has_failed());
    }

    #[test]
    fn what_meets_both_versions_is_the_remotes_fault() {
        assert!(!trial((1_000, 500), (100, 52)).has_failed());
        assert!(!trial((20, 20), (20, 20)).has_failed());
    }

    #[test]
    fn so_many_of_a_hundred_runs_go_with_it_and_each_stays_with_its_choice() {
        let version = Version::new(2, 0, 0);
        for percent in [1, 10, 50, 99] {
            let canary = Canary {
                version: version.clone(),
                percent,
                since: Timestamp::from_ms(0),
                config: Value::Null,
                grant: Grant::default(),
            };
            let takes = |n: u32| canary.takes_call(&format!("{n:032x}").parse().unwrap());
            let taken = (0..10_000).filter(|n| takes(*n)).count();
            let wanted = usize::from(percent) * 100;
            assert!(taken.abs_diff(wanted) < 200, "{taken} of 10,000 at {percent} %");
            assert_eq!(takes(7), takes(7));
        }
    }

    #[test]
    fn a_version_stays_given_up_while_others_are_tried_after_it() {
        let canary = |version: u64| Canary {
            version: Version::new(version, 0, 0),
            percent: 10,
            since: Timestamp::from_ms(i64::try_from(version).unwrap()),
            config: Value::Null,
            grant: Grant::default(),
        };
        let gave_up = |trial: &Trial, version: u64| trial.gave_up(&Version::new(version, 0, 0));
        let second = Trial::new(&canary(2));
        assert_eq!(Trial::following(Some(second.clone()), &canary(2)), second);
        let third = Trial::following(Some(second), &canary(3));
        assert!(gave_up(&third, 2) && !gave_up(&third, 1));
        let promoted = Trial { promoted: true, ..third };
        assert!(!gave_up(&promoted, 3), "it became the one in use");
        let fourth = Trial::following(Some(promoted), &canary(4));
        assert!(gave_up(&fourth, 2) && !gave_up(&fourth, 3));
        let again = Trial::following(Some(fourth), &canary(2));
        assert_eq!(again.given_up, [Version::new(4, 0, 0)], "it is tried again");
        let many = (5..60).fold(again, |before, version| Trial::following(Some(before), &canary(version)));
        assert_eq!(many.given_up.len(), GIVEN_UP_MAX);
        assert!(gave_up(&many, 58) && !gave_up(&many, 10));
    }
}
