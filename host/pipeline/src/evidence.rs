//! Which request of a call was for which record, and what it tells: for the attempt, the dead letter and the log.

use std::collections::HashMap;

use domain::RecordKey;
use domain::dead_letter::Step;
use domain::exchange::Exchange;
use domain::flow::Parcel;
use domain::run::Attempt;

use crate::key::keys_in;

/// What is known of a record besides its fate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) step: Step,
    /// What the mapping made of it.
    pub(crate) mapped: Option<String>,
    /// The last request that was for it.
    pub(crate) exchange: Option<Exchange>,
}

/// The records of one call, by the idempotency keys under which they are sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records(Vec<(String, RecordKey)>);

impl Records {
    pub(crate) fn of<'a>(batch: impl IntoIterator<Item = &'a Parcel>) -> Self {
        let one = |parcel: &Parcel| (parcel.idempotency_key.clone(), parcel.key.clone());
        Self(batch.into_iter().map(one).collect())
    }

    /// For each request the place of its record. A request that carries no key can only be told where there is but
    /// one record.
    pub(crate) fn places(&self, exchanges: &[Exchange]) -> Vec<Option<usize>> {
        let places: HashMap<&str, usize> =
            self.0.iter().enumerate().map(|(at, (key, _))| (key.as_str(), at)).collect();
        let only = (self.0.len() == 1).then_some(0);
        let place = |exchange: &Exchange| {
            let headers = exchange.request_headers.iter().map(|(_, value)| value.as_str());
            let texts = headers.chain([exchange.url.as_str()]).chain(exchange.request_excerpt.as_deref());
            let texts = exchange.key.as_deref().into_iter().chain(texts);
            texts.flat_map(keys_in).find_map(|key| places.get(key).copied()).or(only)
        };
        exchanges.iter().map(place).collect()
    }

    pub(crate) fn record(&self, place: usize) -> Option<&RecordKey> {
        self.0.get(place).map(|(_, record)| record)
    }

    /// For each record the last request that was for it.
    pub(crate) fn last_requests(&self, exchanges: &[Exchange]) -> HashMap<RecordKey, Exchange> {
        let places = self.places(exchanges);
        let found = places.into_iter().zip(exchanges);
        found.filter_map(|(place, exchange)| Some((self.record(place?)?.clone(), exchange.clone()))).collect()
    }
}

/// Says in an attempt what was asked and answered.
pub(crate) fn told(attempt: &mut Attempt, exchange: &Exchange) {
    attempt.status = exchange.status();
    attempt.request = Some(exchange.request_line());
    attempt.remote_request_id.clone_from(&exchange.remote_request_id);
}
