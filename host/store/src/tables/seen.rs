//! Which records a flow has taken, and what became of them: the reason why none is taken twice.

use domain::flow::Seen;
use domain::{FlowName, RecordKey, TenantId};

use crate::commit::{Commit, Expect};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait SeenRecords {
    fn seen(&self, tenant: &TenantId, flow: &FlowName, key: &RecordKey) -> Result<Option<Seen>, StoreError>;
    /// One answer for each key, in the same order.
    fn seen_many(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        keys: &[RecordKey],
    ) -> Result<Vec<Option<Seen>>, StoreError>;
}

impl SeenRecords for Store {
    fn seen(&self, tenant: &TenantId, flow: &FlowName, key: &RecordKey) -> Result<Option<Seen>, StoreError> {
        Ok(self.read::<Seen>(&keys::seen(tenant, flow, key))?.map(|row| row.value))
    }

    fn seen_many(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        keys: &[RecordKey],
    ) -> Result<Vec<Option<Seen>>, StoreError> {
        keys.iter().map(|key| self.seen(tenant, flow, key)).collect()
    }
}

impl Commit {
    pub fn put_seen(
        &mut self,
        tenant: &TenantId,
        flow: &FlowName,
        key: &RecordKey,
        seen: Seen,
        expect: Expect,
    ) {
        self.put(keys::seen(tenant, flow, key), &seen, expect);
    }
}
