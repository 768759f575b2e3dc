//! What an operator may turn: time-outs and caps, each with a default that suits an API on the internet.

/// The bounds of one `Egress`. A guest can ask for less time, never for more.
#[derive(Clone, Debug)]
pub struct EgressOptions {
    /// Name resolution, and then TCP with TLS, each.
    pub connect_timeout_ms: u64,
    /// From the written request to the response's head.
    pub first_byte_timeout_ms: u64,
    /// Between two pieces of the body.
    pub idle_timeout_ms: u64,
    /// Everything together: waiting for a turn, redirects, the body.
    pub total_timeout_ms: u64,
    /// How many requests of one tenant may be under way; the next ones wait.
    pub in_flight_per_tenant: usize,
    pub response_headers_max: usize,
    pub response_header_bytes_max: usize,
    /// A certificate authority to trust beside the system's, in PEM.
    pub extra_root_pem: Option<Vec<u8>>,
}

impl Default for EgressOptions {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 5_000,
            first_byte_timeout_ms: 15_000,
            idle_timeout_ms: 10_000,
            total_timeout_ms: 30_000,
            in_flight_per_tenant: 32,
            response_headers_max: 100,
            response_header_bytes_max: 65_536,
            extra_root_pem: None,
        }
    }
}

/// A day: longer than anybody waits, and safe to add to any time.
const TIMEOUT_MAX_MS: u64 = 86_400_000;
/// The client sets memory aside for every header that there may be.
const RESPONSE_HEADERS_MAX: usize = 1_000;

impl EgressOptions {
    /// The same, with every time-out between one millisecond and a day.
    pub(crate) fn bounded(self) -> Self {
        let bound = |ms: u64| ms.clamp(1, TIMEOUT_MAX_MS);
        Self {
            connect_timeout_ms: bound(self.connect_timeout_ms),
            first_byte_timeout_ms: bound(self.first_byte_timeout_ms),
            idle_timeout_ms: bound(self.idle_timeout_ms),
            total_timeout_ms: bound(self.total_timeout_ms),
            response_headers_max: self.response_headers_max.clamp(1, RESPONSE_HEADERS_MAX),
            ..self
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
}
