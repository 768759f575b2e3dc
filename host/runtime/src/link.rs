//! Links a compiled component: every import resolved once, so that a call only instantiates.

use std::future::Future;
use std::sync::Arc;

use domain::Digest;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::admit::Kind;
use crate::bindings::{self, ConnectorPre, TransformerPre};
use crate::capabilities::http::{Http, standard};
use crate::capabilities::logging::Logging;
use crate::capabilities::profile::Profile;
use crate::capabilities::secrets::Secrets;
use crate::compile::Uncompiled;
use crate::linked::{Linked, World};
use crate::runtime::{Runtime, RuntimeError};
use crate::state::CallState;
use crate::{exports, wasi};

/// What each kind of component is offered. A transform computes, and reaches nothing.
pub(crate) struct Linkers {
    connector: Linker<CallState>,
    transform: Linker<CallState>,
}

impl Linkers {
    pub(crate) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut transform = Linker::new(engine);
        wasi::add_to_linker(&mut transform)?;
        bindings::types::add_to_linker::<CallState, Nothing>(&mut transform, |_| Nothing)?;
        bindings::logging::add_to_linker::<CallState, Logging>(&mut transform, |state| &mut state.logging)?;

        let mut connector = Linker::new(engine);
        wasi::add_to_linker(&mut connector)?;
        bindings::types::add_to_linker::<CallState, Nothing>(&mut connector, |_| Nothing)?;
        bindings::logging::add_to_linker::<CallState, Logging>(&mut connector, |state| &mut state.logging)?;
        bindings::http::add_to_linker::<CallState, Http>(&mut connector, |state| &mut state.http)?;
        standard::add_to_linker(&mut connector)?;
        bindings::secrets::add_to_linker::<CallState, Secrets>(&mut connector, |state| &mut state.secrets)?;
        bindings::profile::add_to_linker::<CallState, Profile>(&mut connector, |state| &mut state.profile)?;
        Ok(Self { connector, transform })
    }

    /// Resolves the imports and checks the exports; fails where one has another type than its name promises.
    pub(crate) fn link(&self, component: &Component, kind: Kind) -> wasmtime::Result<World> {
        match kind {
            Kind::Connector => {
                let pre = self.connector.instantiate_pre(component)?;
                exports::check_connector(&pre)?;
                ConnectorPre::new(pre).map(World::Connector)
            }
            Kind::Transform => {
                let pre = self.transform.instantiate_pre(component)?;
                exports::check_transform(&pre)?;
                TransformerPre::new(pre).map(World::Transform)
            }
        }
    }
}

/// The `types` interface has no functions, so it needs no state.
pub(crate) struct Nothing;

impl wasmtime::component::HasData for Nothing {
    type Data<'a> = Nothing;
}

impl bindings::types::Host for Nothing {}

impl Runtime {
    /// Makes an admitted component ready: from memory, from the artefact cache, or by compiling it again. `bytes` is
    /// awaited only in the last case.
    pub async fn link(
        &self,
        digest: &Digest,
        kind: Kind,
        bytes: impl Future<Output = Option<Vec<u8>>>,
    ) -> Result<Linked, RuntimeError> {
        if let Some(linked) = self.ready(digest) {
            return Ok(linked);
        }
        let component = match self.load_artefact(digest).await {
            Some(component) => component,
            None => {
                let bytes = bytes.await.ok_or_else(|| RuntimeError::BytesMissing(digest.clone()))?;
                if Digest::of(&bytes) != *digest {
                    return Err(RuntimeError::BytesChanged(digest.clone()));
                }
                let compiled = self.compile(None, digest, Arc::from(bytes)).await;
                compiled.map_err(|error| RuntimeError::Compile {
                    digest: digest.clone(),
                    message: match error {
                        Uncompiled::Failed(message) => message,
                        Uncompiled::Limit(limit) => format!("it needs more than {limit}"),
                        Uncompiled::Busy => "too many others are being compiled".to_owned(),
                        Uncompiled::Host(message) => message,
                    },
                })?
            }
        };
        let linked = self
            .linked(digest.clone(), kind, &component)
            .map_err(|message| RuntimeError::Link { digest: digest.clone(), message })?;
        self.keep_ready(&linked);
        Ok(linked)
    }

    pub(crate) fn linked(&self, digest: Digest, kind: Kind, component: &Component) -> Result<Linked, String> {
        let world =
            self.inner.linkers.link(component, kind).map_err(|error| crate::artefact::shown(&error))?;
        Ok(Linked { digest, world, process: Arc::clone(&self.inner.process) })
    }
}
