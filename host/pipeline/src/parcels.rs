//! Records that a source has given become parcels in the outbox, each with the mark that it was seen, in one commit.

use std::collections::BTreeSet;

use domain::flow::{Parcel, Seen};
use domain::{FlowName, RecordKey, Timestamp};
use serde_json::Value;
use store::{Commit, Expect, SeenRecords as _, StoreError};

use crate::key::idempotency_key;
use crate::lease::Held;

/// What one commit takes of a flow's records, whether they were polled or sent.
pub(crate) struct Parcels<'a> {
    held: &'a Held,
    flow: &'a FlowName,
    at: Timestamp,
    /// Of the next parcel.
    pub(crate) next_seq: u64,
    /// Records that the flow has seen before, or twice in this commit.
    pub(crate) duplicates: u64,
    taken: BTreeSet<&'a RecordKey>,
}

impl<'a> Parcels<'a> {
    pub(crate) fn new(held: &'a Held, flow: &'a FlowName, next_seq: u64) -> Self {
        Self { held, flow, at: held.room.now(), next_seq, duplicates: 0, taken: BTreeSet::new() }
    }

    pub(crate) fn take(
        &mut self,
        records: &'a [(RecordKey, Value)],
        commit: &mut Commit,
    ) -> Result<(), StoreError> {
        let (tenant, run, at) = (&self.held.tenant, &self.held.run.id, self.at);
        let keys: Vec<RecordKey> = records.iter().map(|(key, _)| key.clone()).collect();
        let seen = self.held.room.store.seen_many(tenant, self.flow, &keys)?;
        for ((key, body), seen) in records.iter().zip(seen) {
            if seen.is_some() || !self.taken.insert(key) {
                self.duplicates += 1;
                continue;
            }
            let seq = self.next_seq;
            let parcel = Parcel {
                seq,
                run: run.clone(),
                key: key.clone(),
                idempotency_key: idempotency_key(tenant, self.flow, key),
                body: body.clone(),
                accepted_at: at,
                attempts: Vec::new(),
                forgiven: 0,
                next_at: at,
                replay_of: None,
            };
            commit.put_parcel(tenant, self.flow, &parcel, Expect::Absent);
            let mark = Seen::Accepted { at, run: Some(run.clone()), seq: Some(seq) };
            commit.put_seen(tenant, self.flow, key, &mark, Expect::Absent);
            self.next_seq += 1;
        }
        Ok(())
    }
}
