//! The process lifetime: one host, its rooms, its shutdown.

use std::net::SocketAddr;
use std::sync::Arc;

use auth::Vault;
use domain::audit::{Actor, Happening, Subject, Verb};
use domain::egress::{Ceiling, Origin};
use domain::places::Places;
use domain::quota::Quotas;
use domain::{Clock, Randomness, TenantId};
use egress::Egress;
use pipeline::{Connectors, Pipeline, Transform};
use runtime::Runtime;
use store::Store;
use tokio::sync::Semaphore;

use crate::background::Background;
use crate::builder::Builder;
use crate::checks::Checks;
use crate::error::Error;
use crate::hooks::{HookPaces, NoteBook};
use crate::idempotency::Counts;
use crate::tenant::Tenant;
use crate::turns::Turns;

/// A running host. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Host {
    pub(crate) rooms: Arc<Rooms>,
    /// Who does what is done through this handle.
    pub(crate) actor: Actor,
}

/// The floors, built bottom-up by `Builder`.
pub(crate) struct Rooms {
    pub(crate) store: Store,
    pub(crate) egress: Egress,
    pub(crate) runtime: Runtime,
    pub(crate) connectors: Connectors,
    pub(crate) transform: Transform,
    pub(crate) pipeline: Pipeline,
    pub(crate) background: Background,
    pub(crate) checks: Checks,
    pub(crate) ceiling: Arc<Ceiling>,
    pub(crate) vault: Arc<Vault>,
    /// Where browsers reach this host.
    pub(crate) public_url: Option<Origin>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) upload_bytes_max: usize,
    /// Reading a whole chain takes a processor for as long as it is: a few at once, whoever asks.
    pub(crate) verifications: Semaphore,
    pub(crate) quotas: Quotas,
    pub(crate) turns: Turns,
    pub(crate) calls: Arc<Places>,
    /// Requests to hooks whose bodies are being read or judged.
    pub(crate) hook_places: Arc<Places>,
    pub(crate) hook_paces: HookPaces,
    pub(crate) notes: NoteBook,
    /// Under which the world reaches this host; empty where nobody said so.
    pub(crate) reached_at: std::sync::RwLock<String>,
    /// Names this process in rows that only it can end.
    pub(crate) boot: String,
    pub(crate) keys_counted: Counts,
    /// Shared by those who add a component and its row, alone for who removes a component that no row names.
    pub(crate) component_files: tokio::sync::RwLock<()>,
}

impl Host {
    /// Starts to describe a host.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The same host; what is done through this handle is done by `actor`. Without it, by [`Actor::Library`].
    #[must_use]
    pub fn acting(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Something that is done now, through this handle. A verb that changes rows begins with `store::Change`; see
    /// [`domain::audit`] for a new one.
    pub(crate) fn happening(&self, verb: Verb, subject: Subject) -> Happening {
        Happening::new(self.rooms.clock.now(), self.actor.clone(), verb, subject)
    }

    /// A handle to what one tenant owns. The tenant is made with its first write.
    pub fn tenant(&self, id: &str) -> Result<Tenant, Error> {
        let id: TenantId = id.parse()?;
        Ok(Tenant { rooms: self.rooms.clone(), id, actor: self.actor.clone(), trace: None })
    }

    /// Tells the host where it can be reached: at an address that it listens on, or at one that leads to it from
    /// outside. No connector is let back in through it, unless the ceiling names the origin itself.
    pub fn listens_on(&self, address: SocketAddr) {
        self.rooms.egress.listens_on(address);
    }

    /// What the host's clock says.
    pub fn now(&self) -> domain::Timestamp {
        self.rooms.clock.now()
    }

    /// Whether it is being shut down: who answers for long should come to an end.
    pub fn is_stopping(&self) -> bool {
        self.rooms.pipeline.is_stopping()
    }

    /// Stops taking new work and waits until what is under way has been committed.
    pub async fn shutdown(&self) {
        self.rooms.pipeline.shutdown().await;
        // What the last runs have to tell is on its way or waits for the next start.
        self.rooms.background.shutdown().await;
    }
}
