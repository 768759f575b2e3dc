//! The keys of the audit chains, and how the committer continues a chain.
//!
//! An entry's digest is keyed, with a key for each chain: whoever has only the database can neither change an entry
//! nor write a history of their own. The committer numbers the entries, because it alone sees the commits in their
//! order: the chain has no gaps however many change a tenant at once, and no commit waits for another or is tried again.

use domain::EntryDigest;
use domain::audit::{Chain, Entry, Happening, Head};
use zeroize::Zeroizing;

use crate::root::RootKey;

pub(crate) struct ChainKeys {
    root: Zeroizing<[u8; 32]>,
}

impl ChainKeys {
    pub(crate) fn new(root: &RootKey) -> Self {
        Self { root: root.derive("lockgate 2026 audit chains") }
    }

    /// The keyed digest of one chain's entries.
    pub(crate) fn of(&self, chain: &Chain) -> impl Fn(&[u8]) -> EntryDigest {
        let name = chain.to_string();
        let key = Zeroizing::new(*blake3::keyed_hash(&self.root, name.as_bytes()).as_bytes());
        move |bytes| EntryDigest::from_bytes(*blake3::keyed_hash(&key, bytes).as_bytes())
    }

    pub(crate) fn following(&self, head: Option<&Head>, chain: &Chain, happening: Happening) -> Entry {
        Entry::following(head, chain, happening, &self.of(chain))
    }
}
