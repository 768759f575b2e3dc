//! A handle to what one tenant owns. Its verbs stand in one file per noun.

use std::sync::Arc;

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::trace::Trace;
use domain::{CorrelationId, TenantId};
use store::{Change, Commit, Expect, Paging, Tenants as _};

use crate::error::Error;
use crate::host::Rooms;

/// Everything that one tenant may see and do. The tenant is fixed when the handle is made.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) id: TenantId,
    /// Who does what is done through this handle.
    pub(crate) actor: Actor,
    /// Under which trace; none begins one for each piece of work.
    pub(crate) trace: Option<Trace>,
}

impl Tenant {
    /// Whose handle this is.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// The same tenant; what is done through this handle is done by `actor`. Without it, by [`Actor::Library`].
    #[must_use]
    pub fn acting(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// The same tenant; what is done through this handle goes on under the caller's trace.
    #[must_use]
    pub fn within(&self, trace: Option<Trace>) -> Self {
        Self { trace, ..self.clone() }
    }

    /// The id of the trace that this handle is in, or of a new one.
    pub(crate) fn correlation(&self) -> CorrelationId {
        let new = || CorrelationId::make(&*self.rooms.randomness);
        self.trace.as_ref().map_or_else(new, |trace| trace.correlation.clone())
    }

    /// The beginning of every verb that changes something: the commit that makes the change leaves one audit entry,
    /// with the names of the fields that it changes. See [`domain::audit`] for a new verb.
    pub(crate) fn change(&self, verb: Verb, subject: Subject, fields: &[&'static str]) -> Change {
        Change::new(self.chain(), self.happening(verb, subject).changing(fields))
    }

    /// Something that is done now, through this handle.
    pub(crate) fn happening(&self, verb: Verb, subject: Subject) -> Happening {
        Happening::new(self.now(), self.actor.clone(), verb, subject)
    }

    pub(crate) fn chain(&self) -> Chain {
        Chain::Tenant(self.id.clone())
    }

    /// Leaves an entry of something that was tried and changed nothing here.
    pub(crate) async fn record(&self, happening: Happening) -> Result<(), Error> {
        let mut commit = Commit::new();
        self.enrol(&mut commit)?;
        commit.record(self.chain(), happening);
        Ok(self.rooms.store.commit(commit).await?)
    }

    /// Makes sure that the tenant is known, so that the pipeline looks after its flows. Belongs into the commit of
    /// whatever can be a tenant's first write.
    pub(crate) fn enrol(&self, commit: &mut Commit) -> Result<(), Error> {
        if self.rooms.store.tenant(&self.id)?.is_none() {
            let tenant = store::Tenant { id: self.id.clone(), created_at: self.now() };
            commit.put_tenant(&tenant, Expect::Any);
        }
        Ok(())
    }

    /// The time as the host has it.
    pub fn now(&self) -> domain::Timestamp {
        self.rooms.clock.now()
    }
}

pub(crate) fn paging(after: Option<&str>, limit: usize) -> Paging {
    Paging { after: after.map(str::to_owned), limit }
}
