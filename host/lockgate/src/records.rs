//! Where a record is: looked up by its key, over all flows of a tenant, by index.

use domain::dead_letter::DeadLetterState;
use domain::flow::{Seen, Trail};
use domain::run::Attempt;
use domain::{DeadLetterId, FlowName, RecordKey, RunId, Timestamp};
use store::{DeadLetters as _, Flows as _, Outbox as _, PAGE_ITEMS_MAX, Paging, SeenRecords as _};

use crate::error::Error;
use crate::tenant::Tenant;

/// Records that one search finds at most.
pub const FOUND_MAX: usize = 100;

/// Where one record of one flow is.
#[derive(Clone, Debug, PartialEq)]
pub struct Whereabouts {
    /// The flow that read it.
    pub flow: FlowName,
    /// Identifies it in its source.
    pub key: RecordKey,
    /// When the flow took it.
    pub accepted_at: Option<Timestamp>,
    /// The run that read it, or that had it last.
    pub run: Option<RunId>,
    /// Under which the destination knows it.
    pub idempotency_key: Option<String>,
    /// Where it is now.
    pub place: Where,
    /// Every attempt that is still known, oldest first.
    pub attempts: Vec<Attempt>,
    /// How often it was tried, also where the attempts themselves are no longer known.
    pub attempts_made: u32,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// At most [`FOUND_MAX`] of them.
    pub records: Vec<Whereabouts>,
    /// There are others.
    pub more: bool,
}

/// Where a record is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// Accepted, and on its way: its next attempt is not before this time.
    Waiting {
        /// Not before.
        next_at: Option<Timestamp>,
    },
    /// The destination has it.
    Delivered {
        /// When.
        at: Timestamp,
        /// What the remote answered.
        status: Option<u16>,
    },
    /// The mapping dropped it.
    Skipped {
        /// When.
        at: Timestamp,
    },
    /// It gave up.
    DeadLetter {
        /// When.
        at: Timestamp,
        /// Which dead letter.
        id: Option<DeadLetterId>,
        /// Where that stands.
        state: Option<DeadLetterState>,
    },
}

impl Tenant {
    /// Every record with this key, or whose key begins so, in one flow or in all of them: the first [`FOUND_MAX`], and
    /// whether there are more.
    ///
    /// Asks an index of each flow, so that it takes as long for a million records as for ten. What a removed flow has
    /// read is found where the flow is named.
    pub fn find_records(&self, key: &str, beginning: bool, flow: Option<&FlowName>) -> Result<Found, Error> {
        let exact: RecordKey = key.parse()?;
        let flows = match flow {
            Some(flow) => vec![flow.clone()],
            None => self.flow_names()?,
        };
        let store = &self.rooms.store;
        let mut records = Vec::new();
        for flow in flows {
            let seen = if beginning {
                store.seen_beginning(&self.id, &flow, key, (FOUND_MAX + 1).saturating_sub(records.len()))?
            } else {
                let seen = store.seen(&self.id, &flow, &exact)?;
                seen.map(|seen| (exact.clone(), seen)).into_iter().collect()
            };
            records.extend(seen.into_iter().map(|(key, seen)| (flow.clone(), key, seen)));
            if records.len() > FOUND_MAX {
                break;
            }
        }
        let more = records.len() > FOUND_MAX;
        records.truncate(FOUND_MAX);
        let records: Result<_, _> =
            records.into_iter().map(|(flow, key, seen)| self.whereabouts(flow, key, seen)).collect();
        Ok(Found { records: records?, more })
    }

    fn flow_names(&self) -> Result<Vec<FlowName>, Error> {
        let mut names = Vec::new();
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = self.rooms.store.flows(&self.id, &paging)?;
            names.extend(page.items.into_iter().map(|row| row.value.name));
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => return Ok(names),
            }
        }
    }

    fn whereabouts(&self, flow: FlowName, key: RecordKey, seen: Seen) -> Result<Whereabouts, Error> {
        let store = &self.rooms.store;
        let mut found = Whereabouts {
            flow,
            key,
            accepted_at: None,
            run: None,
            idempotency_key: None,
            place: Where::Waiting { next_at: None },
            attempts: Vec::new(),
            attempts_made: 0,
        };
        match seen {
            Seen::Accepted { at, run, seq } => {
                (found.accepted_at, found.run) = (Some(at), run);
                let parcel = match seq {
                    Some(seq) => store.parcel(&self.id, &found.flow, seq)?.map(|row| row.value),
                    None => None,
                };
                if let Some(parcel) = parcel.filter(|parcel| parcel.key == found.key) {
                    found.place = Where::Waiting { next_at: Some(parcel.next_at) };
                    found.idempotency_key = Some(parcel.idempotency_key);
                    found.attempts_made = u32::try_from(parcel.attempts.len()).unwrap_or(u32::MAX);
                    found.attempts = parcel.attempts;
                    found.run = Some(parcel.run);
                }
            }
            Seen::Delivered { at, trail } => {
                let status = trail.as_ref().and_then(|trail| trail.status);
                found.place = Where::Delivered { at, status };
                found.follows(trail);
                found.attempts = self.logged_attempts(&found)?;
            }
            Seen::Skipped { at, trail } => {
                found.place = Where::Skipped { at };
                found.follows(trail);
            }
            Seen::Buried { at, trail, letter } => {
                found.follows(trail);
                let row = match &letter {
                    Some(id) => store.dead_letter(&self.id, id)?.map(|row| row.value),
                    None => None,
                };
                let state = row.as_ref().map(|letter| letter.state.clone());
                if let Some(row) = row {
                    found.idempotency_key = Some(row.idempotency_key);
                    found.attempts = row.attempts;
                }
                found.place = Where::DeadLetter { at, id: letter, state };
            }
        }
        Ok(found)
    }

    /// The attempts of a record that has left the pipeline, as far as the log still has them.
    fn logged_attempts(&self, of: &Whereabouts) -> Result<Vec<Attempt>, Error> {
        let filter = crate::LogFilter { record: Some(&of.key), settled: true, ..crate::LogFilter::default() };
        let page = self.logs(filter, PAGE_ITEMS_MAX)?;
        let mut attempts = Vec::new();
        for entry in page.items.into_iter().rev() {
            let domain::log::LogEvent::Settled { records } = entry.event else { continue };
            let mine = records.into_iter().filter(|record| {
                record.key == of.key && Some(&record.idempotency_key) == of.idempotency_key.as_ref()
            });
            attempts.extend(mine.filter_map(|record| record.attempt));
        }
        Ok(attempts)
    }
}

impl Whereabouts {
    fn follows(&mut self, trail: Option<Trail>) {
        if let Some(trail) = trail {
            self.accepted_at = Some(trail.accepted_at);
            self.run = Some(trail.run);
            self.idempotency_key = Some(trail.idempotency_key);
            self.attempts_made = trail.attempts;
        }
    }
}
