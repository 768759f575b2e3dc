//! Records that gave up, with two indexes that every put keeps true: by flow, and those that are parked.

use domain::dead_letter::{DeadLetter, DeadLetterState};
use domain::{DeadLetterId, FlowName, TenantId};

use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait DeadLetters {
    fn dead_letter(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
    ) -> Result<Option<Versioned<DeadLetter>>, StoreError>;
    /// Newest first, whatever their state.
    fn dead_letters(
        &self,
        tenant: &TenantId,
        flow: Option<&FlowName>,
        paging: &Paging,
    ) -> Result<Page<Versioned<DeadLetter>>, StoreError>;
    /// How many are parked: neither on their way again nor delivered since.
    fn count_parked(&self, tenant: &TenantId, flow: Option<&FlowName>) -> Result<u64, StoreError>;
}

impl DeadLetters for Store {
    fn dead_letter(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
    ) -> Result<Option<Versioned<DeadLetter>>, StoreError> {
        self.read(&keys::dead_letter(tenant, id))
    }

    fn dead_letters(
        &self,
        tenant: &TenantId,
        flow: Option<&FlowName>,
        paging: &Paging,
    ) -> Result<Page<Versioned<DeadLetter>>, StoreError> {
        match flow {
            None => self.list(&keys::dead_letters(tenant), Order::Descending, paging),
            Some(flow) => {
                let index = keys::dead_letters_by_flow(tenant, flow);
                self.list_indexed(&index, Order::Descending, paging, |id| self.dead_letter(tenant, &id))
            }
        }
    }

    fn count_parked(&self, tenant: &TenantId, flow: Option<&FlowName>) -> Result<u64, StoreError> {
        self.count(&keys::parked(tenant, flow))
    }
}

impl Commit {
    pub fn put_dead_letter(&mut self, tenant: &TenantId, letter: &DeadLetter, expect: Expect) {
        self.put(keys::dead_letter(tenant, &letter.id), letter, expect);
        self.ensure(keys::dead_letter_by_flow(tenant, &letter.flow, &letter.id));
        let parked = keys::parked_letter(tenant, &letter.flow, &letter.id);
        match letter.state {
            DeadLetterState::Parked => self.ensure(parked),
            DeadLetterState::Replaying { .. } | DeadLetterState::Resolved { .. } => {
                self.delete(parked, Expect::Any)
            }
        }
    }

    pub fn require_dead_letter(&mut self, tenant: &TenantId, id: &DeadLetterId, expect: Expect) {
        self.require(keys::dead_letter(tenant, id), expect);
    }
}
