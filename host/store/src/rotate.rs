//! Another key-encryption key for a data folder that nobody has open.
//!
//! The root key is wrapped anew and the marker replaced in one step. Whenever this is killed, the marker is the old
//! one or the new one, and names the one key that opens the folder; running it again finishes it.

use std::path::Path;

use domain::Randomness;

use crate::error::StoreError;
use crate::files::{self, lock::FolderLock};
use crate::key::KeyEncryptionKey;
use crate::marker::{self, Marker};
use crate::open::Engine;

/// What rotating came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// From now on the new key opens the folder, and the old one does not.
    Now,
    /// The new key was already the folder's: an earlier run got this far.
    Before,
}

/// How far it is; a test is killed at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Locked,
    Opened,
    Beside,
    Replaced,
}

/// Whether this key opens the folder, and with which engine. Refused while a host has it open.
pub fn check_key(folder: &Path, key: &KeyEncryptionKey) -> Result<Engine, StoreError> {
    let _lock = lock(folder)?;
    let marker = Marker::read(folder)?.ok_or_else(|| marker::missing(folder))?;
    marker.open(folder, key)?;
    marker.engine(folder)
}

/// Puts `to` in the place of `from`. Refused while a host has the folder open.
pub fn rotate_key(
    folder: &Path,
    from: &KeyEncryptionKey,
    to: &KeyEncryptionKey,
    randomness: &dyn Randomness,
) -> Result<Rotated, StoreError> {
    rotate_in_steps(folder, from, to, randomness, &|_| {})
}

pub(crate) fn rotate_in_steps(
    folder: &Path,
    from: &KeyEncryptionKey,
    to: &KeyEncryptionKey,
    randomness: &dyn Randomness,
    reached: &dyn Fn(Step),
) -> Result<Rotated, StoreError> {
    let _lock = lock(folder)?;
    reached(Step::Locked);
    files::sweep(folder)?;
    let marker = Marker::read(folder)?.ok_or_else(|| marker::missing(folder))?;
    if marker.is_for(to) {
        marker.open(folder, to)?;
        return Ok(Rotated::Before);
    }
    let root = marker.open(folder, from)?;
    reached(Step::Opened);
    let rotated = marker.rewrapped(marker.engine(folder)?, &root, to, randomness)?;
    // What is about to be the only way in is tried first.
    rotated.open(folder, to)?;
    rotated.write(folder, || reached(Step::Beside))?;
    reached(Step::Replaced);
    Ok(Rotated::Now)
}

/// A folder that is not there is not made.
fn lock(folder: &Path) -> Result<FolderLock, StoreError> {
    if folder.is_dir() {
        FolderLock::take(folder)
    } else {
        Err(StoreError::NoStore { path: folder.display().to_string() })
    }
}

#[cfg(test)]
mod tests;
