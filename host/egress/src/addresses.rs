//! Where a request may go: its literal address or what its name resolves to, vetted either way.

use std::net::IpAddr;
use std::sync::Arc;

use domain::egress::{Permit, Vetted, Wire};
use domain::exchange::SendFailure;
use domain::injected::NameError;
use domain::{Denial, FailureCode, Gate, Resolver};
use tokio::time::{Instant, timeout_at};

use crate::door::{Inner, Refusal};
use crate::failure;
use crate::options::EgressOptions;
use crate::tenants::{Tenant, TooBusy};

/// More than any honest name has. What lies beyond would never be judged, so the answer as a whole is refused.
const ANSWERS_MAX: usize = 64;

pub(crate) async fn vetted(
    permit: &Permit<Wire>,
    tenant: &Tenant,
    inner: &Inner,
    until: Instant,
    deadline: Instant,
) -> Result<Vetted, Refusal> {
    let addresses: Vec<IpAddr> = match permit.literal() {
        Some(address) => vec![address],
        None => resolved(permit.origin().host(), tenant, &inner.resolver, until, deadline).await?,
    };
    Ok(permit.vet(&addresses, &*inner.doors)?)
}

/// The machine's own address that the profile chose to send from. The operator may have taken it back since.
pub(crate) fn local(permit: &Permit<Wire>, options: &EgressOptions) -> Result<Option<IpAddr>, Denial> {
    match permit.policy().egress_address() {
        Some(address) if !options.egress_addresses.contains(&address) => Err(Denial::new(
            Gate::Address,
            format!("the profile sends from {address}, which the operator does not offer"),
            format!("the operator can offer it with `lockgate serve --egress-address {address}`"),
        )),
        chosen => Ok(chosen),
    }
}

async fn resolved(
    host: &str,
    tenant: &Tenant,
    resolver: &Arc<dyn Resolver>,
    until: Instant,
    deadline: Instant,
) -> Result<Vec<IpAddr>, Refusal> {
    let turn = timeout_at(until, Arc::clone(&tenant.lookups).acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Refusal::Denied(TooBusy::Tenant.into())) };
    // A task of its own holds the turn until the resolver is done, even when nobody waits for it any more: a name
    // server that never answers costs its tenant, and nobody else.
    let (resolver, name) = (Arc::clone(resolver), host.to_owned());
    let lookup = tokio::spawn(async move {
        let found = resolver.resolve(&name).await;
        drop(turn);
        found
    });
    let fail = |code| Refusal::Failed(SendFailure::new(code, false));
    match timeout_at(until, lookup).await {
        Ok(Ok(Ok(found))) if found.is_empty() => Err(fail(FailureCode::NameNotFound)),
        Ok(Ok(Ok(found))) if found.len() > ANSWERS_MAX => Err(fail(FailureCode::NameUnavailable)),
        Ok(Ok(Ok(found))) => Ok(found),
        Ok(Ok(Err(NameError::NotFound))) => Err(fail(FailureCode::NameNotFound)),
        Ok(Ok(Err(NameError::Unavailable)) | Err(_)) => Err(fail(FailureCode::NameUnavailable)),
        Err(_) => Err(Refusal::Failed(failure::late(FailureCode::NameTimeout, until, deadline, false))),
    }
}
