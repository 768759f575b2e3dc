//! The one cipher for keys and secrets: XChaCha20-Poly1305 with a commitment to its key.
//!
//! The cipher alone lets somebody who may choose two keys build one ciphertext that opens under both. So each carries
//! a keyed hash over all that decides about it, and nothing is opened whose hash is another.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::Randomness;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding;
use crate::error::StoreError;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Something that only its key opens, and only in its context. All in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    pub(crate) nonce: String,
    pub(crate) ciphertext: String,
    pub(crate) commitment: String,
}

/// What is authenticated with a ciphertext. No two lists of parts give the same bytes.
pub(crate) struct Context(Vec<u8>);

impl Context {
    pub(crate) fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend(length(part.len()));
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes)
    }
}

impl Sealed {
    /// A random nonce of 24 bytes never repeats in practice.
    pub(crate) fn seal(
        key: &[u8; 32],
        plaintext: &[u8],
        context: &Context,
        randomness: &dyn Randomness,
    ) -> Result<Self, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        randomness.fill(&mut nonce);
        let failed =
            || StoreError::Engine { doing: "seal a secret", cause: "the cipher refused it".to_owned() };
        let cipher = XChaCha20Poly1305::new_from_slice(key).map_err(|_| failed())?;
        let payload = Payload { msg: plaintext, aad: &context.0 };
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| failed())?;
        let commitment = commitment(key, &nonce, context, &ciphertext).ok_or_else(failed)?;
        Ok(Self {
            nonce: encoding::to_base64(&nonce),
            ciphertext: encoding::to_base64(&ciphertext),
            commitment: encoding::to_base64(commitment.as_bytes()),
        })
    }

    /// What was sealed, if the key, the context and every byte are the same.
    pub(crate) fn open(&self, key: &[u8; 32], context: &Context) -> Option<Zeroizing<Vec<u8>>> {
        let nonce = <[u8; NONCE_BYTES]>::try_from(encoding::from_base64(&self.nonce)?).ok()?;
        let ciphertext = encoding::from_base64(&self.ciphertext)?;
        let claimed = <[u8; 32]>::try_from(encoding::from_base64(&self.commitment)?).ok()?;
        // This comparison takes the same time wherever the difference is.
        if commitment(key, &nonce, context, &ciphertext)? != claimed {
            return None;
        }
        let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
        let payload = Payload { msg: &ciphertext, aad: &context.0 };
        cipher.decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
    }
}

/// Over key, nonce, context and tag: the tag stands for the rest of the ciphertext, which the key makes it depend on.
fn commitment(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    context: &Context,
    ciphertext: &[u8],
) -> Option<blake3::Hash> {
    let tag = ciphertext.last_chunk::<TAG_BYTES>()?;
    let committing = Zeroizing::new(blake3::derive_key("lockgate 2026 key commitment", key));
    let mut hasher = blake3::Hasher::new_keyed(&committing);
    hasher.update(nonce).update(&length(context.0.len())).update(&context.0).update(tag);
    Some(hasher.finalize())
}

fn length(len: usize) -> [u8; 8] {
    u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::Counting;

    const ONE: [u8; 32] = [1; 32];
    const TWO: [u8; 32] = [2; 32];

    fn context() -> Context {
        Context::new(["lockgate test", "acme"])
    }

    fn sealed(key: &[u8; 32]) -> Sealed {
        Sealed::seal(key, b"plain", &context(), &Counting::default()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_in_its_context_only() {
        let sealed = sealed(&ONE);
        assert_eq!(sealed.open(&ONE, &context()).unwrap().as_slice(), b"plain");
        assert!(sealed.open(&TWO, &context()).is_none());
        assert!(sealed.open(&ONE, &Context::new(["lockgate testa", "cme"])).is_none());
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let whole = sealed(&ONE);
        let parts: [fn(&mut Sealed) -> &mut String; 3] =
            [|sealed| &mut sealed.nonce, |sealed| &mut sealed.ciphertext, |sealed| &mut sealed.commitment];
        for part in parts {
            let bytes = encoding::from_base64(part(&mut whole.clone())).unwrap();
            for at in 0..bytes.len() {
                let (mut changed, mut bytes) = (whole.clone(), bytes.clone());
                bytes[at] ^= 1;
                *part(&mut changed) = encoding::to_base64(&bytes);
                assert!(changed.open(&ONE, &context()).is_none(), "byte {at}");
            }
        }
    }

    /// Such a ciphertext cannot be built here in reasonable time, so the two halves of the claim are shown: what the
    /// cipher alone would accept under the second key does not open under it with the commitment to the first, nor
    /// under the first.
    #[test]
    fn a_ciphertext_that_the_cipher_accepts_under_another_key_does_not_open_without_the_commitment_to_it() {
        let (of_one, of_two) = (sealed(&ONE), sealed(&TWO));
        assert_eq!(of_one.nonce, of_two.nonce, "the test must differ in the key alone");
        let forged = Sealed { commitment: of_one.commitment.clone(), ..of_two.clone() };
        let nonce: [u8; NONCE_BYTES] = encoding::from_base64(&forged.nonce).unwrap().try_into().unwrap();
        let ciphertext = encoding::from_base64(&forged.ciphertext).unwrap();
        let payload = Payload { msg: &ciphertext, aad: &context().0 };
        let cipher = XChaCha20Poly1305::new_from_slice(&TWO).unwrap();
        assert_eq!(cipher.decrypt(&XNonce::from(nonce), payload).unwrap(), b"plain");
        assert!(forged.open(&TWO, &context()).is_none());
        assert!(forged.open(&ONE, &context()).is_none());
        assert!(of_two.open(&TWO, &context()).is_some());
    }

    #[test]
    fn contexts_do_not_run_together() {
        assert_ne!(Context::new(["ab", "c"]).0, Context::new(["a", "bc"]).0);
        assert_ne!(Context::new(["a", ""]).0, Context::new(["a"]).0);
    }
}
