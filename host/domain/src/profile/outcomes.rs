//! How calls ended, as far as that says something about the profile: the ring that the status follows from.

use serde::{Deserialize, Serialize};

use super::row::Profile;
use super::status::Reason;
use crate::blame::Blame;
use crate::call::Fault;
use crate::denial::Gate;
use crate::exchange::{Exchange, ExchangeOutcome};
use crate::injected::Timestamp;

/// How many outcomes decide the status.
pub const OUTCOMES_KEPT: usize = 5;
/// How long code that broke in each of these outcomes is left alone before it is tried once more. Long enough that it
/// costs next to nothing, short enough that a fault which data brought about does not stop a flow for long.
pub const QUARANTINE_MS: u64 = 60_000;

/// One call's contribution to the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallOutcome {
    pub at: Timestamp,
    /// None for success.
    pub failure: Option<OutcomeFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeFailure {
    pub code: String,
    pub blame: Blame,
    /// Rows of earlier builds do not say; see [`OutcomeFailure::reason`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// How the last request of a call ended: what the connector made of it is in its error, what it was is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastExchange {
    /// It sent none.
    #[default]
    None,
    Answered(u16),
    Denied(Gate),
    /// On the wire, or in time.
    Failed,
}

impl LastExchange {
    pub fn of(exchanges: &[Exchange]) -> Self {
        match exchanges.last().map(|exchange| &exchange.outcome) {
            None => Self::None,
            Some(ExchangeOutcome::Answered { status, .. }) => Self::Answered(*status),
            Some(ExchangeOutcome::Denied { denial }) => Self::Denied(denial.gate),
            Some(ExchangeOutcome::Failed { .. }) => Self::Failed,
        }
    }
}

impl OutcomeFailure {
    /// What a failure counts for. None: it says nothing about the profile.
    ///
    /// A refused credential, a server error, a network that fails, a time that is over, a refused way out and code that
    /// breaks count. Wrong data (404, 422), a wish to slow down (429) and the host's own failures do not: a busy profile
    /// would flap.
    pub fn counted(code: &str, blame: Blame, last: LastExchange) -> Option<Self> {
        let reason = weigh(code, blame, last)?;
        Some(Self { code: code.to_owned(), blame, reason: Some(reason) })
    }

    pub fn reason(&self) -> Reason {
        let weighed = || weigh(&self.code, self.blame, LastExchange::None);
        self.reason.or_else(weighed).unwrap_or(Reason::Upstream5xx)
    }

    /// Whether it says that the credential does not work, whatever else is tried with it.
    pub fn is_definitive(&self) -> bool {
        self.reason().is_auth()
    }
}

fn weigh(code: &str, blame: Blame, last: LastExchange) -> Option<Reason> {
    if let Ok(fault) = serde_json::from_value::<Fault>(code.into()) {
        return match (fault, last) {
            (Fault::Host, _) => None,
            // It waited for the remote until its time was over.
            (Fault::WallLimit, LastExchange::Failed) => Some(Reason::Network),
            _ if blame == Blame::Guest => Some(Reason::ConnectorTrap),
            _ => None,
        };
    }
    match (code, last) {
        ("auth_required", _) => Some(Reason::AuthRevoked),
        ("rate_limited", _) => None,
        ("denied", LastExchange::Denied(Gate::Budget)) => None,
        ("denied", LastExchange::Denied(Gate::Credential)) => Some(Reason::AuthRevoked),
        ("denied", LastExchange::Denied(Gate::Scope)) => Some(Reason::ScopeMissing),
        ("denied", _) => Some(Reason::EgressDenied),
        // The call ended in the connector's code after a request had been sent.
        ("ambiguous", _) if blame == Blame::Guest => Some(Reason::ConnectorTrap),
        ("transient" | "ambiguous" | "permanent" | "invalid" | "not_found" | "conflict", last) => {
            match last {
                // Whatever the connector made of it.
                LastExchange::Answered(401) => Some(Reason::AuthRevoked),
                LastExchange::Failed => Some(Reason::Network),
                LastExchange::Answered(429) | LastExchange::Denied(_) => None,
                _ if matches!(code, "transient" | "ambiguous") => Some(Reason::Upstream5xx),
                _ => None,
            }
        }
        _ => None,
    }
}

impl CallOutcome {
    /// Whether the guest's code did not come back from the call: not a refusal, not a remote's failure.
    pub fn is_guests_fault(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| {
            let fault = serde_json::from_value::<Fault>(failure.code.as_str().into());
            failure.blame == Blame::Guest && fault.is_ok_and(|fault| fault != Fault::Host)
        })
    }
}

impl Profile {
    /// Remembers how a call ended, if that counts.
    ///
    /// A refused credential stays the last word until a call succeeds: that the network fails meanwhile does not make it
    /// good. A success after it begins the ring anew, since it shows that the credential is good now.
    pub fn note(&mut self, outcome: CallOutcome) {
        let refused = self.refusal().is_some();
        match &outcome.failure {
            None if refused => self.outcomes.clear(),
            Some(failure) if refused && !failure.is_definitive() => return,
            _ => {}
        }
        let was_healthy = self.is_healthy();
        self.outcomes.push(outcome);
        let surplus = self.outcomes.len().saturating_sub(OUTCOMES_KEPT);
        self.outcomes.drain(..surplus);
        self.healthy = Some(self.judged(was_healthy));
    }

    /// Whether another success would change anything: a working profile's good calls are the rule.
    pub fn wants_good_news(&self) -> bool {
        let full = self.outcomes.len() >= OUTCOMES_KEPT;
        !full || self.outcomes.iter().any(|outcome| outcome.failure.is_some())
    }

    /// The failure that says that the credential does not work, and when.
    pub fn refusal(&self) -> Option<(&OutcomeFailure, Timestamp)> {
        let last = self.outcomes.last()?;
        let failure = last.failure.as_ref().filter(|failure| failure.is_definitive())?;
        Some((failure, last.at))
    }

    pub(super) fn is_healthy(&self) -> bool {
        // A row of an earlier build: the last call decides until five more have been made.
        let last = || self.outcomes.last().is_some_and(|outcome| outcome.failure.is_none());
        self.healthy.unwrap_or_else(last)
    }

    fn judged(&self, was_healthy: bool) -> bool {
        let failed = self.outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
        let all_failed = failed >= OUTCOMES_KEPT;
        failed == 0 || (was_healthy && !all_failed && self.refusal().is_none())
    }

    /// Until when the connector is not called, because its own code broke each time lately. A check that succeeds ends it,
    /// and so does one good call behind this time; one more fault begins it again.
    pub fn quarantined_until(&self) -> Option<Timestamp> {
        let broke = self.outcomes.iter().all(CallOutcome::is_guests_fault);
        let last = self.outcomes.last().filter(|_| broke && self.outcomes.len() >= OUTCOMES_KEPT)?;
        Some(last.at.plus_ms(QUARANTINE_MS))
    }

    /// Whether it is not to be called now.
    pub fn is_quarantined(&self, now: Timestamp) -> bool {
        self.quarantined_until().is_some_and(|until| now < until && until.ms_since(now) <= QUARANTINE_MS)
    }
}
