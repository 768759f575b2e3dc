//! A folder of compiled code that belongs to one user of a machine, and that any number of processes share.
//!
//! A data folder has one process, a key of its own and as many artefacts as it has components. Here nobody is alone and
//! nothing says what is still wanted: the key lies beside the code, readable for its owner alone, and what was used
//! longest ago goes first.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use domain::Randomness;

use crate::error::StoreError;
use crate::files::{self, TEMPORARIES, failed};
use crate::key::{KeyEncryptionKey, KeyError};

const KEY_FILE: &str = "artefacts.key";

/// The folder's key. Folder and key are made if they are missing; those of somebody else are refused.
pub(crate) fn open(folder: &Path, randomness: &dyn Randomness) -> Result<KeyEncryptionKey, StoreError> {
    files::make_folder(folder)?;
    // A link is not followed: it leads where somebody else may have wanted it.
    let found = std::fs::symlink_metadata(folder).map_err(|error| failed("look at", folder, &error))?;
    refuse_others(folder, &found)?;
    let path = folder.join(KEY_FILE);
    match KeyEncryptionKey::from_file(&path) {
        Err(KeyError::Missing { .. }) => {}
        read => return Ok(read?),
    }
    // Two that begin at once agree on one key: whole under its name at once, or not at all.
    let number = TEMPORARIES.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{KEY_FILE}.{}-{number}.tmp", std::process::id()));
    KeyEncryptionKey::create_file(&unfinished, randomness)?;
    let linked = std::fs::hard_link(&unfinished, &path);
    let _gone = std::fs::remove_file(&unfinished);
    match (linked, KeyEncryptionKey::from_file(&path)) {
        // Ours, or that of whoever was faster.
        (_, Ok(key)) => Ok(key),
        (Err(error), Err(_)) => Err(failed("make", &path, &error)),
        (Ok(()), Err(error)) => Err(error.into()),
    }
}

/// It was used just now. Where that cannot be noted, it goes earlier than it might.
pub(crate) fn touch(path: &Path) {
    let noted = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = noted {
        tracing::debug!(%error, path = %path.display(), "the use of compiled code cannot be noted");
    }
}

/// Removes what was used longest ago until the rest fits, and with it whatever killed processes left behind.
pub(crate) fn trim(folder: &Path, bytes_max: u64) {
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // What another process removed meanwhile needs no room.
        let Ok(found) = entry.metadata() else { continue };
        if found.is_file() && entry.file_name() != KEY_FILE {
            kept.push((found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len(), entry.path()));
        }
    }
    kept.sort_unstable();
    let mut bytes = 0_u64;
    for (_, len, path) in kept.into_iter().rev() {
        bytes = bytes.saturating_add(len);
        if bytes > bytes_max {
            let _gone = std::fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
fn refuse_others(folder: &Path, found: &Metadata) -> Result<(), StoreError> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let refused = |why: &str| Err(failed("keep compiled code in", folder, &why));
    if !found.is_dir() {
        return refused("it is no folder");
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refused("it belongs to another user");
    }
    if found.permissions().mode() & 0o077 != 0 {
        return refused("others may look into it; run `chmod 700` on it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_others(folder: &Path, found: &Metadata) -> Result<(), StoreError> {
    if found.is_dir() { Ok(()) } else { Err(failed("keep compiled code in", folder, &"it is no folder")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Artefacts as _;

    use super::*;
    use crate::ArtefactFiles;

    struct Same(u8);

    impl Randomness for Same {
        fn fill(&self, bytes: &mut [u8]) {
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::try_from(at % 251).unwrap().wrapping_mul(7) ^ self.0;
            }
        }
    }

    fn cache(folder: &Path, bytes_max: u64, random: u8) -> Result<ArtefactFiles, StoreError> {
        ArtefactFiles::of_user(folder, bytes_max, &Same(random))
    }

    #[test]
    fn what_one_process_keeps_another_finds_as_long_as_nobody_touches_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("made/for/it");
        let first = cache(&folder, 1 << 20, 1).unwrap();
        first.keep("one", b"machine code");
        // Another key would be no key of what is there: the one that is kept is used.
        let second = cache(&folder, 1 << 20, 99).unwrap();
        assert_eq!(second.load("one").unwrap(), b"machine code");
        let file = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
        let file = file.into_iter().find(|path| path.extension().is_some_and(|end| end == "cwasm")).unwrap();
        let mut changed = std::fs::read(&file).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&file, changed).unwrap();
        assert_eq!(second.load("one"), None);
        assert!(!file.exists());
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("cache");
        // Room for two of them, with their checks.
        let cache = cache(&folder, 2 * (100 + 32), 1).unwrap();
        let ago = |key: &str, s: u64| {
            let path = folder.join(format!("{}.cwasm", blake3::hash(key.as_bytes()).to_hex()));
            let then = SystemTime::now() - Duration::from_secs(s);
            File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
        };
        cache.keep("one", &[1; 100]);
        ago("one", 300);
        cache.keep("two", &[2; 100]);
        ago("two", 200);
        assert!(cache.load("one").is_some(), "it is used again");
        cache.keep("three", &[3; 100]);
        assert!(cache.load("one").is_some() && cache.load("three").is_some());
        assert_eq!(cache.load("two"), None);
        cache.keep("too large", &[4; 1_000]);
        assert_eq!(cache.load("too large"), None);
        assert!(self::cache(&folder, 1, 1).is_ok(), "the key is never in the way");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_or_a_key_that_others_may_open_is_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("cache");
        cache(&folder, 1 << 20, 1).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(KEY_FILE))), (0o700, 0o600));
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(&folder, 0o755);
        assert!(cache(&folder, 1 << 20, 1).unwrap_err().to_string().contains("chmod 700"));
        set(&folder, 0o700);
        set(&folder.join(KEY_FILE), 0o644);
        assert!(cache(&folder, 1 << 20, 1).unwrap_err().to_string().contains("chmod 600"));
        set(&folder.join(KEY_FILE), 0o600);
        assert!(cache(&folder, 1 << 20, 1).is_ok());
        let link = dir.path().join("link");
        symlink(&folder, &link).unwrap();
        assert!(cache(&link, 1 << 20, 1).unwrap_err().to_string().contains("no folder"));
    }
}
