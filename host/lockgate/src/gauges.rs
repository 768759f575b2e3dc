//! What a host holds at this moment, in numbers: nothing of any tenant's.

use runtime::Gauges as Sandbox;

use crate::host::{Host, Rooms};

/// A reading of a host. When nothing is under way, all of it is zero but connections that are kept for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Calls of guests, and what they hold.
    pub sandbox: Sandbox,
    /// Requests that guests wait for.
    pub requests: usize,
    /// Connections to remotes, kept ones included.
    pub connections: usize,
    /// Profiles whose remote is down: their circuit is not closed.
    pub circuits_open: usize,
}

impl Host {
    /// What is under way. Cheap enough to be read every second.
    pub fn gauges(&self) -> Gauges {
        let Rooms { runtime, egress, connectors, .. } = &*self.rooms;
        Gauges {
            sandbox: runtime.gauges(),
            requests: egress.under_way(),
            connections: egress.connections(),
            circuits_open: connectors.circuits().open(),
        }
    }
}
