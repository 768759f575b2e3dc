//! Compiles components, a bounded number at once, and keeps what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use domain::Digest;
use wasmtime::component::Component;

use crate::runtime::Runtime;
use domain::text::inert;

const MESSAGE_BYTES_MAX: usize = 500;

/// Why there is no compiled component.
#[derive(Debug)]
pub(crate) enum Uncompiled {
    Failed(String),
    TooSlow,
    Host(&'static str),
}

impl Runtime {
    /// The compiled component from the cache, if it is there and was made by an engine like this one.
    pub(crate) async fn load_artefact(&self, digest: &Digest) -> Option<Component> {
        let (artefacts, key) = (Arc::clone(&self.inner.artefacts), self.artefact_key(digest));
        let engine = self.inner.process.engine.engine.clone();
        // Reading and mapping a large artefact takes a while; a worker that runs guests must not wait for it.
        let loading = tokio::task::spawn_blocking(move || {
            let artefact = artefacts.load(&key)?;
            // SAFETY: wasmtime runs what it is given here as machine code. `Artefacts` promises to load only what was
            // kept under this key and has not been changed since, and the only bytes ever kept are those that
            // `Component::serialize` made a few lines below. Uploaded bytes cannot come here: `Upload` refuses
            // everything but components, and compiling is their only way on.
            #[expect(unsafe_code, reason = "compiled code that the artefact store has authenticated")]
            let loaded = unsafe { Component::deserialize(&engine, artefact) };
            loaded.inspect_err(|error| tracing::warn!(%key, ?error, "an artefact was not usable")).ok()
        });
        loading.await.ok().flatten()
    }

    /// Compiles admitted bytes and keeps the artefact.
    pub(crate) async fn compile(&self, digest: &Digest, bytes: Arc<[u8]>) -> Result<Component, Uncompiled> {
        let turn = Arc::clone(&self.inner.compilations).acquire_owned().await;
        let turn = turn.map_err(|_| Uncompiled::Host("it is shutting down"))?;
        let (artefacts, key) = (Arc::clone(&self.inner.artefacts), self.artefact_key(digest));
        let engine = self.inner.process.engine.engine.clone();
        let compiling = tokio::task::spawn_blocking(move || {
            // A compilation cannot be stopped. Its turn stays taken until it is really over, even if nobody waits.
            let _turn = turn;
            let component = Component::from_binary(&engine, &bytes).map_err(|error| shown(&error))?;
            match component.serialize() {
                Ok(artefact) => artefacts.keep(&key, &artefact),
                Err(error) => tracing::warn!(%key, ?error, "an artefact could not be made"),
            }
            Ok(component)
        });
        match tokio::time::timeout(Duration::from_millis(self.inner.options.compile_ms), compiling).await {
            Ok(Ok(compiled)) => compiled.map_err(Uncompiled::Failed),
            Ok(Err(_)) => Err(Uncompiled::Host("the compiler stopped")),
            Err(_) => Err(Uncompiled::TooSlow),
        }
    }

    fn artefact_key(&self, digest: &Digest) -> String {
        format!("{digest}-{}", self.inner.process.engine.artefact_key)
    }
}

/// What wasmtime says of a component, for its author: bounded and inert, causes included.
pub(crate) fn shown(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    inert(&causes.join(": "), MESSAGE_BYTES_MAX)
}
