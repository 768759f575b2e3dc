//! Compiled code that outlives a host without a data folder.

use std::path::Path;
use std::sync::Arc;

use domain::Artefacts;
use store::ArtefactFiles;

use crate::error::Error;
use crate::system::OsRandomness;

/// Compiled code in a folder of one user, for [`Builder::artefacts`](crate::Builder::artefacts): any number of programs
/// may share it. The folder is made if it is missing, for its owner alone, and a key beside the code authenticates what is
/// loaded; a folder or a key that others may open is refused. Beyond `bytes_max` what was used longest ago is removed.
pub fn artefact_cache(folder: &Path, bytes_max: u64) -> Result<Arc<dyn Artefacts>, Error> {
    Ok(Arc::new(ArtefactFiles::of_user(folder, bytes_max, &OsRandomness)?))
}
