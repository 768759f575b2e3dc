//! From what the host saw and what the connector says to one class and one action.

use serde::{Deserialize, Serialize};

use super::policy::{RetryPolicy, Spent, never_earlier};
use super::{Class, Seen};
use crate::call::GuestError;
use crate::denial::Gate;
use crate::failure_code::FailureCode;

/// A remote that asks to wait for nothing still gets a pause, or it could keep a record circling.
const PAUSE_MS_MIN: u64 = 100;
/// However long a remote asks to wait, it is asked again after a day.
const SUSPEND_MS_MAX: u64 = 86_400_000;
/// How often an attempt does not count because the remote is down for everybody. With waits that grow to a quarter of an
/// hour that is four hours and more; then even a record that itself brings the remote down comes to its end.
pub(super) const OUTAGES_MAX: u32 = 20;

/// What to do with a record after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Try again after so many milliseconds. A free attempt uses nothing up.
    Retry { wait_ms: u64, free: bool },
    /// The same, but the wait is longer than a run is held for.
    Suspend { wait_ms: u64 },
    /// Give up: a dead letter.
    Bury,
    /// The credential failed, not the record: it stays as it is until there is one that works.
    Stop,
    /// As good as delivered.
    Done,
}

/// A class with its action, and in which words the host disagrees with the connector, if it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub class: Class,
    pub action: Action,
    /// The stable code of the failure; none: the connector's own.
    pub code: Option<&'static str>,
    /// For people; none: the connector's own words.
    pub why: Option<&'static str>,
}

/// What judging one answer needs besides the policy.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub said: &'a GuestError,
    pub seen: Seen,
    /// The action only reads, or declares how the remote recognises a repetition.
    pub repeatable: bool,
    /// The circuit of the profile is open: the remote is down for everybody.
    pub down: bool,
    pub spent: Spent,
    /// Uniform over all 64-bit numbers; the same chance decides the same.
    pub chance: u64,
}

const UNKNOWN: &str = "a request that may have changed the remote was sent and its outcome is not known, and nothing would tell the remote that it comes a second time; look there whether it was done before you replay the record, and discard it if it was";
const REFUSED: &str = "the remote's last answer says that asking again changes nothing";
const NO_NAME: &str = "the name of the remote does not exist; check the profile's configuration";
const NO_TRUST: &str = "there is no trusted TLS connection to the remote; check its certificate";

impl RetryPolicy {
    /// Decides after an answer that is an error.
    pub fn judge(&self, case: &Case<'_>) -> Judged {
        let (class, code, why) = narrowed(case);
        let action = match class {
            Class::Ambiguous | Class::Permanent | Class::Data | Class::Conflict | Class::ConnectorFault => {
                Action::Bury
            }
            Class::Auth => Action::Stop,
            Class::Done => Action::Done,
            Class::RateLimited => self.limited(case),
            Class::TransientSafe | Class::Transient => self.again(case),
        };
        Judged { class, action, code, why }
    }

    /// A remote that limits the same record again is given twice the time, and never less than it asks for.
    fn limited(&self, case: &Case<'_>) -> Action {
        let first_ms = self.base_ms.max(PAUSE_MS_MIN);
        let pause_ms =
            first_ms.saturating_mul(1 << case.spent.limits.min(62)).min(self.cap_ms.max(PAUSE_MS_MIN));
        let wait_ms = asked_ms(case).unwrap_or(0).max(pause_ms);
        self.held(wait_ms, case.spent.waited_ms, case.chance, true)
    }

    fn again(&self, case: &Case<'_>) -> Action {
        let free = case.down && case.spent.outages < OUTAGES_MAX;
        // An outage is waited for as a first failure is: how long, the circuit says.
        let attempts = if free { 1 } else { case.spent.attempts };
        let Some(wait_ms) = self.backoff(attempts, case.chance) else { return Action::Bury };
        match asked_ms(case) {
            Some(asked_ms) if asked_ms > wait_ms => self.held(asked_ms, 0, case.chance, free),
            _ => Action::Retry { wait_ms, free },
        }
    }

    /// A wait that the remote asked for: within the flow's patience, or beyond it.
    fn held(&self, wait_ms: u64, waited_ms: u64, chance: u64, free: bool) -> Action {
        if waited_ms.saturating_add(wait_ms) <= self.wait_max_ms {
            return Action::Retry { wait_ms: never_earlier(wait_ms, chance), free };
        }
        Action::Suspend { wait_ms: never_earlier(wait_ms.min(SUSPEND_MS_MAX), chance) }
    }
}

fn asked_ms(case: &Case<'_>) -> Option<u64> {
    let said_ms = match case.said {
        GuestError::RateLimited { wait_ms } => *wait_ms,
        _ => None,
    };
    case.seen.asked_ms.max(said_ms)
}

/// The narrower of the two: what the connector says, and what the host saw.
fn narrowed(case: &Case<'_>) -> (Class, Option<&'static str>, Option<&'static str>) {
    let seen = &case.seen;
    let own = |class| (class, None, None);
    let unknown = (Class::Ambiguous, Some("ambiguous"), Some(UNKNOWN));
    if seen.lost {
        // Whatever the connector says of it, it has not seen an answer either.
        return unknown;
    }
    match (seen.last, seen.failure) {
        (Some(Class::Permanent), Some(FailureCode::NameNotFound)) => {
            return (Class::Permanent, Some("name_not_found"), Some(NO_NAME));
        }
        (Some(Class::Permanent), Some(FailureCode::TlsFailed)) => {
            return (Class::Permanent, Some("tls_failed"), Some(NO_TRUST));
        }
        _ => {}
    }
    let said = match case.said {
        GuestError::Conflict(_) if seen.last == Some(Class::Done) => return own(Class::Done),
        GuestError::Invalid(_) | GuestError::NotFound(_) => return own(Class::Data),
        GuestError::Conflict(_) => return own(Class::Conflict),
        GuestError::Permanent(_) => return own(Class::Permanent),
        GuestError::AuthRequired(_) => return own(Class::Auth),
        GuestError::Denied(denial) if denial.gate != Gate::Budget => return own(Class::Permanent),
        GuestError::Denied(_) => Class::TransientSafe,
        GuestError::RateLimited { .. } => Class::RateLimited,
        GuestError::Transient(_) => Class::Transient,
        GuestError::Ambiguous(_) => Class::Ambiguous,
    };
    // From here on the connector asks for another attempt.
    if seen.doubtful {
        return unknown;
    }
    match seen.last {
        Some(Class::Permanent | Class::Data) => return (Class::Permanent, Some("permanent"), Some(REFUSED)),
        Some(Class::Conflict) => return (Class::Conflict, Some("conflict"), Some(REFUSED)),
        Some(Class::Auth) => {
            return (Class::Auth, Some("auth_required"), Some("the remote does not accept the credential"));
        }
        _ => {}
    }
    match said {
        Class::Ambiguous if seen.unknown || !case.repeatable => unknown,
        // A limit that only the connector knows of is kept, but it uses up attempts: it could be for ever.
        Class::RateLimited if !seen.limited => own(Class::Transient),
        _ if seen.limited => own(Class::RateLimited),
        Class::Ambiguous => own(Class::Transient),
        other => own(other),
    }
}

#[cfg(test)]
mod tests;
