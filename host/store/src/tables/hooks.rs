//! Addresses that systems send to, whose they are, and what happened at them.

use domain::hook::{Hook, HookNotes};
use domain::{HookId, TenantId};

use crate::backend::Order;
use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait Hooks {
    fn hook(&self, tenant: &TenantId, id: &HookId) -> Result<Option<Versioned<Hook>>, StoreError>;
    /// By id.
    fn hooks(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Hook>>, StoreError>;
    /// Whose hook it is.
    fn tenant_of_hook(&self, id: &HookId) -> Result<Option<TenantId>, StoreError>;
    fn count_hooks(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    /// Empty ones, in version 0, for a hook at which nothing has happened.
    fn hook_notes(&self, tenant: &TenantId, id: &HookId) -> Result<Versioned<HookNotes>, StoreError>;
}

impl Hooks for Store {
    fn hook(&self, tenant: &TenantId, id: &HookId) -> Result<Option<Versioned<Hook>>, StoreError> {
        self.read(&keys::hook(tenant, id))
    }

    fn hooks(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Versioned<Hook>>, StoreError> {
        self.list(&keys::hooks(tenant), Order::Ascending, paging)
    }

    fn tenant_of_hook(&self, id: &HookId) -> Result<Option<TenantId>, StoreError> {
        Ok(self.read::<TenantId>(&keys::hook_tenant(id))?.map(|row| row.value))
    }

    fn count_hooks(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::hooks(tenant))
    }

    fn hook_notes(&self, tenant: &TenantId, id: &HookId) -> Result<Versioned<HookNotes>, StoreError> {
        let found = self.read(&keys::hook_notes(tenant, id))?;
        Ok(found.unwrap_or_else(|| Versioned { version: 0, value: HookNotes::default() }))
    }
}

impl Change {
    pub fn put_hook(&mut self, tenant: &TenantId, hook: &Hook, expect: Expect) {
        self.commit.put(keys::hook(tenant, &hook.id), hook, expect);
        self.commit.put(keys::hook_tenant(&hook.id), tenant, Expect::Any);
    }

    /// Its secrets are rows of their own: delete them in the same commit.
    pub fn delete_hook(&mut self, tenant: &TenantId, id: &HookId, expect: Expect) {
        self.commit.delete(keys::hook(tenant, id), expect);
        self.commit.delete(keys::hook_tenant(id), Expect::Any);
        self.commit.delete(keys::hook_notes(tenant, id), Expect::Any);
    }
}

impl Commit {
    pub fn require_hook(&mut self, tenant: &TenantId, id: &HookId, expect: Expect) {
        self.require(keys::hook(tenant, id), expect);
    }

    pub fn put_hook_notes(&mut self, tenant: &TenantId, id: &HookId, notes: &HookNotes, expect: Expect) {
        self.put(keys::hook_notes(tenant, id), notes, expect);
    }
}
