//! What a vendor was sent: every request in order, without a secret in it, bounded.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::Call;

/// Older entries make room for newer ones; the counters keep counting.
const ENTRIES_KEPT: usize = 50_000;

/// Headers whose values are written down. Of `authorization` only the scheme is.
const OF_INTEREST: [&str; 9] = [
    "accept",
    "content-type",
    "idempotency-key",
    "stripe-account",
    "stripe-version",
    "traceparent",
    "user-agent",
    "x-correlation-id",
    "x-request-id",
];

/// One request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1 for the first request of this server.
    pub ordinal: u64,
    pub method: String,
    pub path: String,
    pub query: String,
    /// The scheme in lower case; the value is never kept.
    pub authorization: Option<String>,
    /// The names of all headers, in lower case.
    pub header_names: Vec<String>,
    /// The values of those headers that tests ask about.
    pub headers: BTreeMap<String, String>,
    pub body_bytes: usize,
    /// `None` when the connection was closed instead of answered.
    pub status: Option<u16>,
    /// True when the answer was saved by an earlier request with the same idempotency key.
    pub replayed: bool,
    /// The name of the fault that was injected.
    pub fault: Option<&'static str>,
}

impl Entry {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    pub fn idempotency_key(&self) -> Option<&str> {
        self.header("idempotency-key")
    }

    /// The host's correlation id, or what another client sends in its place.
    pub fn correlation_id(&self) -> Option<&str> {
        ["x-correlation-id", "x-request-id", "traceparent"].into_iter().find_map(|name| self.header(name))
    }
}

/// Totals over every request, also those whose entries have made room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub requests: u64,
    /// Requests whose connection was closed instead of answered are in none of these.
    pub by_status: BTreeMap<u16, u64>,
    pub closed: u64,
    pub replayed: u64,
    pub faulted: u64,
    /// Entries that made room for newer ones.
    pub forgotten: u64,
}

/// The entries and counters of one vendor.
#[derive(Debug)]
pub struct Journal {
    kept: Mutex<Kept>,
    entries_max: usize,
}

impl Default for Journal {
    fn default() -> Self {
        Self { kept: Mutex::default(), entries_max: ENTRIES_KEPT }
    }
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    counters: Counters,
}

/// How a request ended, for its entry.
pub(crate) struct Outcome {
    pub(crate) status: Option<u16>,
    pub(crate) replayed: bool,
    pub(crate) fault: Option<&'static str>,
}

impl Journal {
    /// Only counts.
    pub(crate) fn of_numbers() -> Self {
        Self { entries_max: 0, ..Self::default() }
    }

    /// All entries kept, in the order in which the requests arrived.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = self.lock().entries.iter().cloned().collect::<Vec<_>>();
        entries.sort_by_key(|entry| entry.ordinal);
        entries
    }

    pub fn counters(&self) -> Counters {
        self.lock().counters.clone()
    }

    /// How many of the entries kept have this method and a path that begins so.
    pub fn count(&self, method: &str, path_prefix: &str) -> usize {
        let kept = self.lock();
        kept.entries
            .iter()
            .filter(|entry| entry.method == method && entry.path.starts_with(path_prefix))
            .count()
    }

    pub(crate) fn note(&self, call: &Call, outcome: &Outcome) {
        let entry = (self.entries_max > 0).then(|| entry(call, outcome));
        let mut kept = self.lock();
        let counters = &mut kept.counters;
        counters.requests += 1;
        counters.replayed += u64::from(outcome.replayed);
        counters.faulted += u64::from(outcome.fault.is_some());
        match outcome.status {
            Some(status) => *counters.by_status.entry(status).or_default() += 1,
            None => counters.closed += 1,
        }
        let Some(entry) = entry else { return };
        if kept.entries.len() >= self.entries_max {
            kept.entries.pop_front();
            kept.counters.forgotten += 1;
        }
        kept.entries.push_back(entry);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(call: &Call, outcome: &Outcome) -> Entry {
    let headers = OF_INTEREST
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), call.header(name)?.to_owned())))
        .collect();
    Entry {
        ordinal: call.ordinal,
        method: call.method.to_string(),
        path: call.path.clone(),
        query: call.query.clone(),
        authorization: call.authorization().map(|(scheme, _)| scheme),
        header_names: call.headers.keys().map(ToString::to_string).collect(),
        headers,
        body_bytes: call.bytes().len(),
        status: outcome.status,
        replayed: outcome.replayed,
        fault: outcome.fault,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::*;

    #[tokio::test]
    async fn old_entries_make_room_and_the_counters_keep_counting() {
        let journal = Journal::default();
        let outcome = Outcome { status: Some(200), replayed: false, fault: None };
        for ordinal in 1..=ENTRIES_KEPT as u64 + 2 {
            journal.note(&Call::read(ordinal, Request::new(Body::empty())).await, &outcome);
        }
        let (entries, counters) = (journal.entries(), journal.counters());
        assert_eq!((entries.len(), entries[0].ordinal), (ENTRIES_KEPT, 3));
        assert_eq!((counters.requests, counters.forgotten), (ENTRIES_KEPT as u64 + 2, 2));
    }
}
