//! What every back-end must do: one suite, run for all three.
#![expect(clippy::disallowed_methods, reason = "tests damage files on purpose")]

mod audit;
mod committing;
mod crash;
mod damage;
mod disk;
mod files;
mod folder;
mod history;
mod rows;
pub(crate) mod samples;
mod tables;

use std::sync::Arc;

use tempfile::TempDir;

use crate::keys::{self, Key};
use crate::{Engine, KeyEncryptionKey, Observer, Place, Store, StoreError, StoreOptions};

/// A place where a store can be opened, closed and opened again.
pub(crate) struct Bench {
    folder: TempDir,
    engine: Option<Engine>,
}

impl Bench {
    pub(crate) fn new(engine: Option<Engine>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), engine }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open(KeyEncryptionKey::for_tests()).unwrap()
    }

    pub(crate) fn try_open(&self, key: KeyEncryptionKey) -> Result<Store, StoreError> {
        Store::open(StoreOptions { place: self.place(), key }, &samples::Counting::default())
    }

    pub(crate) fn open_observed(&self, observer: Arc<dyn Observer>) -> Store {
        let options = StoreOptions { place: self.place(), key: KeyEncryptionKey::for_tests() };
        Store::open_observed(options, Some(observer), &samples::Counting::default()).unwrap()
    }

    pub(crate) fn inspect(&self) -> Result<Store, StoreError> {
        Store::inspect(&self.path(), KeyEncryptionKey::for_tests(), &samples::Counting::default())
    }

    fn place(&self) -> Place {
        match self.engine {
            None => Place::Memory,
            Some(engine) => Place::Dir { path: self.path(), engine },
        }
    }
}

/// Any row: the suite is about rows, not about what they mean.
pub(crate) fn key(tenant: &str, name: &str) -> Key {
    keys::log_named(&tenant.parse().unwrap(), name)
}

macro_rules! for_each_backend {
    ($($check:ident),* $(,)?) => {
        for_each_backend!(@ memory, None, $($check),*);
        for_each_backend!(@ sled, Some(crate::Engine::Sled), $($check),*);
        for_each_backend!(@ redb, Some(crate::Engine::Redb), $($check),*);
    };
    (@ $backend:ident, $engine:expr, $($check:ident),*) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $check() {
                    super::$check(crate::contract::Bench::new($engine)).await;
                }
            )*
        }
    };
}

pub(crate) use for_each_backend;
