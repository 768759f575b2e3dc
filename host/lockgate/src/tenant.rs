//! A handle to what one tenant owns. Its verbs stand in one file per noun.

use std::sync::Arc;

use domain::TenantId;
use store::{Commit, Expect, Paging, Tenants as _};

use crate::error::Error;
use crate::host::Rooms;

/// Everything that one tenant may see and do. The tenant is fixed when the handle is made.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) id: TenantId,
}

impl Tenant {
    /// Whose handle this is.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// Makes sure that the tenant is known, so that the pipeline looks after its flows. Belongs into the commit of
    /// whatever can be a tenant's first write.
    pub(crate) fn enrol(&self, commit: &mut Commit) -> Result<(), Error> {
        enrol(&self.rooms, &self.id, commit)
    }

    pub(crate) fn now(&self) -> domain::Timestamp {
        self.rooms.clock.now()
    }
}

pub(crate) fn enrol(rooms: &Rooms, id: &TenantId, commit: &mut Commit) -> Result<(), Error> {
    if rooms.store.tenant(id)?.is_none() {
        let tenant = store::Tenant { id: id.clone(), created_at: rooms.clock.now() };
        commit.put_tenant(&tenant, Expect::Any);
    }
    Ok(())
}

pub(crate) fn paging(after: Option<&str>, limit: usize) -> Paging {
    Paging { after: after.map(str::to_owned), limit }
}
