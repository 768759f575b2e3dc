//! One process a data folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::StoreError;
use crate::files;

/// Held as long as the store is open; the system releases it however the process ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("lock");
        let file = files::open_database(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: folder.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(files::failed("lock", &path, &error)),
        }
    }
}
