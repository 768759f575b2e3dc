//! What happens to a record, or to a poll, after a failed attempt: decided from the class of the failure and what was spent.

use domain::Blame;
use domain::call::{CallFailure, Fault, GuestError};
use domain::retry::{Decision, RetryPolicy, Spent};
use domain::run::{Attempt, Failure};
use domain::text::inert;

/// Text from a guest or a remote that is kept with a failure.
const MESSAGE_BYTES_MAX: usize = 1_000;
/// A remote that asks to wait for nothing still gets a pause, or it could keep a record circling for ever.
const PAUSE_MS_MIN: u64 = 100;
/// A call that faulted is made once more, alone; a second fault is the record's own.
const FAULTS_MAX: usize = 2;

const RATE_LIMITED: &str = "rate_limited";
const AMBIGUOUS: &str = "ambiguous";

pub(crate) struct Judge<'a> {
    pub(crate) policy: &'a RetryPolicy,
    /// Doing it twice does no more than doing it once: it only reads, or the remote recognises the key.
    pub(crate) repeatable: bool,
}

/// What to do next, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) failure: Failure,
    /// None: give up.
    pub(crate) wait_ms: Option<u64>,
}

impl Judge<'_> {
    /// After an answer that is an error.
    pub(crate) fn after(&self, error: &GuestError, before: &[Attempt], chance: u64) -> Verdict {
        let spent = spent(before);
        let decision = match error {
            GuestError::RateLimited { wait_ms } => {
                // A remote that limits the same record again is given twice the time, and never less than it asks for.
                let asked_ms = wait_ms.unwrap_or(0).max(self.pause_ms(before));
                self.policy.after(&GuestError::RateLimited { wait_ms: Some(asked_ms) }, spent, chance)
            }
            GuestError::Ambiguous(_) if self.repeatable => self.policy.backoff(spent, chance),
            other => self.policy.after(other, spent, chance),
        };
        Verdict { failure: failure_of(error), wait_ms: wait(decision) }
    }

    /// After a call that did not return. `acted`: a request that may have changed the remote had been sent.
    pub(crate) fn after_fault(
        &self,
        fault: &CallFailure,
        acted: bool,
        before: &[Attempt],
        chance: u64,
    ) -> Verdict {
        let mut failure = failure_of_fault(fault);
        if acted && !self.repeatable {
            failure.code = AMBIGUOUS.to_owned();
            failure.message = bounded(&format!(
                "the call ended after a request had been sent, and the action does not recognise a repetition: {}",
                fault.message
            ));
            return Verdict { failure, wait_ms: None };
        }
        let wait_ms = if fault.fault == Fault::Host {
            wait(self.policy.backoff(spent(before), chance))
        } else {
            (before.iter().filter(|attempt| faulted(attempt)).count() + 1 < FAULTS_MAX).then_some(0)
        };
        Verdict { failure, wait_ms }
    }

    fn pause_ms(&self, before: &[Attempt]) -> u64 {
        let doublings = before.iter().filter(|attempt| limited(attempt)).count().min(62);
        let first_ms = self.policy.base_ms.max(PAUSE_MS_MIN);
        first_ms.saturating_mul(1 << doublings).min(self.policy.cap_ms.max(PAUSE_MS_MIN))
    }
}

/// Whether the last attempt was part of a call that faulted: the next one is made alone, so that a record that breaks
/// the connector does not take its neighbours with it.
pub(crate) fn goes_alone(attempts: &[Attempt]) -> bool {
    attempts.last().is_some_and(faulted)
}

pub(crate) fn failure_of(error: &GuestError) -> Failure {
    Failure { blame: error.blame(), code: error.code().to_owned(), message: bounded(&error.message()) }
}

pub(crate) fn failure_of_fault(fault: &CallFailure) -> Failure {
    Failure { blame: fault.blame, code: fault.fault.code().to_owned(), message: bounded(&fault.message) }
}

/// The mapping is the operator's text, so what it breaks is not the connector's fault.
pub(crate) fn of_mapping(mut failure: Failure) -> Failure {
    if failure.blame != Blame::Host {
        failure.blame = Blame::Operator;
    }
    failure.message = bounded(&format!("the mapping failed: {}", failure.message));
    failure
}

fn bounded(text: &str) -> String {
    inert(text, MESSAGE_BYTES_MAX)
}

fn wait(decision: Decision) -> Option<u64> {
    match decision {
        Decision::Retry { wait_ms } => Some(wait_ms),
        Decision::Bury => None,
    }
}

/// What has been spent, the present attempt included. Waits that the remote asked for do not count as attempts.
fn spent(before: &[Attempt]) -> Spent {
    let waited_ms = before.iter().filter(|attempt| limited(attempt)).filter_map(|attempt| attempt.wait_ms);
    let counted = before.iter().filter(|attempt| !limited(attempt)).count();
    Spent {
        attempts: u32::try_from(counted).unwrap_or(u32::MAX).saturating_add(1),
        waited_ms: waited_ms.fold(0, u64::saturating_add),
    }
}

fn limited(attempt: &Attempt) -> bool {
    attempt.failure.as_ref().is_some_and(|failure| failure.code == RATE_LIMITED)
}

fn faulted(attempt: &Attempt) -> bool {
    let fault =
        |code: &str| serde_json::from_value::<Fault>(code.into()).is_ok_and(|fault| fault != Fault::Host);
    attempt.failure.as_ref().is_some_and(|failure| fault(&failure.code))
}

#[cfg(test)]
mod tests;
