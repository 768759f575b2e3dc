//! Which parcels of a flow a run may touch, which of them may go now, and which wait for which.
//!
//! The queue knows of a parcel its number, its order key and its time; the bodies stay in the store until they go. It is
//! read once and then followed: only the run that holds the lease takes parcels out, and new ones have higher numbers.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::flow::{DeliveryPolicy, Order, Parcel};
use domain::run::{Cause, Run};
use domain::{TenantId, Timestamp};
use store::{Outbox as _, PAGE_ITEMS_MAX, Store, StoreError};

use crate::judge::goes_alone;
use crate::replay::REPLAYS_MAX;

/// Leaves room for the parcels of every replay in one look at the outbox.
const BATCH_MAX: usize = PAGE_ITEMS_MAX - REPLAYS_MAX;
/// Parcels that are looked at in one step.
const STEP: usize = 250;

/// The waiting parcels of one run, in their order.
pub(crate) struct Queue {
    known: BTreeMap<u64, Waits>,
    /// Everything up to this number has been looked at.
    behind: Option<u64>,
    /// How many are known at once; the rest stays in the store until there is room.
    window: usize,
}

struct Waits {
    order: u64,
    next_at: Timestamp,
    /// When that was decided: if it lies ahead, by a clock that was set back since, and it holds nobody.
    since: Timestamp,
    alone: bool,
    /// It is on its way.
    flies: bool,
}

impl Queue {
    pub(crate) fn new(run: &Run, waiting_max: usize) -> Self {
        let behind = run.first_seq.checked_sub(1);
        Self { known: BTreeMap::new(), behind, window: waiting_max.saturating_mul(2).max(1_000) }
    }

    /// Looks at what has been accepted since, as far as there is room.
    pub(crate) fn follow(
        &mut self,
        store: &Store,
        tenant: &TenantId,
        run: &Run,
        policy: &DeliveryPolicy,
    ) -> Result<(), StoreError> {
        while self.known.len() < self.window {
            let parcels = store.parcels_behind(tenant, &run.flow, self.behind, STEP)?;
            let all = parcels.len() < STEP;
            for parcel in parcels {
                let parcel = parcel.value;
                self.behind = Some(parcel.seq);
                if is_mine(run, &parcel) {
                    let order = order_of(&parcel, policy);
                    let alone = goes_alone(&parcel.attempts);
                    let since = parcel.attempts.last().map_or(parcel.accepted_at, |attempt| attempt.at);
                    self.known.insert(
                        parcel.seq,
                        Waits { order, next_at: parcel.next_at, since, alone, flies: false },
                    );
                }
            }
            if all {
                break;
            }
        }
        Ok(())
    }

    /// The next batch, in order; from now on it is on its way. Nothing may go: empty.
    pub(crate) fn batch(
        &mut self,
        store: &Store,
        tenant: &TenantId,
        run: &Run,
        policy: &DeliveryPolicy,
        now: Timestamp,
        bytes_max: usize,
    ) -> Result<Vec<Parcel>, StoreError> {
        let mut batch = Vec::new();
        let mut bytes = 0_usize;
        for seq in self.may_go(policy, now) {
            let Some(parcel) = store.parcel(tenant, &run.flow, seq)? else {
                self.known.remove(&seq);
                continue;
            };
            bytes = bytes.saturating_add(parcel.value.body.to_string().len());
            if !batch.is_empty() && bytes > bytes_max {
                break;
            }
            if let Some(waits) = self.known.get_mut(&seq) {
                waits.flies = true;
            }
            batch.push(parcel.value);
        }
        Ok(batch)
    }

    /// The numbers of those that may go together now.
    fn may_go(&self, policy: &DeliveryPolicy, now: Timestamp) -> Vec<u64> {
        let count_max = match policy.order {
            Order::Strict => 1,
            Order::None | Order::PerKey => {
                usize::try_from(policy.batch).unwrap_or(BATCH_MAX).clamp(1, BATCH_MAX)
            }
        };
        let mut going: Vec<u64> = Vec::new();
        for (seq, waits) in self.heads(policy.order) {
            if waits.flies || (waits.next_at > now && waits.since <= now) {
                continue;
            }
            if waits.alone && !going.is_empty() {
                break;
            }
            going.push(seq);
            if waits.alone || going.len() >= count_max {
                break;
            }
        }
        going
    }

    /// Those that wait for none of the others.
    fn heads(&self, order: Order) -> impl Iterator<Item = (u64, &Waits)> {
        let count = if order == Order::Strict { 1 } else { usize::MAX };
        let mut keys = HashSet::new();
        self.known
            .iter()
            .take(count)
            .filter(move |(_, waits)| order != Order::PerKey || keys.insert(waits.order))
            .map(|(seq, waits)| (*seq, waits))
    }

    /// When the next one that is not on its way may go.
    pub(crate) fn next_at(&self, order: Order) -> Option<Timestamp> {
        self.heads(order).filter(|(_, waits)| !waits.flies).map(|(_, waits)| waits.next_at).min()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether more parcels wait than a source may pile up.
    pub(crate) fn is_full(&self, waiting_max: usize) -> bool {
        self.known.len() > waiting_max
    }

    /// It has met its fate.
    pub(crate) fn left(&mut self, seq: u64) {
        self.known.remove(&seq);
    }

    /// It is back, and goes again from then on.
    pub(crate) fn is_back(&mut self, seq: u64, next_at: Option<Timestamp>, now: Timestamp, alone: bool) {
        if let Some(waits) = self.known.get_mut(&seq) {
            waits.flies = false;
            waits.alone |= alone;
            if let Some(next_at) = next_at {
                (waits.next_at, waits.since, waits.alone) = (next_at, now, alone);
            }
        }
    }
}

/// A replay has its own parcels, and every other run has all the rest.
fn is_mine(run: &Run, parcel: &Parcel) -> bool {
    match run.cause {
        Cause::Replay => parcel.run == run.id,
        Cause::Manual | Cause::Schedule | Cause::Webhook => parcel.replay_of.is_none(),
    }
}

/// The parcels of a run that ends without having delivered them; of a replay, which has few.
pub(crate) fn left_by(store: &Store, tenant: &TenantId, run: &Run) -> Result<Vec<Parcel>, StoreError> {
    let mut left = Vec::new();
    let mut behind = run.first_seq.checked_sub(1);
    loop {
        let parcels = store.parcels_behind(tenant, &run.flow, behind, STEP)?;
        let all = parcels.len() < STEP;
        behind = parcels.last().map(|row| row.value.seq).or(behind);
        left.extend(parcels.into_iter().map(|row| row.value).filter(|parcel| is_mine(run, parcel)));
        if all || left.len() >= PAGE_ITEMS_MAX {
            return Ok(left);
        }
    }
}

/// Two parcels of the same key are of the same order. Two keys may meet by chance: then one waits for nothing.
fn order_of(parcel: &Parcel, policy: &DeliveryPolicy) -> u64 {
    let named = policy.order_key.as_ref().and_then(|pointer| parcel.body.pointer(pointer));
    let mut hasher = DefaultHasher::new();
    match named {
        Some(value) => value.to_string().hash(&mut hasher),
        None => parcel.key.as_str().hash(&mut hasher),
    }
    hasher.finish()
}
