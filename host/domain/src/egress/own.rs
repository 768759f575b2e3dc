//! The host's own doors: a connector that could call the host's API would be inside the house.

use std::net::{IpAddr, SocketAddr};

use super::origin::Origin;
use crate::denial::{Denial, Gate};

/// Knows where this host itself listens.
pub trait OwnDoors: Send + Sync {
    /// Whether whoever dials this reaches this host.
    fn leads_here(&self, address: SocketAddr) -> bool;
}

/// A host that does not listen.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDoors;

impl OwnDoors for NoDoors {
    fn leads_here(&self, _: SocketAddr) -> bool {
        false
    }
}

pub(super) fn check(origin: &Origin, addresses: &[IpAddr], own: &dyn OwnDoors) -> Result<(), Denial> {
    if addresses.iter().any(|address| own.leads_here(SocketAddr::new(*address, origin.port()))) {
        return Err(Denial::new(
            Gate::Address,
            format!("{origin} is this host itself"),
            format!("the operator can allow it by naming \"{origin}\" itself in the ceiling"),
        ));
    }
    Ok(())
}
