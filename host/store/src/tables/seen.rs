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
    /// The records of a flow whose keys begin so, in order, at most so many.
    fn seen_beginning(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        start: &str,
        limit: usize,
    ) -> Result<Vec<(RecordKey, Seen)>, StoreError>;
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

    fn seen_beginning(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        start: &str,
        limit: usize,
    ) -> Result<Vec<(RecordKey, Seen)>, StoreError> {
        let mut found = Vec::new();
        if limit == 0 || start.contains('\0') {
            return Ok(found);
        }
        self.walk_behind(&keys::seen_beginning(tenant, flow, start), None, false, |key, row| {
            let record = keys::last_part(key).and_then(|part| part.parse().ok());
            let record: RecordKey = record.ok_or_else(|| crate::envelope::damaged(key))?;
            found.push((record, self.decode::<Seen>(key, row)?.value));
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }
}

impl Commit {
    pub fn put_seen(
        &mut self,
        tenant: &TenantId,
        flow: &FlowName,
        key: &RecordKey,
        seen: &Seen,
        expect: Expect,
    ) {
        self.put(keys::seen(tenant, flow, key), seen, expect);
    }
}
