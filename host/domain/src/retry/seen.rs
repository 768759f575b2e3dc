//! What the host itself saw of one record's requests: the connector can add to it, and take nothing away.

use super::class::{Class, is_idempotent};
use super::keys::is_of;
use crate::exchange::{Exchange, ExchangeOutcome};
use crate::failure_code::FailureCode;

/// One call with everything that it sent.
#[derive(Clone, Copy, Debug)]
pub struct Saw<'a> {
    pub exchanges: &'a [Exchange],
    /// The action only reads: whatever it sent may be sent again.
    pub reads: bool,
    /// The keys of the records that the call was for. A request without key may belong to any of them.
    pub keys: &'a [&'a str],
    /// How many of the records the connector itself reports as ambiguous.
    pub ambiguous: usize,
}

/// What the host saw of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// A request that must not be repeated has an unknown outcome, and may be this record's.
    pub unknown: bool,
    /// And the connector has not told whose it is.
    pub doubtful: bool,
    /// And there was no answer to it that the connector could have read.
    pub lost: bool,
    /// The remote asked to slow down.
    pub limited: bool,
    /// The longest wait that the remote asked for.
    pub asked_ms: Option<u64>,
    /// How the record's last request ended, where it is certain that it is this record's and nothing that was sent for
    /// it speaks for another attempt.
    pub last: Option<Class>,
    /// What stood in the way of that request.
    pub failure: Option<FailureCode>,
}

impl Saw<'_> {
    /// Of each record, in the order of the keys.
    pub fn each(&self) -> Vec<Seen> {
        // A key that is no record's own was made up by the connector, and may be any record's.
        let owner = |exchange: &Exchange| {
            let carried = exchange.key.as_deref()?;
            self.keys.iter().position(|key| is_of(carried, key))
        };
        let owned: Vec<(Option<usize>, &Exchange)> =
            self.exchanges.iter().map(|exchange| (owner(exchange), exchange)).collect();
        (0..self.keys.len()).map(|record| self.one(record, &owned)).collect()
    }

    fn one(&self, record: usize, owned: &[(Option<usize>, &Exchange)]) -> Seen {
        let mine = || {
            let mine = owned.iter().filter(|(owner, _)| owner.is_none_or(|owner| owner == record));
            mine.map(|(_, exchange)| *exchange)
        };
        let own = || owned.iter().rfind(|(owner, _)| *owner == Some(record)).map(|(_, exchange)| *exchange);
        let alone = self.keys.len() == 1;

        let unknown = |exchange: &&Exchange| self.class(exchange) == Some(Class::Ambiguous);
        let doubts = mine().filter(unknown).count();
        // Where the connector itself reports as many, it has told which ones they are.
        let doubtful = doubts > 0 && (alone || doubts > self.ambiguous);
        let supported = mine().any(|exchange| self.class(exchange).is_some_and(Class::is_retried));
        let last = if alone { mine().next_back() } else { own() };
        let last = last.filter(|_| !supported);
        Seen {
            unknown: doubts > 0,
            doubtful,
            lost: doubtful && mine().filter(unknown).any(|exchange| failure(exchange).is_some()),
            limited: mine().any(|exchange| exchange.class == Some(Class::RateLimited)),
            asked_ms: mine().filter_map(|exchange| exchange.asked_ms).max(),
            last: last.and_then(|exchange| self.class(exchange)),
            failure: last.and_then(failure),
        }
    }

    /// Whether a request that may have changed the remote was sent, and could not be recognised if it were sent again.
    pub fn acted_unrecognisably(&self) -> bool {
        self.exchanges.iter().any(|exchange| {
            let sent = match &exchange.outcome {
                ExchangeOutcome::Answered { .. } => true,
                ExchangeOutcome::Denied { .. } => false,
                ExchangeOutcome::Failed { failure } => failure.sent,
            };
            sent && !self.reads && !is_idempotent(&exchange.method) && exchange.key.is_none()
        })
    }

    fn class(&self, exchange: &Exchange) -> Option<Class> {
        match exchange.class {
            Some(Class::Ambiguous) if self.reads => Some(Class::Transient),
            class => class,
        }
    }
}

/// How many requests the remote answered as one that works does, and how many say that it, or the way to it, does not. A
/// refusal of data and a wish to slow down are answers of a remote that works; what a gate denied says nothing.
pub fn health(exchanges: &[Exchange]) -> (u32, u32) {
    let sent =
        exchanges.iter().filter(|exchange| !matches!(exchange.outcome, ExchangeOutcome::Denied { .. }));
    sent.fold((0, 0), |(good, bad), exchange| match exchange.class.is_some_and(Class::is_outage) {
        false => (good.saturating_add(1), bad),
        true => (good, bad.saturating_add(1)),
    })
}

fn failure(exchange: &Exchange) -> Option<FailureCode> {
    match &exchange.outcome {
        ExchangeOutcome::Failed { failure } => Some(failure.code),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
