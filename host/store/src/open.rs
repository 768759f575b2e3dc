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
use crate::seal::Sealing;
use crate::store::Inner;

const FORMAT: u64 = 1;
const MARKER: &str = "store.json";
const MARKER_BYTES_MAX: u64 = 4_096;
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

/// What a folder says of itself. Tells nothing about the key but whether it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    format: u64,
    engine: String,
    key: String,
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

pub(crate) fn open(options: StoreOptions) -> Result<Inner, StoreError> {
    let StoreOptions { place, key } = options;
    match place {
        Place::Memory => {
            let parts = Parts {
                backend: Arc::new(Memory::default()),
                components: ComponentFiles::in_memory(),
                artefacts: ArtefactFiles::in_memory(&key),
                lock: None,
            };
            assemble(parts, &key)
        }
        Place::Dir { path, engine } => {
            files::make_folder(&path)?;
            let lock = FolderLock::take(&path)?;
            files::sweep(&path)?;
            check_marker(&path, engine, &key)?;
            let rows = path.join(engine.as_str());
            let backend: Arc<dyn Backend> = match engine {
                Engine::Sled => Arc::new(Sled::open(&rows)?),
                Engine::Redb => Arc::new(Redb::open(&rows)?),
            };
            let parts = Parts {
                backend,
                components: ComponentFiles::open(&path.join(COMPONENTS))?,
                artefacts: ArtefactFiles::open(&path.join(ARTEFACTS), &key)?,
                lock: Some(lock),
            };
            assemble(parts, &key)
        }
    }
}

/// What differs between places.
pub(crate) struct Parts {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) components: ComponentFiles,
    pub(crate) artefacts: ArtefactFiles,
    pub(crate) lock: Option<FolderLock>,
}

pub(crate) fn assemble(parts: Parts, key: &KeyEncryptionKey) -> Result<Inner, StoreError> {
    let Parts { backend, components, artefacts, lock } = parts;
    Ok(Inner {
        committer: Committer::start(Arc::clone(&backend), Envelope::new(key))?,
        backend,
        envelope: Envelope::new(key),
        sealing: Sealing::new(key),
        components,
        artefacts,
        _lock: lock,
    })
}

fn check_marker(folder: &Path, engine: Engine, key: &KeyEncryptionKey) -> Result<(), StoreError> {
    let path = folder.join(MARKER);
    let shown = folder.display().to_string();
    let no_marker = || StoreError::NoMarker { path: shown.clone(), marker: MARKER };
    let Some(contents) = files::read_bounded(&path, MARKER_BYTES_MAX)? else {
        if holds_data(folder) {
            return Err(no_marker());
        }
        let marker = Marker { format: FORMAT, engine: engine.as_str().to_owned(), key: key.fingerprint() };
        let json =
            serde_json::to_vec_pretty(&marker).map_err(|error| files::failed("write", &path, &error))?;
        return files::write_whole(&path, &[&json]);
    };
    // Another format may look different in all but this one number.
    #[derive(Deserialize)]
    struct Format {
        format: u64,
    }
    let Format { format } = serde_json::from_slice(&contents).map_err(|_| no_marker())?;
    if format != FORMAT {
        return Err(StoreError::UnknownFormat { path: shown, found: format, known: FORMAT });
    }
    let marker: Marker = serde_json::from_slice(&contents).map_err(|_| no_marker())?;
    if marker.engine != engine.as_str() {
        return Err(StoreError::OtherEngine { path: shown, found: marker.engine, asked: engine.as_str() });
    }
    if marker.key != key.fingerprint() {
        return Err(StoreError::OtherKey { path: shown });
    }
    Ok(())
}
