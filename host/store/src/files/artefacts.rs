//! Compiled code, kept between runs. It is loaded as machine code, so every file is authenticated first.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Artefacts, Randomness};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::files::{self, cache};
use crate::root::RootKey;

const CHECK_BYTES: usize = 32;

/// The largest artefact: machine code is a few times the size of its component.
const ARTEFACT_BYTES_MAX: u64 = 512 << 20;

/// Best effort in both ways: what is lost or damaged is compiled again.
#[derive(Clone)]
pub struct ArtefactFiles {
    inner: Arc<Inner>,
}

struct Inner {
    key: Zeroizing<[u8; 32]>,
    place: Place,
}

enum Place {
    Memory(Mutex<HashMap<String, Vec<u8>>>),
    Folder(PathBuf),
    /// Of a user, with at most so many bytes: see `cache`.
    Cache(PathBuf, u64),
}

impl ArtefactFiles {
    pub(crate) fn open(folder: &Path, root: &RootKey) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        files::sweep(folder)?;
        Ok(Self::new(Place::Folder(folder.to_owned()), root))
    }

    /// In a folder that is for one user of this machine alone, which any number of processes may share, and which is never
    /// larger than this for long. Made if it is missing, with a key beside the code.
    pub fn of_user(folder: &Path, bytes_max: u64, randomness: &dyn Randomness) -> Result<Self, StoreError> {
        let key = cache::open(folder, randomness)?.derive("lockgate 2026 user cache artefact check");
        Ok(Self { inner: Arc::new(Inner { key, place: Place::Cache(folder.to_owned(), bytes_max) }) })
    }

    pub(crate) fn in_memory(root: &RootKey) -> Self {
        Self::new(Place::Memory(Mutex::default()), root)
    }

    fn new(place: Place, root: &RootKey) -> Self {
        let key = root.derive("lockgate 2026 store artefact check");
        Self { inner: Arc::new(Inner { key, place }) }
    }

    fn check(&self, key: &str, artefact: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.inner.key);
        hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(key.as_bytes());
        hasher.update(artefact);
        hasher.finalize()
    }
}

/// The key is a text of the caller's choosing; its hash is always a plain file name.
fn path(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{}.cwasm", blake3::hash(key.as_bytes()).to_hex()))
}

impl Artefacts for ArtefactFiles {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        let folder = match &self.inner.place {
            Place::Memory(kept) => {
                return kept.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
            }
            Place::Folder(folder) | Place::Cache(folder, _) => folder,
        };
        let path = path(folder, key);
        let mut contents = match files::read_bounded(&path, ARTEFACT_BYTES_MAX) {
            Ok(contents) => contents?,
            Err(error) => {
                tracing::warn!(%error, "compiled code cannot be read and is made again");
                return None;
            }
        };
        let authentic = contents.split_first_chunk::<CHECK_BYTES>().is_some_and(|(check, artefact)| {
            // This comparison takes the same time wherever the difference is.
            self.check(key, artefact) == *check
        });
        if !authentic {
            tracing::warn!(path = %path.display(), "compiled code failed its check, is removed and made again");
            let _gone = std::fs::remove_file(&path);
            return None;
        }
        if matches!(self.inner.place, Place::Cache(..)) {
            cache::touch(&path);
        }
        contents.drain(..CHECK_BYTES);
        Some(contents)
    }

    fn keep(&self, key: &str, artefact: &[u8]) {
        let folder = match &self.inner.place {
            Place::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), artefact.to_vec());
                return;
            }
            Place::Folder(folder) | Place::Cache(folder, _) => folder,
        };
        let check = self.check(key, artefact);
        if let Err(error) = files::write_whole(&path(folder, key), &[check.as_bytes(), artefact]) {
            tracing::warn!(%error, "compiled code cannot be kept and will be made again");
        }
        if let Place::Cache(folder, bytes_max) = &self.inner.place {
            cache::trim(folder, *bytes_max);
        }
    }
}

impl fmt::Debug for ArtefactFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArtefactFiles")
    }
}
