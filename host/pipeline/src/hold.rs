//! A wait that concerns more than one record: the one entrance for whoever says that a profile is not to be called for now.
//!
//! A remote that asks for a pause, a profile that backs off, a circuit that is open: each is a [`HoldOff`], put into what a
//! delivery or a poll came to. A short one is waited for; a long one suspends the run, and its place is free meanwhile.

use domain::run::Failure;
use domain::{ProfileName, Timestamp};

/// Nothing is sent to the profile before this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HoldOff {
    pub(crate) until: Timestamp,
    /// Why: shown with the run.
    pub(crate) reason: Failure,
    /// A run that is suspended for it is woken when this one recovers.
    pub(crate) profile: ProfileName,
}

impl HoldOff {
    /// The later of two.
    pub(crate) fn or_later(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.until > self.until => other,
            _ => self,
        }
    }
}
