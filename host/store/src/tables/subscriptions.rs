//! Who wants to be told of what happens: a handful of rows a tenant.

use domain::event::Subscription;
use domain::{SubscriptionName, TenantId};

use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait Subscriptions {
    fn subscription(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
    ) -> Result<Option<Versioned<Subscription>>, StoreError>;
    /// All of them, by name; a quota bounds them.
    fn subscriptions(&self, tenant: &TenantId) -> Result<Vec<Versioned<Subscription>>, StoreError>;
    fn count_subscriptions(&self, tenant: &TenantId) -> Result<u64, StoreError>;
}

impl Subscriptions for Store {
    fn subscription(
        &self,
        tenant: &TenantId,
        name: &SubscriptionName,
    ) -> Result<Option<Versioned<Subscription>>, StoreError> {
        self.read(&keys::subscription(tenant, name))
    }

    fn subscriptions(&self, tenant: &TenantId) -> Result<Vec<Versioned<Subscription>>, StoreError> {
        self.all(&keys::subscriptions(tenant))
    }

    fn count_subscriptions(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::subscriptions(tenant))
    }
}

impl Change {
    pub fn put_subscription(&mut self, tenant: &TenantId, subscription: &Subscription, expect: Expect) {
        self.commit.put(keys::subscription(tenant, &subscription.name), subscription, expect);
    }

    /// Its secrets and deliveries are rows of their own: delete them in the same commit.
    pub fn delete_subscription(&mut self, tenant: &TenantId, name: &SubscriptionName, expect: Expect) {
        self.commit.delete(keys::subscription(tenant, name), expect);
    }
}

impl Commit {
    pub fn require_subscription(&mut self, tenant: &TenantId, name: &SubscriptionName, expect: Expect) {
        self.require(keys::subscription(tenant, name), expect);
    }

    /// Remembers since when nothing could be delivered, and changes nothing else of what was read: that needs no audit
    /// entry.
    pub fn put_failing_since(
        &mut self,
        tenant: &TenantId,
        read: &Versioned<Subscription>,
        failing_since: Option<domain::Timestamp>,
    ) {
        let subscription = Subscription { failing_since, ..read.value.clone() };
        let key = keys::subscription(tenant, &subscription.name);
        self.put(key, &subscription, Expect::Version(read.version));
    }
}
