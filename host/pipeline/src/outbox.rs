//! Which parcels of a flow a run may touch, and which of them go together.

use domain::flow::{Flow, Parcel};
use domain::run::{Cause, Run};
use domain::{TenantId, Timestamp};
use store::{Outbox as _, PAGE_ITEMS_MAX, Store, StoreError};

use crate::judge::goes_alone;
use crate::replay::REPLAYS_MAX;

/// Leaves room for the parcels of every replay in one look at the outbox.
const BATCH_MAX: usize = PAGE_ITEMS_MAX - REPLAYS_MAX;

/// The outbox of a flow as one run sees it: a replay has its own parcel, and every other run has all the rest.
pub(crate) struct Waiting<'a> {
    pub(crate) store: &'a Store,
    pub(crate) tenant: &'a TenantId,
    pub(crate) run: &'a Run,
}

impl Waiting<'_> {
    /// The next batch, in order. None is due: empty.
    pub(crate) fn batch(
        &self,
        flow: &Flow,
        now: Timestamp,
        bytes_max: usize,
    ) -> Result<Vec<Parcel>, StoreError> {
        let count_max = usize::try_from(flow.delivery.batch).unwrap_or(BATCH_MAX).clamp(1, BATCH_MAX);
        let due = self.store.due(self.tenant, &flow.name, now, count_max + REPLAYS_MAX)?;
        let due = due.into_iter().map(|row| row.value).filter(|parcel| self.is_mine(parcel));
        let mut batch = Vec::new();
        let mut bytes = 0_usize;
        for parcel in due.take(count_max) {
            let alone = goes_alone(&parcel.attempts);
            bytes = bytes.saturating_add(parcel.body.to_string().len());
            if !batch.is_empty() && (alone || bytes > bytes_max) {
                break;
            }
            batch.push(parcel);
            if alone {
                break;
            }
        }
        Ok(batch)
    }

    /// When the next of its parcels may go; none when none is left.
    pub(crate) fn next_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.all()?.into_iter().map(|parcel| parcel.next_at).min())
    }

    /// The first ones, due or not.
    pub(crate) fn all(&self) -> Result<Vec<Parcel>, StoreError> {
        let parcels = self.store.parcels(self.tenant, &self.run.flow, PAGE_ITEMS_MAX)?;
        Ok(parcels.into_iter().map(|row| row.value).filter(|parcel| self.is_mine(parcel)).collect())
    }

    /// Whether more parcels wait than a source may pile up, replays included.
    pub(crate) fn is_full(&self, waiting_max: usize) -> Result<bool, StoreError> {
        self.store.has_more_parcels(self.tenant, &self.run.flow, waiting_max)
    }

    fn is_mine(&self, parcel: &Parcel) -> bool {
        match self.run.cause {
            Cause::Replay => parcel.run == self.run.id,
            Cause::Manual | Cause::Schedule | Cause::Webhook => parcel.replay_of.is_none(),
        }
    }
}
