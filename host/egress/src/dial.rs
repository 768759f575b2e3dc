//! Opens a connection to the vetted addresses and to nothing else: there is no resolver, no proxy and no default here.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::FailureCode;
use domain::egress::{Scheme, Vetted};
use domain::exchange::SendFailure;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsConnector;

use crate::connection::Connection;
use crate::failure;
use crate::network::Network;
use crate::options::EgressOptions;
use crate::tenants::Place;

/// How long one address may be silent before the next one is tried beside it.
const STAGGER: Duration = Duration::from_millis(250);
/// More would be a way to open many sockets with one request.
const ADDRESSES_MAX: usize = 8;

pub(crate) struct Dial<'a> {
    pub(crate) vetted: &'a Vetted,
    /// The machine's own address to dial from; none for whichever the system takes.
    pub(crate) local: Option<IpAddr>,
    pub(crate) tls: &'a Arc<ClientConfig>,
    /// In place of sockets and TLS.
    pub(crate) network: Option<&'a dyn Network>,
    pub(crate) options: &'a EgressOptions,
    /// For reaching the remote.
    pub(crate) until: Instant,
    /// For the whole request.
    pub(crate) deadline: Instant,
}

impl Dial<'_> {
    pub(crate) async fn open(&self, place: Place) -> Result<Connection, SendFailure> {
        if let Some(network) = self.network {
            return self.open_over(network, place).await;
        }
        let origin = self.vetted.origin();
        let addresses: Vec<SocketAddr> = self
            .vetted
            .addresses()
            .iter()
            // From an address of one family nothing of the other can be reached.
            .filter(|address| self.local.is_none_or(|local| local.is_ipv4() == address.is_ipv4()))
            .take(ADDRESSES_MAX)
            .map(|address| SocketAddr::new(*address, origin.port()))
            .collect();
        let stream = match timeout_at(self.until, reach(&addresses, self.local)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(failure::of_connect(&error)),
            Err(_) => {
                return Err(failure::late(FailureCode::ConnectTimeout, self.until, self.deadline, false));
            }
        };
        // Requests are written in one piece; waiting for more only delays them.
        stream.set_nodelay(true).map_err(|error| failure::of_connect(&error))?;
        let spoken = match origin.scheme() {
            Scheme::Http => Connection::speak(stream, place, self.options).await,
            Scheme::Https => {
                let name = server_name(origin.host(), origin.literal())?;
                let until =
                    self.deadline.min(Instant::now() + Duration::from_millis(self.options.tls_timeout_ms));
                let handshake = TlsConnector::from(Arc::clone(self.tls)).connect(name, stream);
                let stream = match timeout_at(until, handshake).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(error)) => return Err(failure::of_tls(&error)),
                    Err(_) => {
                        return Err(failure::late(FailureCode::TlsTimeout, until, self.deadline, false));
                    }
                };
                Connection::speak(stream, place, self.options).await
            }
        };
        spoken.map_err(|_| failure::unsent(FailureCode::ConnectFailed))
    }

    async fn open_over(&self, network: &dyn Network, place: Place) -> Result<Connection, SendFailure> {
        // What is left of a millisecond counts as one: the time that was asked for is passed on as it was.
        let left = self.deadline.saturating_duration_since(Instant::now()).as_micros().div_ceil(1_000);
        let connecting = network.connect_for(self.vetted, u64::try_from(left).unwrap_or(u64::MAX));
        let stream = match timeout_at(self.until, connecting).await {
            Ok(stream) => stream?,
            Err(_) => {
                return Err(failure::late(FailureCode::ConnectTimeout, self.until, self.deadline, false));
            }
        };
        let spoken = Connection::speak(stream, place, self.options).await;
        spoken.map_err(|_| failure::unsent(FailureCode::ConnectFailed))
    }
}

/// The name that the certificate must be for.
fn server_name(host: &str, literal: Option<IpAddr>) -> Result<ServerName<'static>, SendFailure> {
    match literal {
        Some(address) => Ok(ServerName::from(address)),
        None => ServerName::try_from(host.to_owned()).map_err(|_| failure::unsent(FailureCode::TlsFailed)),
    }
}

/// The first address that accepts. Each gets a head start over the next, in the resolver's order.
async fn reach(addresses: &[SocketAddr], local: Option<IpAddr>) -> io::Result<TcpStream> {
    if let [only] = addresses {
        return connect(*only, local).await;
    }
    let mut waiting = addresses.iter().copied();
    let mut attempts = JoinSet::new();
    let mut error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(connect(address, local));
        }
        tokio::select! {
            ended = attempts.join_next() => match ended {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(refused))) => error = refused,
                Some(Err(_)) => {}
                None => return Err(error),
            },
            () = sleep(STAGGER), if waiting.len() > 0 => {}
        }
    }
}

async fn connect(address: SocketAddr, local: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(local) = local else { return TcpStream::connect(address).await };
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(local, 0))?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_address_that_refuses_makes_way_for_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert_eq!(reach(&[closed, open], None).await.unwrap().peer_addr().unwrap(), open);
        assert!(reach(&[closed, closed], None).await.is_err());
        assert!(reach(&[], None).await.is_err());
    }
}
