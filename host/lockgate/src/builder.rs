//! Builds the floors bottom-up: store, auth and egress, runtime, pipeline.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth::Vault;
use domain::audit::Actor;
use domain::call::Limits;
use domain::connector::ConnectorRef;
use domain::egress::{Ceiling, Origin};
use domain::places::Places;
use domain::quota::Quotas;
use domain::{Artefacts, Clock, Randomness, Resolver};
use egress::{Egress, EgressOptions, Network, SystemResolver};
use pipeline::{Connectors, Options as PipelineOptions, Pipeline, Transform};
use runtime::{Compiler, Runtime, RuntimeOptions, Upload};
use store::{KeyEncryptionKey, Observer, Place, Store, StoreOptions};
use tokio::sync::Semaphore;

use crate::background::{Background, Floor, UpkeepOptions};
use crate::checks::Checks;
use crate::consents::spawn_keep_alive;
use crate::error::Error;
use crate::hooks::{HookPaces, NoteBook};
use crate::host::{Host, Rooms};
use crate::idempotency::Counts;
use crate::system::{OsRandomness, SystemClock, off_the_workers};
use crate::turns::Turns;

/// A component of a few megabytes of JavaScript or Python must fit; a compile bomb must not.
const UPLOAD_BYTES_MAX: usize = 32 << 20;

/// Audit chains that are read whole at the same time.
const VERIFICATIONS_MAX: usize = 2;

/// Requests to the hooks of one tenant that may be in memory at once.
const HOOK_REQUESTS_AT_ONCE: u64 = 128;

pub(crate) const KEY_FILE: &str = "lockgate.key";

pub use store::Engine;

/// Where the key-encryption key comes from. It opens every secret: keep it apart from the data it protects.
#[derive(Clone)]
pub enum Key {
    /// A file of 32 bytes, or of 64 hexadecimal digits, that only its owner can read.
    File(PathBuf),
    /// 64 hexadecimal digits.
    Hex(String),
}

/// Where the key comes from, and never what it is.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Hex(_) => f.write_str("Hex(***)"),
        }
    }
}

/// What a host is made of. Everything has a default but the place of its data.
pub struct Builder {
    data_dir: Option<PathBuf>,
    engine: Engine,
    key: Option<Key>,
    ceiling: Ceiling,
    egress: EgressOptions,
    runtime: RuntimeOptions,
    limits: Limits,
    compiler: Option<Compiler>,
    pipeline: PipelineOptions,
    resolver: Option<Arc<dyn Resolver>>,
    network: Option<Arc<dyn Network>>,
    artefacts: Option<Arc<dyn Artefacts>>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    upload_bytes_max: usize,
    quotas: Quotas,
    public_url: Option<Origin>,
    upkeep: UpkeepOptions,
    observer: Option<Arc<dyn Observer>>,
    record_everything: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            data_dir: None,
            engine: Engine::Sled,
            key: None,
            ceiling: Ceiling::default(),
            egress: EgressOptions::default(),
            runtime: RuntimeOptions::default(),
            limits: Limits::default(),
            compiler: None,
            pipeline: PipelineOptions::default(),
            resolver: None,
            network: None,
            artefacts: None,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(OsRandomness),
            upload_bytes_max: UPLOAD_BYTES_MAX,
            quotas: Quotas::default(),
            public_url: None,
            upkeep: UpkeepOptions::default(),
            observer: None,
            record_everything: false,
        }
    }
}

