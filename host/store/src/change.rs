//! A commit that leaves an audit entry: the only way to write what people decide about.

use domain::audit::{Chain, Happening};

use crate::commit::Commit;

/// Connectors, profiles, secrets, flows and tokens are written by the methods of this type, and it cannot be made
/// without saying what happens: a verb that forgets its audit entry does not compile. The entry is written in the same
/// commit: where it cannot be written, nothing changes.
#[derive(Debug)]
pub struct Change {
    pub(crate) commit: Commit,
}

impl Change {
    /// Something that happens to what this chain is about.
    pub fn new(chain: Chain, happening: Happening) -> Self {
        let mut commit = Commit::new();
        commit.record(chain, happening);
        Self { commit }
    }

    /// The same change is also told in another chain.
    pub fn also(&mut self, chain: Chain, happening: Happening) {
        self.commit.record(chain, happening);
    }

    /// For the rows that the host itself keeps, beside those that people decide about.
    pub fn commit(&mut self) -> &mut Commit {
        &mut self.commit
    }
}

impl From<Change> for Commit {
    fn from(change: Change) -> Self {
        change.commit
    }
}
