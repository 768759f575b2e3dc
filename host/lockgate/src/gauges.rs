//! What a host holds at this moment, in numbers: nothing of any tenant's.

use runtime::Gauges as Sandbox;

use crate::host::Host;

/// A reading of a host. When nothing is under way, all of it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Calls of guests, and what they hold.
    pub sandbox: Sandbox,
    /// Requests that guests wait for.
    pub requests: usize,
}

impl Host {
    /// What is under way. Cheap enough to be read every second.
    pub fn gauges(&self) -> Gauges {
        Gauges { sandbox: self.rooms.runtime.gauges(), requests: self.rooms.egress.under_way() }
    }
}
