//! The room itself: the engine, the linkers, what other rooms lend, and the components that are ready.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Artefacts, Clock, Credentials, Digest, Randomness};
use egress::Egress;

use crate::compile::turns::Turns;
use crate::engine::ProcessEngine;
use crate::gauges::{Gauges, Meter};
use crate::link::Linkers;
use crate::linked::Linked;
use crate::options::RuntimeOptions;
use crate::places::Places;

/// The sandbox. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) process: Arc<Process>,
    pub(crate) linkers: Linkers,
    pub(crate) artefacts: Arc<dyn Artefacts>,
    pub(crate) compilations: Arc<Turns>,
    pub(crate) options: RuntimeOptions,
    ready: Mutex<ReadyComponents>,
}

/// The process lifetime, as far as a call needs it.
pub(crate) struct Process {
    pub(crate) engine: Arc<ProcessEngine>,
    pub(crate) rooms: Rooms,
    pub(crate) places: Places,
    pub(crate) meter: Arc<Meter>,
}

/// What a call may use of other rooms.
pub(crate) struct Rooms {
    pub(crate) egress: Egress,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

/// Why the sandbox could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    #[error("setting up the sandbox's engine failed: {0}")]
    Engine(String),
    #[error("this process already runs a sandbox of another size; use the same options")]
    SecondEngine,
    #[error("the bytes of the component {0} are missing; upload it again")]
    BytesMissing(Digest),
    #[error("the bytes of the component {0} are not those that were admitted; upload it again")]
    BytesChanged(Digest),
    #[error("compiling the component {digest} failed: {message}; upload it again")]
    Compile { digest: Digest, message: String },
    #[error(
        "the component {digest} does not fit this version of the host: {message}; upload a version built for it"
    )]
    Link { digest: Digest, message: String },
}

impl Runtime {
    /// Builds the sandbox. All runtimes of a process share one engine, so their pool sizes must be the same.
    pub fn new(
        options: RuntimeOptions,
        egress: Egress,
        credentials: Arc<dyn Credentials>,
        artefacts: Arc<dyn Artefacts>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, RuntimeError> {
        let engine = ProcessEngine::get(&options)?;
        let linkers =
            Linkers::new(&engine.engine).map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let process = Process {
            places: Places::new(engine.places(), options.concurrent_calls_per_tenant),
            meter: Arc::default(),
            engine,
            rooms: Rooms { egress, credentials, clock, randomness },
        };
        let inner = Inner {
            process: Arc::new(process),
            linkers,
            artefacts,
            compilations: Arc::new(Turns::new(&options)),
            ready: Mutex::new(ReadyComponents::default()),
            options,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What it holds at this moment.
    pub fn gauges(&self) -> Gauges {
        let process = &self.inner.process;
        process.meter.read(process.engine.pool())
    }

    pub(crate) fn ready(&self, digest: &Digest) -> Option<Linked> {
        let ready = self.inner.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.by_digest.get(digest).cloned()
    }

    pub(crate) fn keep_ready(&self, linked: &Linked) {
        let mut ready = self.inner.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.keep(linked, self.inner.options.linked_max);
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

/// Linked components in memory. The one linked longest ago makes room: linking again from the cache is cheap.
#[derive(Default)]
struct ReadyComponents {
    by_digest: HashMap<Digest, Linked>,
    by_age: VecDeque<Digest>,
}

impl ReadyComponents {
    fn keep(&mut self, linked: &Linked, max: usize) {
        if self.by_digest.insert(linked.digest.clone(), linked.clone()).is_none() {
            self.by_age.push_back(linked.digest.clone());
        }
        while self.by_age.len() > max.max(1) {
            if let Some(oldest) = self.by_age.pop_front() {
                self.by_digest.remove(&oldest);
            }
        }
    }
}
