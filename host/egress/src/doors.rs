//! Where this host itself listens, so that no connector can be led back into it.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{PoisonError, RwLock};

use domain::egress::OwnDoors;

/// More than one process has; what is told beyond replaces the oldest.
const DOORS_MAX: usize = 64;

pub(crate) struct Doors {
    listening: RwLock<Vec<SocketAddr>>,
    is_ours: fn(IpAddr) -> bool,
}

impl Default for Doors {
    fn default() -> Self {
        Self { listening: RwLock::default(), is_ours: is_of_this_machine }
    }
}

impl Doors {
    pub(crate) fn add(&self, address: SocketAddr) {
        let mut listening = self.listening.write().unwrap_or_else(PoisonError::into_inner);
        listening.retain(|known| *known != address);
        listening.push(address);
        let surplus = listening.len().saturating_sub(DOORS_MAX);
        listening.drain(..surplus);
    }
}

impl OwnDoors for Doors {
    /// The same port on any address of this machine counts: what listens on one of them is often meant for all, and a
    /// second service on that very port is rare enough to be named in the ceiling.
    fn leads_here(&self, address: SocketAddr) -> bool {
        let listening = self.listening.read().unwrap_or_else(PoisonError::into_inner);
        let mut at_port = listening.iter().filter(|own| own.port() == address.port()).peekable();
        at_port.peek().is_some()
            && (at_port.any(|own| own.ip() == address.ip()) || (self.is_ours)(address.ip()))
    }
}

/// A socket can be bound to an address of this machine and to no other; nothing is sent.
pub(crate) fn is_of_this_machine(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_known_at_every_address_of_the_machine_and_at_no_other_port() {
        let doors = Doors { is_ours: |address| address.is_loopback(), ..Doors::default() };
        assert!(!doors.leads_here("127.0.0.1:7070".parse().unwrap()));
        doors.add("0.0.0.0:7070".parse().unwrap());
        doors.add("203.0.113.7:443".parse().unwrap());
        for (address, ours) in [
            ("127.0.0.1:7070", true),
            ("[::1]:7070", true),
            ("127.0.0.2:443", true),
            ("203.0.113.7:443", true),
            ("203.0.113.7:7070", false),
            ("203.0.113.8:443", false),
            ("127.0.0.1:7071", false),
        ] {
            assert_eq!(doors.leads_here(address.parse().unwrap()), ours, "{address}");
        }
    }

    #[test]
    fn the_number_of_doors_is_bounded() {
        let doors = Doors::default();
        for port in 1..=1_000 {
            doors.add(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port));
        }
        assert_eq!(doors.listening.read().unwrap().len(), DOORS_MAX);
        assert!(doors.leads_here("127.0.0.1:1000".parse().unwrap()));
    }

    #[test]
    fn an_address_of_the_machine_is_told_from_others() {
        assert!(is_of_this_machine("127.0.0.1".parse().unwrap()));
        assert!(is_of_this_machine("127.8.8.8".parse().unwrap()));
        // Reserved for documentation: nobody has it.
        assert!(!is_of_this_machine("192.0.2.1".parse().unwrap()));
    }
}
