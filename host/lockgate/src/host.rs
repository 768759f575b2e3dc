//! The process lifetime: one host, its rooms, its shutdown.

use std::sync::Arc;

use domain::egress::Ceiling;
use domain::{Clock, Randomness, TenantId};
use egress::Egress;
use pipeline::{Connectors, Pipeline, Transform};
use runtime::Runtime;
use store::Store;

use crate::builder::Builder;
use crate::error::Error;
use crate::tenant::Tenant;

/// A running host. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Host {
    pub(crate) rooms: Arc<Rooms>,
}

/// The floors, built bottom-up by `Builder`.
pub(crate) struct Rooms {
    pub(crate) store: Store,
    pub(crate) egress: Egress,
    pub(crate) runtime: Runtime,
    pub(crate) connectors: Connectors,
    pub(crate) transform: Transform,
    pub(crate) pipeline: Pipeline,
    pub(crate) ceiling: Arc<Ceiling>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) upload_bytes_max: usize,
}

impl Host {
    /// Starts to describe a host.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A handle to what one tenant owns. The tenant is made with its first write.
    pub fn tenant(&self, id: &str) -> Result<Tenant, Error> {
        let id: TenantId = id.parse()?;
        Ok(Tenant { rooms: self.rooms.clone(), id })
    }

    /// Stops taking new work and waits until what is under way has been committed.
    pub async fn shutdown(&self) {
        self.rooms.pipeline.shutdown().await;
    }
}
