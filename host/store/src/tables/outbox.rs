//! Records that were accepted and not yet delivered, in the order of their flow.

use domain::flow::Parcel;
use domain::{FlowName, TenantId, Timestamp};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::PAGE_ITEMS_MAX;
use crate::{Store, keys};

pub trait Outbox {
    fn parcel(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        seq: u64,
    ) -> Result<Option<Versioned<Parcel>>, StoreError>;
    /// The first ones whose next attempt may begin, in order; at most 500. Those that wait are passed over.
    fn due(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError>;
    /// The first ones in order, due or not; at most 500.
    fn parcels(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        limit: usize,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError>;
    /// The first ones behind a number, in order, due or not; at most 500.
    fn parcels_behind(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        behind: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError>;
    /// When the earliest next attempt may begin; none when nothing waits.
    fn next_due(&self, tenant: &TenantId, flow: &FlowName) -> Result<Option<Timestamp>, StoreError>;
    /// How many are waiting, due or not.
    fn count_parcels(&self, tenant: &TenantId, flow: &FlowName) -> Result<u64, StoreError>;
    /// Whether more than so many are waiting: reads no more than it needs to know that.
    fn has_more_parcels(&self, tenant: &TenantId, flow: &FlowName, than: usize) -> Result<bool, StoreError>;
}

impl Outbox for Store {
    fn parcel(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        seq: u64,
    ) -> Result<Option<Versioned<Parcel>>, StoreError> {
        self.read(&keys::parcel(tenant, flow, seq))
    }

    fn due(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError> {
        self.first(tenant, flow, limit, |parcel| parcel.is_due(now))
    }

    fn parcels(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        limit: usize,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError> {
        self.first(tenant, flow, limit, |_| true)
    }

    fn parcels_behind(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        behind: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError> {
        let limit = limit.min(PAGE_ITEMS_MAX);
        let behind = behind.map(|seq| keys::parcel(tenant, flow, seq));
        let mut parcels = Vec::new();
        self.walk_behind(&keys::outbox(tenant, flow), behind.as_ref(), false, |key, row| {
            if parcels.len() >= limit {
                return Ok(false);
            }
            parcels.push(self.decode(key, row)?);
            Ok(parcels.len() < limit)
        })?;
        Ok(parcels)
    }

    fn next_due(&self, tenant: &TenantId, flow: &FlowName) -> Result<Option<Timestamp>, StoreError> {
        let mut next: Option<Timestamp> = None;
        self.each(&keys::outbox(tenant, flow), |parcel: Versioned<Parcel>| {
            let at = parcel.value.next_at;
            next = Some(next.map_or(at, |earliest| earliest.min(at)));
            true
        })?;
        Ok(next)
    }

    fn count_parcels(&self, tenant: &TenantId, flow: &FlowName) -> Result<u64, StoreError> {
        self.count(&keys::outbox(tenant, flow))
    }

    fn has_more_parcels(&self, tenant: &TenantId, flow: &FlowName, than: usize) -> Result<bool, StoreError> {
        Ok(self.names(&keys::outbox(tenant, flow), than.saturating_add(1))?.len() > than)
    }
}

impl Store {
    fn first(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        limit: usize,
        wanted: impl Fn(&Parcel) -> bool,
    ) -> Result<Vec<Versioned<Parcel>>, StoreError> {
        let limit = limit.min(PAGE_ITEMS_MAX);
        let mut parcels: Vec<Versioned<Parcel>> = Vec::new();
        if limit > 0 {
            self.each(&keys::outbox(tenant, flow), |parcel: Versioned<Parcel>| {
                if wanted(&parcel.value) {
                    parcels.push(parcel);
                }
                parcels.len() < limit
            })?;
        }
        Ok(parcels)
    }
}

impl Commit {
    pub fn put_parcel(&mut self, tenant: &TenantId, flow: &FlowName, parcel: &Parcel, expect: Expect) {
        self.put(keys::parcel(tenant, flow, parcel.seq), parcel, expect);
    }

    pub fn delete_parcel(&mut self, tenant: &TenantId, flow: &FlowName, seq: u64, expect: Expect) {
        self.delete(keys::parcel(tenant, flow, seq), expect);
    }
}
