//! Bounds of the API. The defaults suit a server on the public network.

use std::time::Duration;

use crate::front::AllowedHosts;

/// What a request may cost before anybody has looked at it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The names under which the host may be asked.
    pub hosts: AllowedHosts,
    /// Whether browsers are told to come back over TLS only. Say so where this process speaks TLS.
    pub strict_transport: bool,
    /// Requests of one tenant in a second, over all of its tokens, when it has been asking for a while.
    pub requests_per_second: u32,
    /// Requests of one tenant at once, after a rest.
    pub requests_burst: u32,
    /// The largest component, in bytes. A larger one is refused while it is still arriving.
    pub upload_bytes_max: usize,
    /// How long a component may take to arrive.
    pub upload_ms_max: u64,
    /// How long any other body may take to arrive.
    pub body_ms_max: u64,
    /// How long a request may take in all.
    pub request_ms_max: u64,
    /// How long a client that was refused may go on sending, so that it finds the answer and not a reset connection.
    pub linger_ms_max: u64,
    /// Components that may be in memory at once.
    pub uploads_max: u64,
    /// Components of one tenant that may be in memory at once.
    pub uploads_per_tenant_max: u64,
    /// Readers that follow a log at once.
    pub followers_max: u64,
    /// Of these, how many may be one tenant's.
    pub followers_per_tenant_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Options {
    /// What a server has where nothing else is said.
    pub const DEFAULT: Self = Self {
        hosts: AllowedHosts::LOOPBACK,
        strict_transport: false,
        requests_per_second: 200,
        requests_burst: 1_000,
        upload_bytes_max: 32 << 20,
        upload_ms_max: 120_000,
        body_ms_max: 20_000,
        request_ms_max: 300_000,
        linger_ms_max: 10_000,
        uploads_max: 8,
        uploads_per_tenant_max: 2,
        followers_max: 256,
        followers_per_tenant_max: 16,
    };

    pub(crate) fn linger_time(&self) -> Duration {
        Duration::from_millis(self.linger_ms_max)
    }

    pub(crate) fn upload_time(&self) -> Duration {
        Duration::from_millis(self.upload_ms_max)
    }

    pub(crate) fn body_time(&self) -> Duration {
        Duration::from_millis(self.body_ms_max)
    }

    pub(crate) fn request_time(&self) -> Duration {
        Duration::from_millis(self.request_ms_max)
    }
}
