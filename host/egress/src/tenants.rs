//! A tenant's share: so many requests under way, so many connections and look-ups, its own sessions, its own pace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use domain::{Denial, Gate, TenantId};
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::idle::Idle;
use crate::options::EgressOptions;
use crate::pace::Paces;
use crate::tls::Tls;

/// Tenants that are remembered while idle. What is forgotten is kept connections and a pace at rest.
const TENANTS_MAX: usize = 1_024;

pub(crate) struct Tenants {
    options: EgressOptions,
    /// For all tenants together.
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Counts uses, so that the tenant used longest ago is known without a clock.
    uses: AtomicU64,
    known: Mutex<HashMap<TenantId, Arc<Tenant>>>,
}

pub(crate) struct Tenant {
    pub(crate) idle: Arc<Idle>,
    pub(crate) paces: Paces,
    pub(crate) lookups: Arc<Semaphore>,
    tls: OnceLock<Arc<ClientConfig>>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    last_use: AtomicU64,
}

/// The right to have one request under way, held until the whole exchange is over.
pub(crate) struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// The right to have one connection open, held until it is closed.
pub(crate) struct Place {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// A wait that was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooBusy {
    /// The profile's rate.
    Pace,
    /// The tenant's share.
    Tenant,
    /// Everybody's.
    Host,
}

impl From<TooBusy> for Denial {
    fn from(busy: TooBusy) -> Self {
        let (reason, remedy) = match busy {
            TooBusy::Pace => (
                "the profile's rate would have been exceeded for longer than the request's time",
                "send less at once, or set a higher `rate` of the profile",
            ),
            TooBusy::Tenant => (
                "the tenant has as much under way as it may",
                "send less at once, or ask the operator to raise `in_flight_per_tenant`",
            ),
            TooBusy::Host => {
                ("the host has as much under way as it may", "try again later; nothing of yours is wrong")
            }
        };
        Self::new(Gate::Budget, reason, remedy)
    }
}

impl Tenants {
    /// Takes options that are in bounds.
    pub(crate) fn new(options: &EgressOptions) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(options.in_flight_max)),
            places: Arc::new(Semaphore::new(options.connections_max)),
            options: options.clone(),
            uses: AtomicU64::new(0),
            known: Mutex::default(),
        }
    }

    pub(crate) fn under_way(&self) -> usize {
        self.options.in_flight_max.saturating_sub(self.turns.available_permits())
    }

    pub(crate) fn connections(&self) -> usize {
        self.options.connections_max.saturating_sub(self.places.available_permits())
    }

    pub(crate) fn get(&self, id: &TenantId) -> Arc<Tenant> {
        let now = self.uses.fetch_add(1, Ordering::Relaxed);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = known.get(id) {
            tenant.last_use.store(now, Ordering::Relaxed);
            return Arc::clone(tenant);
        }
        if known.len() >= TENANTS_MAX {
            forget_one(&mut known);
        }
        let share = |count: usize| Arc::new(Semaphore::new(count));
        let tenant = Arc::new(Tenant {
            idle: Arc::default(),
            paces: Paces::new(),
            lookups: share(self.options.lookups_per_tenant),
            tls: OnceLock::new(),
            turns: share(self.options.in_flight_per_tenant),
            places: share(self.options.connections_per_tenant),
            last_use: AtomicU64::new(now),
        });
        known.insert(id.clone(), Arc::clone(&tenant));
        tenant
    }

    /// The tenant's own turn first: whoever waits for the host's has no more than its share of that queue.
    pub(crate) async fn turn(&self, tenant: &Tenant, until: Instant) -> Result<Turn, TooBusy> {
        let own = wait(&tenant.turns, until).await.ok_or(TooBusy::Tenant)?;
        let all = wait(&self.turns, until).await.ok_or(TooBusy::Host)?;
        Ok(Turn { _own: own, _all: all })
    }

    /// There are at least as many places as turns, so whoever has a turn only ever waits for a kept connection to close.
    pub(crate) async fn place(&self, tenant: &Tenant, until: Instant) -> Result<Place, TooBusy> {
        let own = match Arc::clone(&tenant.places).try_acquire_owned() {
            Ok(own) => own,
            Err(_) => {
                tenant.idle.close_oldest();
                wait(&tenant.places, until).await.ok_or(TooBusy::Tenant)?
            }
        };
        let all = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(all) => all,
            Err(_) => {
                self.close_oldest();
                wait(&self.places, until).await.ok_or(TooBusy::Host)?
            }
        };
        Ok(Place { _own: own, _all: all })
    }

    /// Closes the connection that any tenant has kept for longest.
    fn close_oldest(&self) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keeping: Vec<_> =
            known.values().filter_map(|tenant| Some((tenant.idle.oldest()?, Arc::clone(tenant)))).collect();
        drop(known);
        keeping.sort_unstable_by_key(|(since, _)| *since);
        // Another request may have taken it meanwhile.
        let _ = keeping.iter().any(|(_, tenant)| tenant.idle.close_oldest());
    }
}

async fn wait(share: &Arc<Semaphore>, until: Instant) -> Option<OwnedSemaphorePermit> {
    timeout_at(until, Arc::clone(share).acquire_owned()).await.ok()?.ok()
}

/// Never one that is in use: its turns must go on counting.
fn forget_one(known: &mut HashMap<TenantId, Arc<Tenant>>) {
    let idle = known.iter().filter(|(_, tenant)| Arc::strong_count(tenant) == 1);
    let oldest = idle.min_by_key(|(_, tenant)| tenant.last_use.load(Ordering::Relaxed));
    if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
        known.remove(&oldest);
    }
}

impl Tenant {
    /// TLS with sessions of this tenant only.
    pub(crate) fn tls(&self, tls: &Tls) -> &Arc<ClientConfig> {
        self.tls.get_or_init(|| Arc::new(tls.for_one_tenant()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_tenants_are_forgotten_and_busy_ones_are_not() {
        let tenants = Tenants::new(&EgressOptions::default().bounded());
        let busy = tenants.get(&"busy".parse().unwrap());
        for at in 0..2 * TENANTS_MAX {
            tenants.get(&format!("t{at}").parse().unwrap());
        }
        assert_eq!(tenants.known.lock().unwrap().len(), TENANTS_MAX);
        assert!(Arc::ptr_eq(&busy, &tenants.get(&"busy".parse().unwrap())));
    }

    #[tokio::test]
    async fn the_share_of_one_and_the_share_of_all_are_refused_by_name() {
        let options = EgressOptions { in_flight_per_tenant: 2, in_flight_max: 3, ..EgressOptions::default() };
        let tenants = Tenants::new(&options.bounded());
        let (one, two) = (tenants.get(&"one".parse().unwrap()), tenants.get(&"two".parse().unwrap()));
        let turn = async |tenant: &Arc<Tenant>| tenants.turn(tenant, Instant::now()).await;
        let first = turn(&one).await.unwrap();
        let _second = turn(&one).await.unwrap();
        assert_eq!(turn(&one).await.err(), Some(TooBusy::Tenant));
        let _third = turn(&two).await.unwrap();
        assert_eq!(turn(&two).await.err(), Some(TooBusy::Host));
        drop(first);
        assert!(turn(&two).await.is_ok());
    }
}
