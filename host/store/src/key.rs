//! The key-encryption key: the one secret that is not in the store, and from which every other key comes.
#![expect(clippy::disallowed_methods, reason = "store owns the files")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use domain::Randomness;
use zeroize::Zeroizing;

use crate::encoding;
use crate::files;

/// Of 32 random bytes some 30 are different.
const DIFFERENT_BYTES_MIN: usize = 16;

/// More than any accepted form of a key; a larger file is not one.
const FILE_BYTES_MAX: u64 = 256;

/// Thirty-two bytes that must be kept apart from the data folder, and backed up apart from it.
#[derive(Clone)]
pub struct KeyEncryptionKey(Zeroizing<[u8; 32]>);

/// Why a key-encryption key cannot be used. Never carries any part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key file {path} does not exist; give the path of the key that this data was made with")]
    Missing { path: String },
    #[error("the key file {path} can be read by others (mode {mode:o}); run `chmod 600` on it")]
    TooOpen { path: String, mode: u32 },
    #[error("a key must be 64 hexadecimal digits or 32 bytes")]
    WrongLength,
    #[error("the key file {path} belongs to another user; it must be yours, or the superuser's")]
    OtherOwner { path: String },
    #[error("the key is not random: {reason}; make one with `openssl rand -hex 32`")]
    Weak { reason: &'static str },
    #[error("the key file {path} already exists; it is never replaced")]
    Exists { path: String },
    #[error("the key file {path} cannot be used: {cause}")]
    Unusable { path: String, cause: String },
}

impl KeyEncryptionKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes);
        match weakness(&bytes) {
            Some(reason) => Err(KeyError::Weak { reason }),
            None => Ok(Self(bytes)),
        }
    }

    /// From 64 hexadecimal digits, as an environment variable holds them.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let key = encoding::key_from_hex(text.trim().as_bytes()).ok_or(KeyError::WrongLength)?;
        Self::from_bytes(*key)
    }

    /// From a file that only its owner can read, holding 64 hexadecimal digits or 32 bytes.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let unusable = |cause: &dyn fmt::Display| unusable(path, cause);
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(KeyError::Missing { path: path.display().to_string() });
            }
            Err(error) => return Err(unusable(&error)),
        };
        // The open file is judged, not its name, which could meanwhile lead elsewhere.
        let metadata = file.metadata().map_err(|error| unusable(&error))?;
        if !metadata.is_file() {
            return Err(unusable(&"it is not a regular file"));
        }
        refuse_open_mode(path, &metadata)?;
        refuse_other_owner(path, &metadata)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize));
        let mut bounded = Read::by_ref(&mut file).take(FILE_BYTES_MAX);
        bounded.read_to_end(&mut bytes).map_err(|error| unusable(&error))?;
        Self::from_contents(&bytes)
    }

    /// Makes a random key in a new file that only its owner can read.
    pub fn create_file(path: &Path, randomness: &dyn Randomness) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        randomness.fill(bytes.as_mut_slice());
        let key = Self::from_bytes(*bytes)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options);
        let mut file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(KeyError::Exists { path: path.display().to_string() });
            }
            Err(error) => return Err(unusable(path, &error)),
        };
        let mut text = encoding::key_to_hex(&key.0);
        text.push('\n');
        file.write_all(text.as_bytes()).map_err(|error| unusable(path, &error))?;
        file.sync_all().map_err(|error| unusable(path, &error))?;
        if let Some(folder) = path.parent() {
            files::sync_folder(folder).map_err(|error| unusable(path, &error))?;
        }
        Ok(key)
    }

    fn from_contents(contents: &[u8]) -> Result<Self, KeyError> {
        if let Ok(bytes) = <[u8; 32]>::try_from(contents) {
            return Self::from_bytes(bytes);
        }
        // Editors and `echo` end a file with a line break, which is no part of the key.
        let line = contents.strip_suffix(b"\n").unwrap_or(contents);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Ok(bytes) = <[u8; 32]>::try_from(line) {
            return Self::from_bytes(bytes);
        }
        let key = encoding::key_from_hex(line).ok_or(KeyError::WrongLength)?;
        Self::from_bytes(*key)
    }

    /// A key for one use. Different contexts give unrelated keys.
    pub(crate) fn derive(&self, context: &'static str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(context, self.0.as_slice()))
    }

    /// Tells whether it is the same key, and nothing else about it.
    pub(crate) fn fingerprint(&self) -> String {
        blake3::Hash::from_bytes(*self.derive("lockgate 2026 key-encryption key fingerprint"))
            .to_hex()
            .to_string()
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self(Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap_or(0))))
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(***)")
    }
}

/// What random bytes are as good as never: each of these has a chance below one in a million million.
fn weakness(key: &[u8; 32]) -> Option<&'static str> {
    let different = key.iter().collect::<BTreeSet<_>>().len();
    let mut steps = key.windows(2).map(|pair| match pair {
        [one, next] => next.wrapping_sub(*one),
        _ => 0,
    });
    let first = steps.next();
    if different < DIFFERENT_BYTES_MIN {
        Some("too few of its bytes differ")
    } else if steps.all(|step| Some(step) == first) {
        Some("its bytes are counted up")
    } else if key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        Some("it is text, as a password is")
    } else {
        None
    }
}

fn unusable(path: &Path, cause: &dyn fmt::Display) -> KeyError {
    KeyError::Unusable { path: path.display().to_string(), cause: cause.to_string() }
}

#[cfg(unix)]
fn refuse_open_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::TooOpen { path: path.display().to_string(), mode }) }
}

#[cfg(not(unix))]
fn refuse_open_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(unix)]
fn refuse_other_owner(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    if may_own(metadata.uid(), rustix::process::geteuid().as_raw()) {
        Ok(())
    } else {
        Err(KeyError::OtherOwner { path: path.display().to_string() })
    }
}

/// Whoever owns the file can change it. The superuser can anyway, and mounts keys into containers.
#[cfg(unix)]
fn may_own(owner: u32, user: u32) -> bool {
    owner == user || owner == 0
}

#[cfg(not(unix))]
fn refuse_other_owner(_: &Path, _: &std::fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests;
