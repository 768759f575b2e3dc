//! The key-encryption key of a data folder that no host has open.

use std::path::{Path, PathBuf};

use store::KeyEncryptionKey;
pub use store::Rotated;

use crate::builder::{KEY_FILE, Key};
use crate::error::Error;
use crate::system::{OsRandomness, off_the_workers};

/// Puts the key of `new_key_file` in the place of the one that opens the folder now, which is `key`, or the file
/// `lockgate.key` in the folder. The new file is made, with a random key, if it is not there.
///
/// Killed at any moment, the folder opens with one of the two keys; running it again finishes it.
pub async fn rotate_key(
    data_dir: impl Into<PathBuf>,
    key: Option<Key>,
    new_key_file: impl Into<PathBuf>,
) -> Result<Rotated, Error> {
    let (folder, new_key_file) = (data_dir.into(), new_key_file.into());
    off_the_workers(move || rotate(&folder, key, &new_key_file)).await?
}

fn rotate(folder: &Path, key: Option<Key>, new_key_file: &Path) -> Result<Rotated, Error> {
    let from = key_of(folder, key)?;
    let to = if new_key_file.exists() {
        KeyEncryptionKey::from_file(new_key_file)?
    } else {
        // A key is made only for a folder that can be rotated to it.
        store::check_key(folder, &from)?;
        KeyEncryptionKey::create_file(new_key_file, &OsRandomness)?
    };
    Ok(store::rotate_key(folder, &from, &to, &OsRandomness)?)
}

/// The key that opens a folder: never a new one.
pub(crate) fn key_of(folder: &Path, key: Option<Key>) -> Result<KeyEncryptionKey, Error> {
    Ok(match key.unwrap_or_else(|| Key::File(folder.join(KEY_FILE))) {
        Key::File(file) => KeyEncryptionKey::from_file(&file)?,
        Key::Hex(text) => KeyEncryptionKey::from_text(&text)?,
    })
}
