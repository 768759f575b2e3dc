//! Which flows are to be looked at, and when: an index over all tenants by time, so that a tick reads what is due and
//! nothing else.
//!
//! A row says only that its flow is to be looked at from then on. When a flow is really due is in its state; a row that
//! does not fit it is moved by whoever finds it.

use domain::{FlowName, TenantId, Timestamp};

use super::run_places::{id, parts};
use crate::commit::{Commit, Expect};
use crate::envelope::damaged;
use crate::error::StoreError;
use crate::{Store, keys};

/// A flow that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFlow {
    pub at: Timestamp,
    pub tenant: TenantId,
    pub flow: FlowName,
}

pub trait DueFlows {
    /// The first ones whose time has come, earliest first.
    fn due_flows(&self, now: Timestamp, limit: usize) -> Result<Vec<DueFlow>, StoreError>;
}

impl DueFlows for Store {
    fn due_flows(&self, now: Timestamp, limit: usize) -> Result<Vec<DueFlow>, StoreError> {
        let prefix = keys::due_flows();
        let mut due = Vec::new();
        self.walk_behind(&prefix, None, true, |key, _| {
            let [at, tenant, flow] = parts(&prefix, key)?;
            let at = keys::time_of(&at).ok_or_else(|| damaged(key))?;
            if at > now || due.len() >= limit {
                return Ok(false);
            }
            due.push(DueFlow { at, tenant: id(&tenant, key)?, flow: id(&flow, key)? });
            Ok(true)
        })?;
        Ok(due)
    }
}

impl Commit {
    /// It is looked at then.
    pub fn put_due_flow(&mut self, due: &DueFlow) {
        self.ensure(keys::due_flow(due.at, &due.tenant, &due.flow));
    }

    /// It is looked at as soon as somebody has time.
    pub fn look_at_flow(&mut self, tenant: &TenantId, flow: &FlowName) {
        self.ensure(keys::due_flow(Timestamp::from_ms(0), tenant, flow));
    }

    pub fn delete_due_flow(&mut self, due: &DueFlow) {
        self.delete(keys::due_flow(due.at, &due.tenant, &due.flow), Expect::Any);
    }
}
