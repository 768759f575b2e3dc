//! Files beside the rows: components by their digest, compiled code, and the plain operations they need.
//!
//! All of it blocks: not for an async worker.
#![expect(clippy::disallowed_methods, reason = "store owns the files")]

pub(crate) mod artefacts;
pub(crate) mod cache;
pub(crate) mod components;
pub(crate) mod lock;

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::StoreError;

pub use components::COMPONENT_BYTES_MAX;

const TEMPORARY: &str = ".tmp";

static TEMPORARIES: AtomicU64 = AtomicU64::new(0);

pub(crate) fn failed(doing: &'static str, path: &Path, cause: &dyn fmt::Display) -> StoreError {
    StoreError::File { doing, path: path.display().to_string(), cause: cause.to_string() }
}

/// Makes a folder for its owner alone, with those above it; one that exists stays as it is.
pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failed("make the folder", path, &error))?;
    match path.parent() {
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// A new or renamed file survives a power cut only after its folder has been synced too.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed("sync the folder", path, &error))
}

/// Opens or makes a file for an engine that writes it by itself.
pub(crate) fn open_database(path: &Path) -> Result<File, StoreError> {
    let mut options = private();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|error| failed("open", path, &error))
}

/// The whole file is there afterwards, or the one before it, whatever happens in between.
pub(crate) fn write_whole(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    write_whole_in_steps(path, parts, || {})
}

/// The same; `ready` is called when the new file lies whole beside the old one.
pub(crate) fn write_whole_in_steps(
    path: &Path,
    parts: &[&[u8]],
    ready: impl FnOnce(),
) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let number = TEMPORARIES.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}-{number}{TEMPORARY}", std::process::id()));
    let written = write_new(&temporary, parts).inspect(|_| ready());
    let written = written.and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = written {
        // Left behind, it would be removed when the store opens again.
        let _gone = std::fs::remove_file(&temporary);
        return Err(failed("write", path, &error));
    }
    sync_folder(folder)
}

fn write_new(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut file = private().write(true).create_new(true).open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// The contents of a file, or nothing where there is none. A larger one is an error before it is read.
pub(crate) fn read_bounded(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path, &error)),
    };
    let bytes = file.metadata().map_err(|error| failed("read", path, &error))?.len();
    if bytes > bytes_max {
        return Err(failed("read", path, &format_args!("it has {bytes} bytes, more than {bytes_max}")));
    }
    let mut contents = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    file.take(bytes_max).read_to_end(&mut contents).map_err(|error| failed("read", path, &error))?;
    Ok(Some(contents))
}

/// Removes a file; one that is not there is removed already.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Removes what an interrupted write has left. The folder must be ours alone: see `lock`.
pub(crate) fn sweep(folder: &Path) -> Result<(), StoreError> {
    let entries = std::fs::read_dir(folder).map_err(|error| failed("list", folder, &error))?;
    for entry in entries {
        let path: PathBuf = entry.map_err(|error| failed("list", folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            std::fs::remove_file(&path).map_err(|error| failed("remove", &path, &error))?;
        }
    }
    Ok(())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
