//! Compiled code that all lives share: a host that is killed every moment must not compile every moment.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

use lockgate::domain::Artefacts;

/// Not authenticated: the folder is the harness's own.
pub struct Shared(pub PathBuf);

impl Shared {
    fn path(&self, key: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.0.join(format!("{:016x}.cwasm", hasher.finish()))
    }
}

impl Artefacts for Shared {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path(key)).ok()
    }

    /// In one step: half a file would be run as code.
    fn keep(&self, key: &str, artefact: &[u8]) {
        let beside = self.0.join(format!("{}.part", std::process::id()));
        let kept = std::fs::write(&beside, artefact).and_then(|()| std::fs::rename(&beside, self.path(key)));
        kept.expect("the harness can write its own folder");
    }
}
