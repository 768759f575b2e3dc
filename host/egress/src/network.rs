//! What carries requests in place of sockets and TLS: for tests, where the remote is part of the program.

use std::net::{IpAddr, Ipv4Addr};

use domain::egress::Vetted;
use domain::exchange::SendFailure;
use domain::injected::{Later, NameError};
use domain::{FailureCode, Resolver};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::failure;

/// A connection on which HTTP/1.1 is spoken: over `https`, what lies inside the TLS.
///
/// An error of the kind [`TimedOut`](std::io::ErrorKind::TimedOut) that reading gives is the end of this host's patience:
/// a test need not wait for it.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects in place of the machine's own network. Everything before it (gates, name resolution, the class of every
/// address, credentials) and everything after it (caps, masking, rows) is the same as with a real one.
pub trait Network: Send + Sync {
    /// A connection to this origin, whose addresses were judged.
    fn connect<'a>(&'a self, to: &'a Vetted) -> Later<'a, Result<Box<dyn Stream>, NetworkFailure>>;

    /// The same, for a request that is given up after so long: for a network that only tells of time.
    fn connect_for<'a>(
        &'a self,
        to: &'a Vetted,
        _time_ms: u64,
    ) -> Later<'a, Result<Box<dyn Stream>, NetworkFailure>> {
        self.connect(to)
    }
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFailure {
    /// Nobody listens there.
    #[error("the connection was refused")]
    Refused,
    /// Nobody answers there.
    #[error("the connection was not there in time")]
    TimedOut,
    /// The certificate is wrong, or the handshake failed.
    #[error("the handshake failed")]
    Tls,
    /// The handshake did not end.
    #[error("the handshake was not over in time")]
    TlsTimedOut,
}

impl From<NetworkFailure> for SendFailure {
    fn from(why: NetworkFailure) -> Self {
        failure::unsent(match why {
            NetworkFailure::Refused => FailureCode::ConnectFailed,
            NetworkFailure::TimedOut => FailureCode::ConnectTimeout,
            NetworkFailure::Tls => FailureCode::TlsFailed,
            NetworkFailure::TlsTimedOut => FailureCode::TlsTimeout,
        })
    }
}

/// Resolves every name to one public address, which nobody dials: for a [`Network`] that goes by names.
#[derive(Clone, Copy, Debug, Default)]
pub struct EveryName;

/// Public for every judge, and of nobody who would mind.
const SOMEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));

impl Resolver for EveryName {
    fn resolve<'a>(&'a self, _: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        Box::pin(std::future::ready(Ok(vec![SOMEWHERE])))
    }
}
