//! What an operator may turn: time-outs and caps, each with a default that suits an API on the internet.

use std::net::IpAddr;

/// The bounds of one `Egress`. A guest can ask for less time, never for more.
#[derive(Clone, Debug)]
pub struct EgressOptions {
    /// Waiting for a turn, resolving the name and reaching the remote, together.
    pub connect_timeout_ms: u64,
    /// The handshake, once the remote was reached.
    pub tls_timeout_ms: u64,
    /// From the written request to the response's head.
    pub first_byte_timeout_ms: u64,
    /// Between two pieces of the body.
    pub idle_timeout_ms: u64,
    /// Everything together: pace, redirects, the body.
    pub total_timeout_ms: u64,
    /// How many requests of one tenant may be under way; the next ones wait, and are denied when they waited too long.
    pub in_flight_per_tenant: usize,
    /// The same for all tenants together.
    pub in_flight_max: usize,
    /// Open connections of one tenant, kept ones included; the oldest kept one makes room. Never fewer than requests
    /// under way.
    pub connections_per_tenant: usize,
    /// The same for all tenants together.
    pub connections_max: usize,
    /// Connections that one tenant keeps for its next requests.
    pub idle_per_tenant: usize,
    /// Names of one tenant that are being resolved. A look-up counts until the resolver is done with it, which may be
    /// long after the request has given up.
    pub lookups_per_tenant: usize,
    /// Interim (1xx) answers before the answer itself.
    pub interim_responses_max: usize,
    pub response_headers_max: usize,
    pub response_header_bytes_max: usize,
    /// The machine's own addresses that a profile may choose to send from.
    pub egress_addresses: Vec<IpAddr>,
    /// The beginnings of bodies are kept in the log, redacted, unless a profile says otherwise. Off: of no profile.
    pub log_bodies: bool,
    /// A certificate authority to trust beside the system's, in PEM.
    pub extra_root_pem: Option<Vec<u8>>,
}

impl Default for EgressOptions {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 5_000,
            tls_timeout_ms: 5_000,
            first_byte_timeout_ms: 15_000,
            idle_timeout_ms: 10_000,
            total_timeout_ms: 30_000,
            in_flight_per_tenant: 32,
            in_flight_max: 256,
            connections_per_tenant: 64,
            connections_max: 1_024,
            idle_per_tenant: 32,
            lookups_per_tenant: 8,
            interim_responses_max: 16,
            response_headers_max: 100,
            response_header_bytes_max: 65_536,
            egress_addresses: Vec::new(),
            log_bodies: true,
            extra_root_pem: None,
        }
    }
}

/// The time that whoever sends gives each step. It can only be less than what the options give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    pub connect_ms: Option<u64>,
    pub first_byte_ms: Option<u64>,
    /// Between two pieces of the body.
    pub idle_ms: Option<u64>,
}

impl Patience {
    pub(crate) fn connect_ms(self, options: &EgressOptions) -> u64 {
        shorter(options.connect_timeout_ms, self.connect_ms)
    }

    pub(crate) fn first_byte_ms(self, options: &EgressOptions) -> u64 {
        shorter(options.first_byte_timeout_ms, self.first_byte_ms)
    }

    pub(crate) fn idle_ms(self, options: &EgressOptions) -> u64 {
        shorter(options.idle_timeout_ms, self.idle_ms)
    }
}

fn shorter(ours_ms: u64, asked_ms: Option<u64>) -> u64 {
    asked_ms.map_or(ours_ms, |asked_ms| asked_ms.clamp(1, ours_ms.max(1)))
}

/// A day: longer than anybody waits, and safe to add to any time.
const TIMEOUT_MAX_MS: u64 = 86_400_000;
/// Far more than one machine carries, and safe for a semaphore.
const COUNT_MAX: usize = 1 << 20;
/// The client sets memory aside for every header that there may be.
const RESPONSE_HEADERS_MAX: usize = 1_000;
const RESPONSE_HEADER_BYTES_MAX: usize = 1 << 20;

impl EgressOptions {
    /// The same, with every time-out between one millisecond and a day, and with room for every request that may be
    /// under way.
    pub(crate) fn bounded(self) -> Self {
        let ms = |ms: u64| ms.clamp(1, TIMEOUT_MAX_MS);
        let count = |count: usize| count.clamp(1, COUNT_MAX);
        let in_flight_max = count(self.in_flight_max);
        let in_flight_per_tenant = count(self.in_flight_per_tenant).min(in_flight_max);
        Self {
            connect_timeout_ms: ms(self.connect_timeout_ms),
            tls_timeout_ms: ms(self.tls_timeout_ms),
            first_byte_timeout_ms: ms(self.first_byte_timeout_ms),
            idle_timeout_ms: ms(self.idle_timeout_ms),
            total_timeout_ms: ms(self.total_timeout_ms),
            in_flight_per_tenant,
            in_flight_max,
            connections_per_tenant: count(self.connections_per_tenant).max(in_flight_per_tenant),
            connections_max: count(self.connections_max).max(in_flight_max),
            idle_per_tenant: self.idle_per_tenant.min(COUNT_MAX),
            lookups_per_tenant: count(self.lookups_per_tenant),
            interim_responses_max: self.interim_responses_max,
            response_headers_max: self.response_headers_max.clamp(1, RESPONSE_HEADERS_MAX),
            response_header_bytes_max: self.response_header_bytes_max.clamp(1, RESPONSE_HEADER_BYTES_MAX),
            egress_addresses: self.egress_addresses,
            log_bodies: self.log_bodies,
            extra_root_pem: self.extra_root_pem,
        }
    }
}

/// Why the door could not be built.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    #[error("reading the extra root certificates failed; give them in PEM, one block a certificate")]
    ExtraRoots,
    #[error("setting up TLS failed: {0}")]
    Tls(String),
    #[error(
        "{0} is no address of this machine, so nothing can leave from it; give one that is with --egress-address"
    )]
    NotOurAddress(IpAddr),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_never_longer_than_the_options() {
        let options = EgressOptions::default();
        let of = |ms| Patience { first_byte_ms: ms, ..Patience::default() }.first_byte_ms(&options);
        assert_eq!([of(None), of(Some(0)), of(Some(7))], [15_000, 1, 7]);
        assert_eq!(of(Some(u64::MAX)), 15_000);
    }
}
