//! The only door to the network.
//!
//! `Egress::send` takes a `Permit<Wire>` and nothing else, so what was not judged cannot be sent. Each hop goes through
//! the same steps (`hop`): the profile's pace and the tenant's turn (`pace`, `tenants`), name resolution and the class
//! of every answer (`addresses`, `doors`), the credential for this origin (`credential`), a connection to the vetted addresses
//! and no others (`idle`, `dial`, `tls`, `connection`), the request (`outgoing`), the answer within its caps
//! (`incoming`, `decode`), and the echoes of the credential masked in it (`scrub`). A redirect starts at the first gate
//! again (`redirect`), and every hop leaves a redacted row (`row`), refused ones included.
//!
//! The HTTP client is hyper's single connection and nothing around it: no proxy, no cookie jar, no redirect, no retry
//! and no resolver exists here that would have to be switched off.
//!
//! A test may put a `network` of its own in the place of sockets and TLS, and of nothing else.
//!
//! It must never decide who may go where: that is `domain::egress`. It must never keep a credential beyond a hop.

mod addresses;
mod connection;
mod credential;
mod decode;
mod dial;
mod door;
mod doors;
mod failure;
mod hop;
mod idle;
mod incoming;
mod network;
mod options;
mod outgoing;
mod pace;
mod redirect;
mod row;
mod scrub;
mod system_resolver;
mod tenants;
mod tls;
mod written;

pub use door::{Egress, Refusal, Sender, Sent};
pub use network::{EveryName, Network, NetworkFailure, Stream};
pub use options::{EgressError, EgressOptions, Patience};
pub use scrub::{Scrubber, Unsearchable};
pub use system_resolver::SystemResolver;

#[cfg(test)]
mod tests;
