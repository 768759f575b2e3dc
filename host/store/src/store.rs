//! The open store: what everything else holds a clone of.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use domain::Randomness;

use crate::audit::ChainKeys;
use crate::backend::Backend;
use crate::commit::Commit;
use crate::committer::Committer;
use crate::envelope::Envelope;
use crate::error::StoreError;
use crate::files::artefacts::ArtefactFiles;
use crate::files::components::ComponentFiles;
use crate::files::lock::FolderLock;
use crate::key::KeyEncryptionKey;
use crate::observe::Observer;
use crate::open::{self, Manner, Place, StoreOptions};
use crate::rotate;
use crate::seal::Sealing;

/// A handle; clones share the same store, which closes with the last of them.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// Fields are dropped in this order: the committer ends before the back-end closes, and the folder is released last.
pub(crate) struct Inner {
    pub(crate) committer: Committer,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) envelope: Envelope,
    pub(crate) sealing: Sealing,
    pub(crate) chains: Arc<ChainKeys>,
    pub(crate) components: ComponentFiles,
    pub(crate) artefacts: ArtefactFiles,
    pub(crate) _lock: Option<FolderLock>,
}

impl Store {
    /// Opens the store, or makes one where there is none. Reads and writes files: not for an async worker.
    /// A new store takes its root key from `randomness`.
    pub fn open(options: StoreOptions, randomness: &dyn Randomness) -> Result<Self, StoreError> {
        Self::open_observed(options, None, randomness)
    }

    /// The same; `observer` is told how far each commit is.
    pub fn open_observed(
        options: StoreOptions,
        observer: Option<Arc<dyn Observer>>,
        randomness: &dyn Randomness,
    ) -> Result<Self, StoreError> {
        Ok(Self { inner: Arc::new(open::open(options, Manner::Serve(observer), randomness)?) })
    }

    /// Opens the folder of a stopped host to look at it: with the engine that it was made with, and taking no commit.
    pub fn inspect(
        folder: &Path,
        key: KeyEncryptionKey,
        randomness: &dyn Randomness,
    ) -> Result<Self, StoreError> {
        let engine = rotate::check_key(folder, &key)?;
        let options = StoreOptions { place: Place::Dir { path: folder.to_owned(), engine }, key };
        Ok(Self { inner: Arc::new(open::open(options, Manner::Inspect, randomness)?) })
    }

    /// Does it all, or nothing: returns when it is on the disk. A commit that has been handed in happens even if
    /// nobody waits for the answer any more.
    pub async fn commit(&self, commit: impl Into<Commit>) -> Result<(), StoreError> {
        let commit = commit.into();
        if let Some(refusal) = commit.refusal {
            return Err(refusal);
        }
        if commit.is_empty() {
            return Ok(());
        }
        self.inner.committer.commit(commit).await
    }

    /// Whether a commit has a chance: not since one has failed. For work whose effect is outside of the store and that
    /// must not be done without leaving a trace.
    pub fn takes_writes(&self) -> Result<(), StoreError> {
        self.inner.committer.takes_writes()
    }

    /// Compiled code, kept and authenticated.
    pub fn artefacts(&self) -> ArtefactFiles {
        self.inner.artefacts.clone()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    #[cfg(test)]
    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}
