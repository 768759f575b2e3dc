//! One process a data folder.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::error::StoreError;
use crate::files;

/// A process that this one starts holds what this one has open, until it begins its own program a moment later.
const TRIES: u32 = 20;
const WAIT: Duration = Duration::from_millis(10);

/// Held as long as the store is open; the system releases it however the process ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("lock");
        let file = files::open_database(&path)?;
        let mut tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(WAIT);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse { path: folder.display().to_string() });
                }
                Err(TryLockError::Error(error)) => return Err(files::failed("lock", &path, &error)),
            }
        }
    }
}
