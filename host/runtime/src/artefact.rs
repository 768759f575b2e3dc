//! From an admitted component to compiled code: out of the cache, or compiled and put there.

use std::sync::Arc;
use std::time::Duration;

use domain::text::inert;
use domain::{Digest, TenantId};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compile::turns::Turn;
use crate::compile::{Uncompiled, child};
use crate::runtime::Runtime;

const MESSAGE_BYTES_MAX: usize = 500;

impl Runtime {
    /// The compiled component from the cache, if it is there and was made by an engine like this one.
    pub(crate) async fn load_artefact(&self, digest: &Digest) -> Option<Component> {
        let (artefacts, key) = (Arc::clone(&self.inner.artefacts), self.artefact_key(digest));
        let engine = self.inner.process.engine.engine.clone();
        // Reading and mapping a large artefact takes a while; a worker that runs guests must not wait for it.
        let loading = tokio::task::spawn_blocking(move || {
            let artefact = artefacts.load(&key)?;
            revive(&engine, &artefact)
                .inspect_err(|error| tracing::warn!(%key, ?error, "an artefact was not usable"))
                .ok()
        });
        loading.await.ok().flatten()
    }

    /// Compiles admitted bytes and keeps the artefact.
    pub(crate) async fn compile(
        &self,
        tenant: Option<&TenantId>,
        digest: &Digest,
        bytes: Arc<[u8]>,
    ) -> Result<Component, Uncompiled> {
        let turn = self.inner.compilations.take(tenant).await?;
        let key = self.artefact_key(digest);
        let Some(program) = child::program(&self.inner.options.compiler) else {
            return self.compile_here(key, bytes, turn).await;
        };
        let engine_key = self.inner.process.engine.artefact_key.clone();
        let artefact = child::compile(program, &self.inner.options, engine_key, bytes, turn).await?;
        let (artefacts, engine) =
            (Arc::clone(&self.inner.artefacts), self.inner.process.engine.engine.clone());
        let reviving = tokio::task::spawn_blocking(move || {
            let component = revive(&engine, &artefact);
            let component = component.map_err(|error| Uncompiled::Host(shown(&error)))?;
            artefacts.keep(&key, &artefact);
            Ok(component)
        });
        let stopped = |_| Uncompiled::Host("loading what was compiled stopped".to_owned());
        reviving.await.map_err(stopped)?
    }

    /// Compiles on a thread of this process, which nothing can stop.
    async fn compile_here(&self, key: String, bytes: Arc<[u8]>, turn: Turn) -> Result<Component, Uncompiled> {
        let engine = self.inner.process.engine.engine.clone();
        let artefacts = Arc::clone(&self.inner.artefacts);
        let compiling = tokio::task::spawn_blocking(move || {
            // Its turn stays taken until it is really over, even if nobody waits.
            let _turn = turn;
            let component = Component::from_binary(&engine, &bytes).map_err(|error| shown(&error))?;
            match component.serialize() {
                Ok(artefact) => artefacts.keep(&key, &artefact),
                Err(error) => tracing::warn!(%key, ?error, "an artefact could not be made"),
            }
            Ok(component)
        });
        let wall_ms = self.inner.options.compile_ms;
        match tokio::time::timeout(Duration::from_millis(wall_ms), compiling).await {
            Ok(Ok(compiled)) => compiled.map_err(Uncompiled::Failed),
            Ok(Err(_)) => Err(Uncompiled::Host("the compiler stopped".to_owned())),
            Err(_) => Err(Uncompiled::Limit(format!("{wall_ms} ms"))),
        }
    }

    fn artefact_key(&self, digest: &Digest) -> String {
        format!("{digest}-{}", self.inner.process.engine.artefact_key)
    }
}

fn revive(engine: &Engine, artefact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: wasmtime runs what it is given here as machine code. It comes from two places only, both above. One is
    // our own compile worker, over a pipe that nobody else can write to; `compile` says what that trust rests on. The
    // other is `Artefacts`, which promises to load only what was kept under this key and has not been changed since,
    // and nothing is ever kept but what was just compiled. Uploaded bytes cannot come here: `Upload` refuses everything
    // but components, and compiling is their only way on.
    #[expect(unsafe_code, reason = "compiled code, from our compiler or authenticated by the artefact store")]
    unsafe {
        Component::deserialize(engine, artefact)
    }
}

/// What wasmtime says of a component, for its author: bounded and inert, causes included.
pub(crate) fn shown(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    inert(&causes.join(": "), MESSAGE_BYTES_MAX)
}