impl Builder {
    /// Keeps everything in this folder, which is made if it is missing. Without one, everything is in memory.
    #[must_use]
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(dir.into());
        self
    }

    /// The store's back-end in the data folder; a folder stays with the one it was made with.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// The key-encryption key. Default: the file `lockgate.key` in the data folder, made on the first start; in memory
    /// a key that ends with the process.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// The operator's ceiling, above every grant. Default: public addresses over https.
    #[must_use]
    pub fn ceiling(mut self, ceiling: Ceiling) -> Self {
        self.ceiling = ceiling;
        self
    }

    /// Time-outs and caps of the network.
    #[must_use]
    pub fn egress(mut self, options: EgressOptions) -> Self {
        self.egress = options;
        self
    }

    /// Sizes of the sandbox.
    #[must_use]
    pub fn runtime(mut self, options: RuntimeOptions) -> Self {
        self.runtime = options;
        self
    }

    /// Hard bounds on every call.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Who compiles uploads. Default: a child of this same program where `main` begins with
    /// [`run_if_compile_worker`](crate::run_if_compile_worker); where it does not, this process itself, which no upload
    /// that takes too long can be stopped in, and a warning says so.
    #[must_use]
    pub fn compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = Some(compiler);
        self
    }

    /// How many runs at once, and how they are leased.
    #[must_use]
    pub fn pipeline(mut self, options: PipelineOptions) -> Self {
        self.pipeline = options;
        self
    }

    /// Resolves names in place of the system.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Carries requests in place of sockets and TLS: for tests, where the remote is part of the program. Gates, credentials,
    /// masking and rows stay the real ones. Names still resolve first; [`EveryName`](crate::EveryName) resolves them all.
    #[must_use]
    pub fn network(mut self, network: Arc<dyn Network>) -> Self {
        self.network = Some(network);
        self
    }

    /// Keeps compiled code elsewhere than in the data folder, for instance where several hosts share it. What it loads
    /// is run as it is: an implementation must authenticate it.
    #[must_use]
    pub fn artefacts(mut self, artefacts: Arc<dyn Artefacts>) -> Self {
        self.artefacts = Some(artefacts);
        self
    }

    /// Tells the time in place of the system.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Gives random bytes in place of the system.
    #[must_use]
    pub fn randomness(mut self, randomness: Arc<dyn Randomness>) -> Self {
        self.randomness = randomness;
        self
    }

    /// The largest component that can be uploaded, in bytes. Default: 32 MiB.
    #[must_use]
    pub fn upload_bytes_max(mut self, bytes: usize) -> Self {
        self.upload_bytes_max = bytes;
        self
    }

    /// What each tenant may hold and do at once.
    #[must_use]
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// Where browsers reach this host, as in `https://gate.example`: links to consents begin with it, and providers send
    /// their users back to `/oauth/callback` below it.
    #[must_use]
    pub fn public_url(mut self, url: Origin) -> Self {
        self.public_url = Some(url);
        self
    }

    /// How the host looks after profiles and events by itself.
    #[must_use]
    pub fn upkeep(mut self, options: UpkeepOptions) -> Self {
        self.upkeep = options;
        self
    }

    /// Makes a cassette of every call, for whoever makes the call, and keeps none: for programs of authors. A host in
    /// production records where the owner of a profile consents, see [`Tenant::record_calls`](crate::Tenant::record_calls).
    #[must_use]
    pub fn record_everything(mut self) -> Self {
        self.record_everything = true;
        self
    }

    /// Told how far each commit is, on the thread that writes it: for programs that try what a crash leaves.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Opens the store, starts the sandbox and the pipeline, and takes up the work that was under way.
    pub async fn build(self) -> Result<Host, Error> {
        let Self {
            data_dir,
            engine,
            key,
            ceiling,
            egress,
            mut runtime,
            limits,
            compiler,
            pipeline,
            resolver,
            network,
            artefacts,
            clock,
            randomness,
            observer,
            ..
        } = self;
        runtime.compiler = choose_compiler(compiler)?;
        let key = open_key(key, data_dir.as_deref(), &*randomness)?;
        let place = match data_dir {
            None => Place::Memory,
            Some(path) => Place::Dir { path, engine },
        };
        let chance = randomness.clone();
        let options = StoreOptions { place, key };
        let store = off_the_workers(move || Store::open_observed(options, observer, &*chance)).await??;
        let resolver = resolver.unwrap_or_else(|| Arc::new(SystemResolver::default()));
        let egress = match network {
            None => Egress::new(egress, resolver, clock.clone())?,
            Some(network) => Egress::over(network, egress, resolver, clock.clone())?,
        };
        let ceiling = Arc::new(ceiling);
        let vault = Vault::new(store.clone(), clock.clone(), randomness.clone());
        // A data folder belongs to one process: leases in it are of processes that are gone.
        let vault = Arc::new(vault.reaching(&egress, &ceiling).exclusive());
        let artefacts = artefacts.unwrap_or_else(|| Arc::new(store.artefacts()));
        let runtime = Runtime::new(
            runtime,
            egress.clone(),
            vault.clone(),
            artefacts,
            clock.clone(),
            randomness.clone(),
        )?;
        let connectors = Connectors::new(store.clone(), runtime.clone(), ceiling.clone(), limits);
        let connectors = if pipeline.circuits { connectors } else { connectors.without_circuits() };
        let connectors = match self.record_everything {
            true => connectors.recording_everything(),
            false => connectors.recording(clock.clone(), randomness.clone()),
        };
        let transform = jq(&runtime).await?;
        let options = PipelineOptions { exclusive: true, ..pipeline };
        let pipeline =
            Pipeline::new(connectors.clone(), transform.clone(), clock.clone(), randomness.clone(), options);
        pipeline.spawn();
        let background = Background::spawn(Floor {
            store: store.clone(),
            egress: egress.clone(),
            credentials: vault.clone(),
            ceiling: ceiling.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            options: self.upkeep,
        });
        let upload_bytes_max = self.upload_bytes_max;
        let boot = domain::CorrelationId::make(&*randomness).to_string();
        let rooms = Rooms {
            boot,
            keys_counted: Counts::default(),
            store,
            egress,
            runtime,
            connectors,
            transform,
            pipeline,
            background,
            checks: Checks::default(),
            ceiling,
            vault,
            public_url: self.public_url,
            clock,
            randomness,
            upload_bytes_max,
            verifications: Semaphore::new(VERIFICATIONS_MAX),
            quotas: self.quotas,
            turns: Turns::default(),
            calls: Arc::new(Places::for_each_tenant(self.quotas.calls_at_once)),
            hook_places: Arc::new(Places::for_each_tenant(HOOK_REQUESTS_AT_ONCE)),
            hook_paces: HookPaces::default(),
            notes: NoteBook::default(),
            reached_at: std::sync::RwLock::default(),
            component_files: tokio::sync::RwLock::default(),
        };
        let rooms = Arc::new(rooms);
        spawn_keep_alive(&rooms);
        Ok(Host { rooms, actor: Actor::Library })
    }
}

