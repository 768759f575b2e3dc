//! The store's own key: every key in a store comes from it, and the key-encryption key does nothing but wrap it.
//!
//! So another key-encryption key means one small file written anew, in one step, however large the store is.

use domain::Randomness;
use zeroize::Zeroizing;

use crate::cipher::{Context, Sealed};
use crate::error::StoreError;
use crate::key::KeyEncryptionKey;
use crate::open::Engine;

pub(crate) struct RootKey(Zeroizing<[u8; 32]>);

impl RootKey {
    pub(crate) fn make(randomness: &dyn Randomness) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        randomness.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// A key for one use. Different contexts give unrelated keys.
    pub(crate) fn derive(&self, context: &'static str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(context, self.0.as_slice()))
    }

    pub(crate) fn wrap(
        &self,
        engine: Engine,
        key: &KeyEncryptionKey,
        randomness: &dyn Randomness,
    ) -> Result<Sealed, StoreError> {
        Sealed::seal(&wrapping(key), self.0.as_slice(), &context(engine, key), randomness)
    }

    pub(crate) fn unwrap(wrapped: &Sealed, engine: Engine, key: &KeyEncryptionKey) -> Option<Self> {
        let opened = wrapped.open(&wrapping(key), &context(engine, key))?;
        let bytes = <[u8; 32]>::try_from(opened.as_slice()).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self(Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap_or(0))))
    }
}

fn wrapping(key: &KeyEncryptionKey) -> Zeroizing<[u8; 32]> {
    key.derive("lockgate 2026 root key wrapping")
}

fn context(engine: Engine, key: &KeyEncryptionKey) -> Context {
    Context::new(["lockgate root key", engine.as_str(), &key.fingerprint()])
}
