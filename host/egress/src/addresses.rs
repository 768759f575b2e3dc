//! Where a request may go: its literal address or what its name resolves to, vetted either way.

use std::net::IpAddr;

use domain::Resolver;
use domain::egress::{Permit, Vetted, Wire};
use tokio::time::{Instant, timeout_at};

use crate::door::Refusal;
use crate::failure;

pub(crate) async fn vetted(
    permit: &Permit<Wire>,
    resolver: &dyn Resolver,
    until: Instant,
) -> Result<Vetted, Refusal> {
    let addresses: Vec<IpAddr> = match permit.literal() {
        Some(address) => vec![address],
        None => match timeout_at(until, resolver.resolve(permit.origin().host())).await {
            Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
            Ok(Ok(_) | Err(_)) | Err(_) => return Err(Refusal::Failed(failure::name())),
        },
    };
    Ok(permit.vet(&addresses)?)
}
