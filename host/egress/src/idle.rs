//! Connections that one tenant keeps for its next requests: few, not for long, and only for the addresses they lead to.
//!
//! A connection is found under the exact set of addresses that was vetted when it was dialled. Another answer for the
//! same name is another key, so neither a concurrent request nor a kept connection can end at an address that this
//! request's policy did not see.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use domain::egress::{Scheme, Vetted};
use tokio::time::{Instant, sleep};

use crate::connection::Connection;

/// Below the five seconds after which common servers close an idle connection: reusing one that is being closed
/// loses the request, and a lost request may have been sent.
const KEPT_FOR: Duration = Duration::from_secs(4);
/// Connections that have not come to rest by then are not worth waiting for.
const AT_REST: Duration = Duration::from_millis(50);
const SWEPT_EVERY: Duration = Duration::from_secs(1);

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    scheme: Scheme,
    host: String,
    port: u16,
    /// Sorted: a name server may rotate its answers.
    addresses: Vec<IpAddr>,
    /// The machine's own address that it was dialled from, where the profile chose one.
    local: Option<IpAddr>,
}

impl Pin {
    pub(crate) fn new(vetted: &Vetted, local: Option<IpAddr>) -> Self {
        let origin = vetted.origin();
        let mut addresses = vetted.addresses().to_vec();
        addresses.sort_unstable();
        addresses.dedup();
        Self {
            scheme: origin.scheme(),
            host: origin.host().to_owned(),
            port: origin.port(),
            addresses,
            local,
        }
    }

    pub(crate) fn local(&self) -> Option<IpAddr> {
        self.local
    }
}

#[derive(Default)]
pub(crate) struct Idle(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    /// The most recently used last.
    kept: Vec<Kept>,
    sweeping: bool,
}

struct Kept {
    pin: Pin,
    connection: Connection,
    since: Instant,
}

impl Idle {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last: the most likely to be open still.
    pub(crate) async fn take(&self, pin: &Pin) -> Option<Connection> {
        let until = Instant::now() + AT_REST;
        loop {
            let mut connection = self.take_any(pin)?;
            if connection.is_at_rest(until).await {
                return Some(connection);
            }
        }
    }

    fn take_any(&self, pin: &Pin) -> Option<Connection> {
        let now = Instant::now();
        let mut shelf = self.shelf();
        let fresh = |kept: &Kept| kept.pin == *pin && now.duration_since(kept.since) < KEPT_FOR;
        let at = shelf.kept.iter().rposition(fresh)?;
        Some(shelf.kept.remove(at).connection)
    }

    pub(crate) fn keep(self: &Arc<Self>, pin: Pin, connection: Connection, max: usize) {
        let mut shelf = self.shelf();
        shelf.kept.push(Kept { pin, connection, since: Instant::now() });
        let surplus = shelf.kept.len().saturating_sub(max);
        let closed: Vec<Kept> = shelf.kept.drain(..surplus).collect();
        if !shelf.sweeping && !shelf.kept.is_empty() {
            shelf.sweeping = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
        drop(shelf);
        drop(closed);
    }

    /// Makes room for another connection. False where there was none to close.
    pub(crate) fn close_oldest(&self) -> bool {
        let mut shelf = self.shelf();
        if shelf.kept.is_empty() {
            return false;
        }
        let oldest = shelf.kept.remove(0);
        drop(shelf);
        drop(oldest);
        true
    }

    /// Since when the one that would be closed next has been kept.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.shelf().kept.first().map(|kept| kept.since)
    }
}

/// Closes what is too old, until nothing is left or the tenant is forgotten.
async fn sweep(idle: Weak<Idle>) {
    loop {
        sleep(SWEPT_EVERY).await;
        let Some(idle) = idle.upgrade() else { return };
        let now = Instant::now();
        let mut shelf = idle.shelf();
        let young = shelf.kept.iter().position(|kept| now.duration_since(kept.since) < KEPT_FOR);
        let old = young.unwrap_or(shelf.kept.len());
        let closed: Vec<Kept> = shelf.kept.drain(..old).collect();
        shelf.sweeping = !shelf.kept.is_empty();
        let done = !shelf.sweeping;
        drop(shelf);
        drop(closed);
        if done {
            return;
        }
    }
}
