//! Quotas of a tenant: judged in its turn before anything is added, and shown with what is held.

use domain::connector::Connector;
use domain::places::Place;
use domain::quota::{Quota, QuotaExceeded};
use domain::{ProfileName, SecretName};
use store::{Holdings as _, Hooks as _, Secrets as _, Subscriptions as _};
use tokio::sync::OwnedMutexGuard;

use crate::error::Error;
use crate::tenant::Tenant;

/// What a tenant holds of one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which limit.
    pub quota: Quota,
    /// How much there is. Of versions: of the connector that has the most.
    pub held: u64,
    /// How much there may be.
    pub limit: u64,
}

/// The tenant's turn: while it is held, nobody else adds anything to the tenant. What was counted stays true until the
/// write, so hold it until then.
pub(crate) struct Turn<'a> {
    tenant: &'a Tenant,
    _held: OwnedMutexGuard<()>,
}

impl Tenant {
    /// What the tenant holds and may hold.
    pub fn usage(&self) -> Result<Vec<Usage>, Error> {
        let usage = |quota| {
            let limit = self.rooms.quotas.limit(quota);
            Ok(Usage { quota, held: self.held(quota)?, limit })
        };
        Quota::ALL.into_iter().map(usage).collect()
    }

    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn { tenant: self, _held: self.rooms.turns.take(&self.id).await }
    }

    /// A place for one call, for as long as it is held.
    pub(crate) fn place_for_a_call(&self) -> Result<Place, Error> {
        let exceeded = || {
            let limit = self.rooms.quotas.calls_at_once;
            QuotaExceeded { quota: Quota::CallsAtOnce, held: limit, limit }
        };
        self.rooms.calls.take(&self.id).ok_or_else(|| exceeded().into())
    }

    fn held(&self, quota: Quota) -> Result<u64, Error> {
        let store = &self.rooms.store;
        Ok(match quota {
            Quota::Connectors => store.held_components(&self.id)?.versions.len() as u64,
            Quota::VersionsPerConnector => {
                store.held_components(&self.id)?.versions.into_values().max().unwrap_or(0)
            }
            Quota::ComponentBytes => store.held_components(&self.id)?.bytes,
            Quota::Profiles => store.count_profiles(&self.id)?,
            Quota::Flows => store.count_flows(&self.id)?,
            Quota::Hooks => store.count_hooks(&self.id)?,
            Quota::Secrets => store.count_secrets(&self.id)?,
            Quota::Tokens => store.count_tokens(&self.id)?,
            Quota::Subscriptions => store.count_subscriptions(&self.id)?,
            Quota::CallsAtOnce => self.rooms.calls.taken(&self.id),
        })
    }
}

impl Turn<'_> {
    /// Refuses if there is no room for one more.
    pub(crate) fn has_room(&self, quota: Quota) -> Result<(), Error> {
        Ok(self.tenant.rooms.quotas.check(quota, self.tenant.held(quota)?, 1)?)
    }

    /// A secret that replaces another needs no room.
    pub(crate) fn has_room_for_secret(&self, profile: &ProfileName, name: &SecretName) -> Result<(), Error> {
        let store = &self.tenant.rooms.store;
        if store.secret_names(&self.tenant.id, profile)?.contains(name) {
            return Ok(());
        }
        self.has_room(Quota::Secrets)
    }

    pub(crate) fn has_room_for_component(&self, connector: &Connector) -> Result<(), Error> {
        let held = self.tenant.rooms.store.held_components(&self.tenant.id)?;
        let quotas = &self.tenant.rooms.quotas;
        match held.versions.get(&connector.name) {
            Some(versions) => quotas.check(Quota::VersionsPerConnector, *versions, 1)?,
            None => quotas.check(Quota::Connectors, held.versions.len() as u64, 1)?,
        }
        Ok(quotas.check(Quota::ComponentBytes, held.bytes, connector.size_bytes)?)
    }
}
