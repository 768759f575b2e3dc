//! What happens to a record, or to a poll, after a failed attempt: asks `domain::retry`, and puts the answer into words.

use domain::Blame;
use domain::call::{CallFailure, Fault, GuestError};
use domain::retry::{Action, Case, Class, RetryPolicy, Seen, Spent};
use domain::run::{Attempt, Failure};
use domain::text::inert;

/// Text from a guest or a remote that is kept with a failure.
const MESSAGE_BYTES_MAX: usize = 1_000;
/// A call that faulted is made once more, alone; a second fault is the record's own.
const FAULTS_MAX: usize = 2;

pub(crate) struct Judge<'a> {
    pub(crate) policy: &'a RetryPolicy,
    /// Doing it twice does no more than doing it once: it only reads, or the remote recognises the key.
    pub(crate) repeatable: bool,
    /// The circuit of the profile is open: the remote is down for everybody.
    pub(crate) down: bool,
}

/// What to do next, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) failure: Failure,
    pub(crate) class: Class,
    pub(crate) action: Action,
}

impl Verdict {
    /// Give up.
    pub(crate) fn bury(failure: Failure, class: Class) -> Self {
        Self { failure, class, action: Action::Bury }
    }

    /// None: there is no next attempt.
    pub(crate) fn wait_ms(&self) -> Option<u64> {
        match self.action {
            Action::Retry { wait_ms, .. } | Action::Suspend { wait_ms } => Some(wait_ms),
            Action::Bury | Action::Stop | Action::Done => None,
        }
    }

    /// Whether the attempt uses nothing up.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.action, Action::Retry { free: true, .. } | Action::Suspend { .. })
    }
}

impl Judge<'_> {
    /// After an answer that is an error, with what the host saw of it.
    pub(crate) fn after(&self, said: &GuestError, seen: Seen, before: &[Attempt], chance: u64) -> Verdict {
        let (repeatable, down) = (self.repeatable, self.down);
        let case = Case { said, seen, repeatable, down, spent: spent(before), chance };
        let judged = self.policy.judge(&case);
        let mut failure = failure_of(said);
        if let (Some(code), Some(why)) = (judged.code, judged.why) {
            let own = said.message();
            failure = Failure {
                blame: if judged.class == Class::Auth { Blame::Operator } else { Blame::Remote },
                code: code.to_owned(),
                message: bounded(&if own.is_empty() { why.to_owned() } else { format!("{why}: {own}") }),
            };
        }
        Verdict { failure, class: judged.class, action: judged.action }
    }

    /// After a call that did not return. `acted`: a request that may have changed the remote had been sent, and would not
    /// be recognised if it were sent again.
    pub(crate) fn after_fault(
        &self,
        fault: &CallFailure,
        acted: bool,
        before: &[Attempt],
        chance: u64,
    ) -> Verdict {
        let mut failure = failure_of_fault(fault);
        if acted {
            failure.code = Class::Ambiguous.as_str().to_owned();
            failure.message = bounded(&format!(
                "the call ended after a request had been sent, and the action does not recognise a repetition; look at the remote whether it was done before you replay the record: {}",
                fault.message
            ));
            return Verdict::bury(failure, Class::Ambiguous);
        }
        if fault.fault == Fault::Host {
            let action = match self.policy.backoff(spent(before).attempts, chance) {
                Some(wait_ms) => Action::Retry { wait_ms, free: false },
                None => Action::Bury,
            };
            return Verdict { failure, class: Class::TransientSafe, action };
        }
        let once_more = before.iter().filter(|attempt| faulted(attempt)).count() + 1 < FAULTS_MAX;
        let action = if once_more { Action::Retry { wait_ms: 0, free: false } } else { Action::Bury };
        Verdict { failure, class: Class::ConnectorFault, action }
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

/// What has been spent, the present attempt included.
fn spent(before: &[Attempt]) -> Spent {
    let count = |counts: &dyn Fn(&&Attempt) -> bool| {
        u32::try_from(before.iter().filter(counts).count()).unwrap_or(u32::MAX)
    };
    let limited = before.iter().filter(|attempt| attempt.is_limited());
    Spent {
        attempts: count(&|attempt| !attempt.free && !attempt.is_limited()).saturating_add(1),
        limits: count(&|attempt| attempt.is_limited()),
        waited_ms: limited.filter_map(|attempt| attempt.wait_ms).fold(0, u64::saturating_add),
        outages: count(&|attempt| attempt.free && !attempt.is_limited()),
    }
}

fn faulted(attempt: &Attempt) -> bool {
    let fault =
        |code: &str| serde_json::from_value::<Fault>(code.into()).is_ok_and(|fault| fault != Fault::Host);
    attempt.failure.as_ref().is_some_and(|failure| fault(&failure.code))
}

#[cfg(test)]
mod tests;
