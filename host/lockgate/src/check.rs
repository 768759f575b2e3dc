//! Everything in the data folder of a stopped host, read and held against the promises.

use std::path::PathBuf;

use store::{Checked, Store};

use crate::builder::Key;
use crate::error::Error;
use crate::keys::key_of;
use crate::system::{OsRandomness, off_the_workers};

/// Reads every row of the folder, and names those that are damaged or do not fit together. The key is `key`, or the file
/// `lockgate.key` in the folder. Nothing is written, and a folder that a host has open is refused.
pub async fn check_folder(data_dir: impl Into<PathBuf>, key: Option<Key>) -> Result<Checked, Error> {
    let folder = data_dir.into();
    let checked = off_the_workers(move || {
        let key = key_of(&folder, key)?;
        Ok::<_, Error>(Store::inspect(&folder, key, &OsRandomness)?.check()?)
    });
    checked.await?
}
