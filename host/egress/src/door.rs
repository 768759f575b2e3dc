//! The door itself: takes a permit, and at every hop asks again for address, credential and time.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::egress::{Permit, Response, Vetted, Wire};
use domain::exchange::{Exchange, SendFailure};
use domain::trace::TraceState;
use domain::{Clock, CorrelationId, Credentials, Denial, ProfileName, Resolver, TenantId};
use tokio::time::Instant;

use crate::addresses;
use crate::doors::{Doors, is_of_this_machine};
use crate::hop::{Hop, Outcome};
use crate::network::Network;
use crate::options::{EgressError, EgressOptions, Patience};
use crate::row::Row;
use crate::tenants::{Tenants, TooBusy};
use crate::tls::Tls;

/// The only door to the network. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Egress(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) options: EgressOptions,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) tls: Arc<Tls>,
    /// In place of sockets and TLS.
    pub(crate) network: Option<Arc<dyn Network>>,
    pub(crate) doors: Arc<Doors>,
    clock: Arc<dyn Clock>,
    pub(crate) tenants: Tenants,
    spans: AtomicU64,
}

/// On whose behalf a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub tenant: TenantId,
    /// Whose credential is added; without a profile none is.
    pub profile: Option<ProfileName>,
    pub correlation: CorrelationId,
    /// What the caller's tracing keeps beside its trace.
    pub trace_state: Option<TraceState>,
}

