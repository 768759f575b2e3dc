//! How far a version number has to move for what changed, and whether it did.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{Change, Comparison, Kind};

/// A step of semantic versions, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Nothing changed that anybody can see.
    None,
    Patch,
    Minor,
    Major,
}

/// What the versions of two manifests say, beside what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub old: Version,
    pub new: Version,
    /// The smallest version that would be honest.
    pub least: Version,
    /// Whether the new version is at least that.
    pub enough: bool,
}

impl Step {
    pub(super) fn of(changes: &[Change]) -> Self {
        match changes.iter().map(|change| change.kind).min() {
            None => Self::None,
            Some(Kind::Breaking) => Self::Major,
            Some(Kind::Permission | Kind::Additive) => Self::Minor,
            Some(Kind::Neutral) => Self::Patch,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// The smallest version after `old` that says that such a step was made. Below 1.0.0 the second number stands for the
    /// first, as everywhere with semantic versions in practice: `0.1.4` breaks with `0.2.0`.
    fn least_after(self, old: &Version) -> Version {
        // A pre-release promises nothing, and anything after it may be different.
        if !old.pre.is_empty() || self == Self::None {
            return old.clone();
        }
        let step = match self {
            Self::Major if old.major == 0 => Self::Minor,
            Self::Minor if old.major == 0 => Self::Patch,
            step => step,
        };
        let next = |number: u64| number.saturating_add(1);
        match step {
            Self::Major => Version::new(next(old.major), 0, 0),
            Self::Minor => Version::new(old.major, next(old.minor), 0),
            Self::Patch | Self::None => Version::new(old.major, old.minor, next(old.patch)),
        }
    }
}

impl Comparison {
    /// Whether the versions say what changed.
    pub fn verdict(&self, old: &Version, new: &Version) -> Verdict {
        let least = self.step.least_after(old);
        // A pre-release of the version that is due announces it: it is no promise about the old one.
        let announces = Version::new(new.major, new.minor, new.patch) >= least && new > old;
        // Build metadata is no version: whoever asks for one gets either.
        let enough = new.cmp_precedence(&least).is_ge() || announces;
        Verdict { old: old.clone(), new: new.clone(), least, enough }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_a_least_version_and_less_is_not_enough() {
        for (step, old, new, least, enough) in [
            (Step::Major, "1.4.2", "2.0.0", "2.0.0", true),
            (Step::Major, "1.4.2", "1.5.0", "2.0.0", false),
            (Step::Major, "1.4.2", "3.1.0", "2.0.0", true),
            (Step::Minor, "1.4.2", "1.5.0", "1.5.0", true),
            (Step::Minor, "1.4.2", "1.4.3", "1.5.0", false),
            (Step::Minor, "1.4.2", "2.0.0", "1.5.0", true),
            (Step::Patch, "1.4.2", "1.4.3", "1.4.3", true),
            (Step::Patch, "1.4.2", "1.4.2", "1.4.3", false),
            (Step::None, "1.4.2", "1.4.2", "1.4.2", true),
            (Step::None, "1.4.2", "1.4.1", "1.4.2", false),
            (Step::Patch, "1.4.2", "1.4.2+build.7", "1.4.3", false),
            // Below one, the second number stands for the first.
            (Step::Major, "0.1.4", "0.2.0", "0.2.0", true),
            (Step::Major, "0.1.4", "0.1.5", "0.2.0", false),
            (Step::Minor, "0.1.4", "0.1.5", "0.1.5", true),
            // Before a release nothing was promised; and a pre-release announces what it is a pre-release of.
            (Step::Major, "1.0.0-rc.1", "1.0.0", "1.0.0-rc.1", true),
            (Step::Major, "1.4.2", "2.0.0-beta.1", "2.0.0", true),
            (Step::Major, "1.4.2", "1.5.0-beta.1", "2.0.0", false),
        ] {
            let comparison = Comparison { changes: Vec::new(), step, left_out: 0 };
            let verdict = comparison.verdict(&old.parse().unwrap(), &new.parse().unwrap());
            assert_eq!(
                (verdict.least.to_string().as_str(), verdict.enough),
                (least, enough),
                "{step:?} {old} {new}"
            );
        }
    }
}