/// A child of this program only where its `main` can be one: another `main` would begin its usual work in the child.
fn choose_compiler(chosen: Option<Compiler>) -> Result<Compiler, Error> {
    match chosen {
        Some(Compiler::ThisProgram) if !runtime::can_be_compile_worker() => Err(Error::new(
            crate::error::Kind::Invalid,
            "no_compile_worker",
            "this program cannot be its own compile worker; begin its `main` with `lockgate::run_if_compile_worker()`",
        )),
        Some(compiler) => Ok(compiler),
        None if runtime::can_be_compile_worker() => Ok(Compiler::ThisProgram),
        None => {
            tracing::warn!(
                "uploads are compiled in this process: begin `main` with `lockgate::run_if_compile_worker()`"
            );
            Ok(Compiler::InProcess)
        }
    }
}

/// The mapping language, shipped with the host and run like any other guest.
async fn jq(runtime: &Runtime) -> Result<Transform, Error> {
    let upload = Upload::new(plugins::JQ.to_vec(), UPLOAD_BYTES_MAX)?;
    let linked = runtime.admit(upload).await?.linked().clone();
    let name = ConnectorRef { name: "jq".parse()?, version: semver::Version::new(0, 1, 0) };
    Ok(Transform { name, linked })
}

fn open_key(
    key: Option<Key>,
    data_dir: Option<&Path>,
    randomness: &dyn Randomness,
) -> Result<KeyEncryptionKey, Error> {
    Ok(match (key, data_dir) {
        (Some(Key::File(file)), _) => KeyEncryptionKey::from_file(&file)?,
        (Some(Key::Hex(text)), _) => KeyEncryptionKey::from_text(&text)?,
        (None, Some(folder)) => store::key_for(folder, &folder.join(KEY_FILE), randomness)?,
        (None, None) => {
            let mut bytes = [0; 32];
            randomness.fill(&mut bytes);
            KeyEncryptionKey::from_bytes(bytes)?
        }
    })
}
