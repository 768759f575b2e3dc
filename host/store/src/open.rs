//! Opening a store: who holds the folder, whether it is one of ours, and whether the key is the right one.
//!
//! The marker is written before anything else in a new folder. So a folder with data and no marker has lost it, and
//! is refused: a new marker would mean a new key over data that only the old one opens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use domain::Randomness;
use serde::{Deserialize, Serialize};

use crate::audit::ChainKeys;
use crate::backend::Backend;
use crate::backend::memory::Memory;
use crate::backend::redb::Redb;
use crate::backend::sled::Sled;
use crate::committer::Committer;
use crate::envelope::Envelope;
use crate::error::StoreError;
use crate::files;
use crate::files::artefacts::ArtefactFiles;
use crate::files::components::ComponentFiles;
use crate::files::lock::FolderLock;
use crate::key::KeyEncryptionKey;
use crate::marker::{self, MARKER, Marker};
use crate::observe::{Observer, Watch};
use crate::root::RootKey;
use crate::seal::Sealing;
use crate::store::Inner;

const COMPONENTS: &str = "components";
const ARTEFACTS: &str = "artefacts";

/// What to open.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    pub place: Place,
    pub key: KeyEncryptionKey,
}

/// Where the state is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it ends with the process.
    Memory,
    /// In a folder that belongs to one process at a time.
    Dir { path: PathBuf, engine: Engine },
}

/// What keeps the rows of a folder. A folder stays with the engine it was made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    #[default]
    Sled,
    Redb,
}

impl Engine {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sled" => Ok(Self::Sled),
            "redb" => Ok(Self::Redb),
            _ => Err("the storage engine must be `sled` or `redb`".to_owned()),
        }
    }
}

/// The key of a folder: read from its file, or made there if the folder holds nothing yet. Never a new key over data
/// that only the old one opens.
pub fn key_for(
    folder: &Path,
    key_file: &Path,
    randomness: &dyn Randomness,
) -> Result<KeyEncryptionKey, StoreError> {
    if key_file.exists() || holds_data(folder) {
        return Ok(KeyEncryptionKey::from_file(key_file)?);
    }
    for folder in [Some(folder), key_file.parent()].into_iter().flatten() {
        files::make_folder(folder)?;
    }
    Ok(KeyEncryptionKey::create_file(key_file, randomness)?)
}

fn holds_data(folder: &Path) -> bool {
    let parts = [MARKER, Engine::Sled.as_str(), Engine::Redb.as_str(), COMPONENTS];
    parts.iter().any(|part| folder.join(part).exists())
}

/// What the store is opened for.
#[derive(Clone)]
pub(crate) enum Manner {
    /// To be written. Whoever it is, is told of every commit.
    Serve(Option<Arc<dyn Observer>>),
    /// To be looked at: nothing is made, brought up to date or written.
    Inspect,
}

pub(crate) fn open(
    options: StoreOptions,
    manner: Manner,
    randomness: &dyn Randomness,
) -> Result<Inner, StoreError> {
    let StoreOptions { place, key } = options;
    let (observer, inspect) = match manner {
        Manner::Serve(observer) => (observer, false),
        Manner::Inspect => (None, true),
    };
    let watch = Watch::new(observer);
    match place {
        Place::Memory => {
            // It ends with the process: there is nowhere to keep it wrapped, and nothing else to open with it.
            let root = RootKey::make(randomness);
            let parts = Parts {
                backend: Arc::new(Memory::default()),
                components: ComponentFiles::in_memory(),
                artefacts: ArtefactFiles::in_memory(&root),
                watch,
                lock: None,
            };
            assemble(parts, &root)
        }
        Place::Dir { path, engine } => {
            files::make_folder(&path)?;
            let lock = FolderLock::take(&path)?;
            files::sweep(&path)?;
            let root = root_of(&path, engine, &key, inspect, randomness)?;
            let rows = path.join(engine.as_str());
            let backend: Arc<dyn Backend> = match engine {
                Engine::Sled => Arc::new(Sled::open(&rows, watch.clone())?),
                Engine::Redb => Arc::new(Redb::open(&rows, watch.clone())?),
            };
            let parts = Parts {
                backend,
                components: ComponentFiles::open(&path.join(COMPONENTS))?,
                artefacts: ArtefactFiles::open(&path.join(ARTEFACTS), &root)?,
                watch,
                lock: Some(lock),
            };
            let inner = assemble(parts, &root)?;
            if inspect {
                inner.committer.stop("it was opened to be looked at");
            }
            Ok(inner)
        }
    }
}

/// What differs between places.
pub(crate) struct Parts {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) components: ComponentFiles,
    pub(crate) artefacts: ArtefactFiles,
    pub(crate) watch: Watch,
    pub(crate) lock: Option<FolderLock>,
}

pub(crate) fn assemble(parts: Parts, root: &RootKey) -> Result<Inner, StoreError> {
    let Parts { backend, components, artefacts, watch, lock } = parts;
    let chains = Arc::new(ChainKeys::new(root));
    Ok(Inner {
        committer: Committer::start(Arc::clone(&backend), Envelope::new(root), Arc::clone(&chains), watch)?,
        backend,
        envelope: Envelope::new(root),
        sealing: Sealing::new(root),
        chains,
        components,
        artefacts,
        _lock: lock,
    })
}

/// The root key of a folder, which is made with its marker where there is nothing yet.
fn root_of(
    folder: &Path,
    engine: Engine,
    key: &KeyEncryptionKey,
    inspect: bool,
    randomness: &dyn Randomness,
) -> Result<RootKey, StoreError> {
    let Some(marker) = Marker::read(folder)? else {
        if inspect || holds_data(folder) {
            return Err(marker::missing(folder));
        }
        let root = RootKey::make(randomness);
        Marker::new(engine, &root, key, randomness)?.write(folder, || {})?;
        return Ok(root);
    };
    let found = marker.engine(folder)?;
    if found != engine {
        let path = folder.display().to_string();
        return Err(StoreError::OtherEngine { path, found: found.to_string(), asked: engine.as_str() });
    }
    let root = marker.open(folder, key)?;
    if let Some(upgraded) = marker.upgraded().filter(|_| !inspect) {
        upgraded.write(folder, || {})?;
        tracing::info!(folder = %folder.display(), "the data folder has this build's format now; earlier builds refuse it");
    }
    Ok(root)
}
