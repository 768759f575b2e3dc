//! What a data folder says of itself in `store.json`: its format, its engine, and its root key, wrapped.
//!
//! It is replaced in one step, so that a folder always has one key-encryption key that opens it, and never two.

use std::path::Path;

use domain::Randomness;
use serde::{Deserialize, Serialize};

use crate::cipher::Sealed;
use crate::error::StoreError;
use crate::files;
use crate::key::KeyEncryptionKey;
use crate::open::Engine;
use crate::root::RootKey;

/// What this build writes. It grows when a row gains what an earlier build would refuse or lose.
///
/// - 2: rows as of the first durable host.
/// - 3: rows with the fields of schedules, suspended runs, webhooks in and the life of credentials. Fields are only added,
///   each with a meaning where it is missing, so the step from 2 is the marker alone.
/// - 4: rows that hold what customers' systems have sent are sealed. Rows of before are read as they are and sealed when
///   they are next written, so this step is the marker alone as well.
pub(crate) const FORMAT: u64 = 4;
/// The earliest that this build reads. Beyond `FORMAT` it reads nothing: it would lose what it does not know.
const FORMAT_MIN: u64 = 2;
pub(crate) const MARKER: &str = "store.json";
const MARKER_BYTES_MAX: u64 = 4_096;

/// Tells nothing about the key-encryption key but whether it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    format: u64,
    engine: String,
    /// The key-encryption key's fingerprint.
    key: String,
    root: Sealed,
}

/// Another format may look different in all but this one number.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Marker {
    pub(crate) fn new(
        engine: Engine,
        root: &RootKey,
        key: &KeyEncryptionKey,
        randomness: &dyn Randomness,
    ) -> Result<Self, StoreError> {
        let wrapped = root.wrap(engine, key, randomness)?;
        Ok(Self { format: FORMAT, engine: engine.as_str().to_owned(), key: key.fingerprint(), root: wrapped })
    }

    /// The marker of a folder, or nothing where there is none.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let Some(contents) = files::read_bounded(&folder.join(MARKER), MARKER_BYTES_MAX)? else {
            return Ok(None);
        };
        let Format { format } = serde_json::from_slice(&contents).map_err(|_| missing(folder))?;
        if !(FORMAT_MIN..=FORMAT).contains(&format) {
            let path = folder.display().to_string();
            return Err(StoreError::UnknownFormat { path, found: format, from: FORMAT_MIN, to: FORMAT });
        }
        serde_json::from_slice(&contents).map(Some).map_err(|_| missing(folder))
    }

    /// The marker for this build's rows, where the folder's is of an earlier one. From then on no earlier build opens it.
    pub(crate) fn upgraded(&self) -> Option<Self> {
        (self.format < FORMAT).then(|| Self { format: FORMAT, ..self.clone() })
    }

    /// The same folder under another key-encryption key.
    pub(crate) fn rewrapped(
        &self,
        engine: Engine,
        root: &RootKey,
        key: &KeyEncryptionKey,
        randomness: &dyn Randomness,
    ) -> Result<Self, StoreError> {
        Ok(Self { format: self.format, ..Self::new(engine, root, key, randomness)? })
    }

    /// Puts it in the place of the one before, in one step. `ready` is called when it lies beside the old one.
    pub(crate) fn write(&self, folder: &Path, ready: impl FnOnce()) -> Result<(), StoreError> {
        let path = folder.join(MARKER);
        let json = serde_json::to_vec_pretty(self).map_err(|error| files::failed("write", &path, &error))?;
        files::write_whole_in_steps(&path, &[&json], ready)
    }

    pub(crate) fn engine(&self, folder: &Path) -> Result<Engine, StoreError> {
        self.engine.parse().map_err(|_| missing(folder))
    }

    pub(crate) fn is_for(&self, key: &KeyEncryptionKey) -> bool {
        self.key == key.fingerprint()
    }

    /// The root key, if this is the key that wraps it.
    pub(crate) fn open(&self, folder: &Path, key: &KeyEncryptionKey) -> Result<RootKey, StoreError> {
        if !self.is_for(key) {
            return Err(StoreError::OtherKey { path: folder.display().to_string() });
        }
        RootKey::unwrap(&self.root, self.engine(folder)?, key).ok_or_else(|| missing(folder))
    }
}

pub(crate) fn missing(folder: &Path) -> StoreError {
    StoreError::NoMarker { path: folder.display().to_string(), marker: MARKER }
}
