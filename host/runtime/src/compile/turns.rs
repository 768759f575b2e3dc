//! Who compiles next: a bounded number at once, a bounded number that waits, and never one tenant in every place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Uncompiled;
use crate::options::RuntimeOptions;

pub(crate) struct Turns {
    places: Arc<Semaphore>,
    /// How many may run or wait, in all and of one tenant.
    max: usize,
    per_tenant_max: usize,
    /// How many places one tenant may hold: one is always left for the others, where there is more than one.
    per_tenant_places: usize,
    /// Held only to count, never across an await.
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    all: usize,
    tenants: HashMap<TenantId, OfTenant>,
}

struct OfTenant {
    count: usize,
    places: Arc<Semaphore>,
}

/// A place to compile in; given back when it is dropped.
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
    _own: Option<OwnedSemaphorePermit>,
    _ticket: Ticket,
}

struct Ticket {
    turns: Arc<Turns>,
    tenant: Option<TenantId>,
}

impl Turns {
    pub(crate) fn new(options: &RuntimeOptions) -> Self {
        let places = options.concurrent_compilations.max(1);
        Self {
            places: Arc::new(Semaphore::new(places)),
            max: places.saturating_add(options.compilations_waiting_max),
            per_tenant_max: options.compilations_per_tenant_max.max(1),
            per_tenant_places: places.saturating_sub(1).max(1),
            queue: Mutex::default(),
        }
    }

    /// Waits for a turn, unless too many wait already. What the host compiles for itself has no tenant and no bound.
    pub(crate) async fn take(self: &Arc<Self>, tenant: Option<&TenantId>) -> Result<Turn, Uncompiled> {
        let closed = |_| Uncompiled::Host("it is shutting down".to_owned());
        let (ticket, own) = self.queue_up(tenant)?;
        let own = match own {
            Some(own) => Some(own.acquire_owned().await.map_err(closed)?),
            None => None,
        };
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(closed)?;
        Ok(Turn { _place: place, _own: own, _ticket: ticket })
    }

    fn queue_up(
        self: &Arc<Self>,
        tenant: Option<&TenantId>,
    ) -> Result<(Ticket, Option<Arc<Semaphore>>), Uncompiled> {
        let mut queue = self.lock();
        let mut own = None;
        if let Some(tenant) = tenant {
            let count = queue.tenants.get(tenant).map_or(0, |of| of.count);
            if queue.all >= self.max || count >= self.per_tenant_max {
                return Err(Uncompiled::Busy);
            }
            let fresh = || OfTenant { count: 0, places: Arc::new(Semaphore::new(self.per_tenant_places)) };
            let of = queue.tenants.entry(tenant.clone()).or_insert_with(fresh);
            of.count += 1;
            own = Some(Arc::clone(&of.places));
        }
        queue.all += 1;
        Ok((Ticket { turns: Arc::clone(self), tenant: tenant.cloned() }, own))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Counting cannot be left half done, so a panic of another holder spoils nothing.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queue = self.turns.lock();
        queue.all = queue.all.saturating_sub(1);
        let Some(tenant) = &self.tenant else { return };
        if let Some(of) = queue.tenants.get_mut(tenant) {
            of.count = of.count.saturating_sub(1);
            if of.count == 0 {
                queue.tenants.remove(tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn turns() -> Arc<Turns> {
        Arc::new(Turns::new(&RuntimeOptions {
            concurrent_compilations: 2,
            compilations_waiting_max: 2,
            compilations_per_tenant_max: 3,
            ..RuntimeOptions::default()
        }))
    }

    fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn one_tenant_never_holds_every_place() {
        let turns = turns();
        let (bomber, other): (TenantId, TenantId) = ("bomber".parse().unwrap(), "other".parse().unwrap());
        let first = ready(turns.take(Some(&bomber))).unwrap().unwrap();
        assert!(ready(turns.take(Some(&bomber))).is_none(), "a second place of the same tenant");
        let _others = ready(turns.take(Some(&other))).unwrap().unwrap();
        drop(first);
        assert!(ready(turns.take(Some(&bomber))).unwrap().is_ok());
    }

    #[test]
    fn those_who_wait_are_bounded_in_all_and_for_each_tenant() {
        let turns = turns();
        let (bomber, other): (TenantId, TenantId) = ("bomber".parse().unwrap(), "other".parse().unwrap());
        let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(turns.take(Some(&bomber)))).collect();
        let mut polled = waiting.iter_mut().map(|turn| ready(turn.as_mut()));
        let _first = polled.next().unwrap().unwrap().unwrap();
        assert!(polled.all(|turn| turn.is_none()));
        assert!(matches!(ready(turns.take(Some(&bomber))), Some(Err(Uncompiled::Busy))));
        let _other = ready(turns.take(Some(&other))).unwrap().unwrap();
        assert!(matches!(ready(turns.take(Some(&other))), Some(Err(Uncompiled::Busy))), "four in all");
        assert!(ready(turns.take(None)).is_none(), "the host itself waits, and is not refused");
        drop(waiting);
        assert!(ready(turns.take(Some(&bomber))).is_none(), "its one place is taken, but it may wait again");
    }
}
