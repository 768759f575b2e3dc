//! What a run learns about its profiles: noted when it ends, and at once where a refused credential is concerned.

use domain::Timestamp;
use domain::exchange::Exchange;
use domain::profile::{CallOutcome, LastExchange, OutcomeFailure, Reason};
use domain::run::Failure;

/// The last telling outcome of one end. What counts is decided in `domain::profile`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    /// Of the call that is being judged.
    last: LastExchange,
    outcome: Option<CallOutcome>,
}

impl Health {
    /// A call has ended that sent this.
    pub(crate) fn heard(&mut self, exchanges: &[Exchange]) {
        self.last = LastExchange::of(exchanges);
    }

    pub(crate) fn worked(&mut self, at: Timestamp) {
        self.outcome = Some(CallOutcome { at, failure: None });
    }

    pub(crate) fn failed(&mut self, at: Timestamp, failure: &Failure) {
        if let Some(failure) = OutcomeFailure::counted(&failure.code, failure.blame, self.last) {
            self.outcome = Some(CallOutcome { at, failure: Some(failure) });
        }
    }

    /// The remote does not take the credential, in whatever words the connector says so.
    pub(crate) fn refused_by(&mut self, at: Timestamp, failure: &Failure) {
        let reason = Some(Reason::AuthRevoked);
        let failure = OutcomeFailure { code: failure.code.clone(), blame: failure.blame, reason };
        self.outcome = Some(CallOutcome { at, failure: Some(failure) });
    }

    /// Goes on with what was learnt later.
    pub(crate) fn follow(&mut self, later: &Self) {
        if later.outcome.is_some() {
            self.outcome.clone_from(&later.outcome);
        }
    }

    /// Whether the last word is that the credential does not work.
    pub(crate) fn refused(&self) -> bool {
        let failure = self.outcome.as_ref().and_then(|outcome| outcome.failure.as_ref());
        failure.is_some_and(OutcomeFailure::is_definitive)
    }

    pub(crate) fn outcome(&self) -> Option<&CallOutcome> {
        self.outcome.as_ref()
    }
}
