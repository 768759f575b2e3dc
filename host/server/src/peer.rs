//! From which address a connection came, for routes that write it down. A proxy in front is then what is seen.

use std::net::SocketAddr;

/// In the extensions of every request that came over a listener of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);
