//! Components as they were uploaded, each in a file named by its digest.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use domain::Digest;

use crate::Store;
use crate::error::StoreError;
use crate::files;

/// The largest component. Admission has its own, lower bound; this one keeps a damaged folder from filling memory.
pub const COMPONENT_BYTES_MAX: usize = 64 << 20;

pub(crate) enum ComponentFiles {
    Memory(Mutex<HashMap<Digest, Vec<u8>>>),
    Folder(PathBuf),
}

impl ComponentFiles {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        files::sweep(folder)?;
        Ok(Self::Folder(folder.to_owned()))
    }

    pub(crate) fn in_memory() -> Self {
        Self::Memory(Mutex::default())
    }

    fn keep(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        if bytes.len() > COMPONENT_BYTES_MAX {
            let what = "the component".to_owned();
            return Err(StoreError::TooLarge { what, bytes: bytes.len(), max: COMPONENT_BYTES_MAX });
        }
        let digest = Digest::of(bytes);
        match self {
            Self::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.entry(digest.clone()).or_insert_with(|| bytes.to_vec());
            }
            // One that is there and whole need not be written again; a damaged one is thereby repaired.
            Self::Folder(folder) if self.load(&digest).is_err() => {
                files::write_whole(&path(folder, &digest), &[bytes])?;
            }
            Self::Folder(_) => {}
        }
        Ok(digest)
    }

    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let missing = || StoreError::NoComponent { digest: digest.clone() };
        match self {
            Self::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.get(digest).cloned().ok_or_else(missing)
            }
            Self::Folder(folder) => {
                let bytes = files::read_bounded(&path(folder, digest), COMPONENT_BYTES_MAX as u64)?;
                let bytes = bytes.ok_or_else(missing)?;
                if Digest::of(&bytes) == *digest {
                    Ok(bytes)
                } else {
                    Err(StoreError::DamagedComponent { digest: digest.clone() })
                }
            }
        }
    }
}

impl ComponentFiles {
    fn discard(&self, digest: &Digest) -> Result<(), StoreError> {
        match self {
            Self::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
                Ok(())
            }
            Self::Folder(folder) => files::remove(&path(folder, digest)),
        }
    }
}

/// A digest is 64 hexadecimal digits, so it names a file in this folder and nothing else.
fn path(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join(format!("{digest}.wasm"))
}

impl Store {
    /// Keeps a component: on the disk when it returns. Blocks: not for an async worker.
    pub fn keep_component(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        self.inner().components.keep(bytes)
    }

    /// Removes a component's bytes. It is for the caller to know that no row names them. Blocks: not for an async worker.
    pub fn discard_component(&self, digest: &Digest) -> Result<(), StoreError> {
        self.inner().components.discard(digest)
    }

    /// The bytes of a component, verified against its digest. Blocks: not for an async worker.
    pub fn component(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        self.inner().components.load(digest)
    }
}
