//! What a run learns about its profiles: noted once when it ends, not on every call.

use domain::Timestamp;
use domain::profile::{CallOutcome, OutcomeFailure};
use domain::run::Failure;

/// The last telling outcome of one end. Bad data and a wish to slow down tell nothing about a profile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Option<CallOutcome>);

impl Health {
    pub(crate) fn worked(&mut self, at: Timestamp) {
        self.0 = Some(CallOutcome { at, failure: None });
    }

    pub(crate) fn failed(&mut self, at: Timestamp, failure: &Failure) {
        if !matches!(
            failure.code.as_str(),
            "invalid" | "not_found" | "conflict" | "rate_limited" | "permanent"
        ) {
            let failure = OutcomeFailure { code: failure.code.clone(), blame: failure.blame };
            self.0 = Some(CallOutcome { at, failure: Some(failure) });
        }
    }

    /// Goes on with what was learnt later.
    pub(crate) fn follow(&mut self, later: &Self) {
        if later.0.is_some() {
            self.0.clone_from(&later.0);
        }
    }

    pub(crate) fn outcome(&self) -> Option<&CallOutcome> {
        self.0.as_ref()
    }
}