/// What came of a request, with one row for each hop that was made or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub result: Result<Response, Refusal>,
    pub exchanges: Vec<Exchange>,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A gate said no; nothing was sent to where it said no.
    #[error("{0}")]
    Denied(Denial),
    #[error(transparent)]
    Failed(#[from] SendFailure),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl Egress {
    pub fn new(
        options: EgressOptions,
        resolver: Arc<dyn Resolver>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EgressError> {
        Self::carried_by(None, options, resolver, clock)
    }

    /// A door whose requests a [`Network`] carries: for tests. Everything else about it is the same.
    pub fn over(
        network: Arc<dyn Network>,
        options: EgressOptions,
        resolver: Arc<dyn Resolver>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EgressError> {
        Self::carried_by(Some(network), options, resolver, clock)
    }

    fn carried_by(
        network: Option<Arc<dyn Network>>,
        options: EgressOptions,
        resolver: Arc<dyn Resolver>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EgressError> {
        let options = options.bounded();
        if let Some(foreign) = options.egress_addresses.iter().find(|address| !is_of_this_machine(**address))
        {
            return Err(EgressError::NotOurAddress(*foreign));
        }
        let tls = Arc::new(Tls::new(options.extra_root_pem.as_deref())?);
        let tenants = Tenants::new(&options);
        // Seeded with the time, so that a trace that outlives this process does not see its spans again.
        let spans = AtomicU64::new(clock.now().as_ms().unsigned_abs() << 20);
        let doors = Arc::default();
        Ok(Self(Arc::new(Inner { options, resolver, tls, network, doors, clock, tenants, spans })))
    }

    /// The same door with turns and connections of its own: for requests of the host that others wait for while they hold
    /// a turn of this one.
    #[must_use]
    pub fn apart(&self) -> Self {
        let inner = &*self.0;
        Self(Arc::new(Inner {
            options: inner.options.clone(),
            resolver: Arc::clone(&inner.resolver),
            tls: Arc::clone(&inner.tls),
            network: inner.network.clone(),
            doors: Arc::clone(&inner.doors),
            clock: Arc::clone(&inner.clock),
            tenants: Tenants::new(&inner.options),
            spans: AtomicU64::new(inner.next_span()),
        }))
    }

    /// Tells the door that this host listens there: nothing is dialled that leads back, unless the ceiling names the
    /// origin itself.
    pub fn listens_on(&self, address: SocketAddr) {
        self.0.doors.add(address);
    }

    /// Whether a profile may choose to send from this address.
    pub fn leaves_from(&self, address: IpAddr) -> bool {
        self.0.options.egress_addresses.contains(&address)
    }

    /// The addresses that a profile may choose to send from.
    pub fn egress_addresses(&self) -> &[IpAddr] {
        &self.0.options.egress_addresses
    }

    /// Judges where a permitted request would go, as `send` does, and sends nothing.
    pub async fn look_up(&self, tenant: &TenantId, permit: &Permit<Wire>) -> Result<Vetted, Refusal> {
        let inner = &*self.0;
        let tenant = inner.tenants.get(tenant);
        let until = Instant::now() + Duration::from_millis(inner.options.connect_timeout_ms);
        addresses::vetted(permit, &tenant, inner, until, until).await
    }

    /// Requests that hold a turn: being sent or answered, pauses excluded.
    pub fn under_way(&self) -> usize {
        self.0.tenants.under_way()
    }

    /// Connections that are open: in use, or kept for the next request.
    pub fn connections(&self) -> usize {
        self.0.tenants.connections()
    }

    /// Sends what the permit allows, follows redirects as far as the same policy allows each, and says what happened.
    ///
    /// Dropping the future closes the connection; the request may have been sent, and its row is lost with it.
    pub async fn send(&self, sender: &Sender, permit: Permit<Wire>, credentials: &dyn Credentials) -> Sent {
        self.send_within(sender, permit, credentials, Patience::default()).await
    }

    /// The same for who has less patience.
    pub async fn send_within(
        &self,
        sender: &Sender,
        permit: Permit<Wire>,
        credentials: &dyn Credentials,
        patience: Patience,
    ) -> Sent {
        let inner = &*self.0;
        let time_ms = permit.timeout_ms().min(inner.options.total_timeout_ms).max(1);
        let deadline = Instant::now() + Duration::from_millis(time_ms);
        let tenant = inner.tenants.get(&sender.tenant);
        let mut exchanges = Vec::new();
        let hop = Hop { inner, tenant: &tenant, sender, credentials, deadline, patience };
        let result = Box::pin(inner.through(&hop, permit, &mut exchanges)).await;
        Sent { result, exchanges }
    }
}

impl Inner {
    async fn through(
        &self,
        hop: &Hop<'_>,
        mut permit: Permit<Wire>,
        exchanges: &mut Vec<Exchange>,
    ) -> Result<Response, Refusal> {
        // One turn for all hops: a request that holds a turn never waits for another.
        let mut turn = None;
        // What an earlier hop was sent with may come back from a later one.
        let mut sent_with = Vec::new();
        let mut body = Bytes::from(permit.take_body());
        let mut may_renew = true;
        loop {
            let keeps_bodies = self.options.log_bodies && permit.policy().tracing().log_bodies;
            let mut row = Row::begin(&permit, &body, keeps_bodies, &*self.clock);
            match hop.make(&permit, &mut body, &mut turn, &mut sent_with, &mut row).await {
                Err(refusal) => {
                    exchanges.push(row.refused(&refusal));
                    return Err(refusal);
                }
                Ok(Outcome::Answer(response)) => {
                    exchanges.push(row.answered(&response));
                    return Ok(response);
                }
                Ok(Outcome::Renewed(response)) => {
                    exchanges.push(row.answered(&response));
                    match permit.again() {
                        Ok(again) if may_renew => permit = again,
                        _ => return Ok(response),
                    }
                    may_renew = false;
                }
                Ok(Outcome::Redirect { response, target }) => {
                    exchanges.push(row.answered(&response));
                    body.clear();
                    permit = permit.follow(response.status, &target).inspect_err(|denial| {
                        exchanges.push(Row::refused_redirect(&permit, &target, &*self.clock).denied(denial));
                    })?;
                }
            }
        }
    }

    /// A number that no other request of this process gets, spread over all digits.
    pub(crate) fn next_span(&self) -> u64 {
        let mut z = self.spans.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The turn was never taken: the time was over first.
impl From<TooBusy> for Refusal {
    fn from(busy: TooBusy) -> Self {
        Self::Denied(busy.into())
    }
}
