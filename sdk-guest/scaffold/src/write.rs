//! Puts a project where somebody wants it: all of it, or nothing.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::File;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// Somebody's work is there.
    #[error("{0} exists and is not empty; nothing was changed")]
    NotEmpty(PathBuf),
    /// Something that is no folder is there.
    #[error("{0} exists and is no folder; nothing was changed")]
    NotAFolder(PathBuf),
    /// A file of the project would lie outside it.
    #[error("{0:?} is no path inside a project")]
    Path(String),
    /// The disk says no.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Makes `folder`, which must be absent or empty, and puts these files into it.
///
/// They are written to a hidden folder beside it, which is renamed when it is complete: whoever kills this in the middle
/// finds nothing under the name, and at most a folder that begins with `.lockgate-new-`.
pub fn write(files: &[File], folder: &Path) -> Result<(), NotWritten> {
    let doing = |doing: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| NotWritten::Io { doing, path, source }
    };
    refuse_if_taken(folder)?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(doing("make the folder", parent))?;
    let beside = tempfile::Builder::new()
        .prefix(".lockgate-new-")
        .tempdir_in(parent)
        .map_err(doing("make a folder in", parent))?;
    for file in files {
        if !Path::new(&file.path).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(NotWritten::Path(file.path.clone()));
        }
        let path = beside.path().join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(doing("make the folder", folder))?;
        }
        #[expect(clippy::disallowed_methods, reason = "the project belongs to its author, not to the store")]
        fs::write(&path, &file.bytes).map_err(doing("write", &path))?;
    }
    // A temporary folder is for its owner alone; a project is like any other folder of theirs.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let as_usual = fs::metadata(beside.path().join("src")).or_else(|_| fs::metadata(parent));
        let mode = as_usual.map_or(0o755, |found| found.permissions().mode() & 0o777);
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(beside.path(), permissions).map_err(doing("open the folder", beside.path()))?;
    }
    // Only an empty folder can be removed: what somebody put there meanwhile stays, and stops the rename.
    if folder.exists() {
        fs::remove_dir(folder).map_err(|_| NotWritten::NotEmpty(folder.to_owned()))?;
    }
    fs::rename(beside.path(), folder).map_err(doing("make the folder", folder))?;
    // It is under another name by now: there is nothing to clean up.
    let _ = beside.keep();
    Ok(())
}

fn refuse_if_taken(folder: &Path) -> Result<(), NotWritten> {
    let reading = |source| NotWritten::Io { doing: "look at", path: folder.to_owned(), source };
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(reading(error)),
        Ok(found) if !found.is_dir() => Err(NotWritten::NotAFolder(folder.to_owned())),
        Ok(_) => match fs::read_dir(folder).map_err(reading)?.next() {
            None => Ok(()),
            Some(_) => Err(NotWritten::NotEmpty(folder.to_owned())),
        },
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the files that were written")]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { path: path.to_owned(), bytes: b"x".to_vec() }
    }

    #[test]
    fn a_project_is_there_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("deep/shop");
        write(&[file("a"), file("src/b")], &folder).unwrap();
        assert_eq!(fs::read(folder.join("src/b")).unwrap(), b"x");
        let left: Vec<_> = fs::read_dir(dir.path().join("deep")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn an_empty_folder_is_used_and_a_full_one_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("shop");
        fs::create_dir(&folder).unwrap();
        write(&[file("a")], &folder).unwrap();
        assert!(matches!(write(&[file("b")], &folder), Err(NotWritten::NotEmpty(_))));
        assert!(!folder.join("b").exists());
        let taken = folder.join("a");
        assert!(matches!(write(&[file("b")], &taken), Err(NotWritten::NotAFolder(_))));
    }

    #[test]
    fn a_failure_in_the_middle_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("shop");
        for bad in ["../outside", "/etc/x", "./x", ""] {
            // The last one is no path at all: the folder itself cannot be written as a file.
            assert!(write(&[file("a"), file(bad)], &folder).is_err(), "{bad:?}");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{bad:?}");
        }
    }
}
