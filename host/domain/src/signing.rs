//! Signed components: whose signature a tenant wants under an upload, and whether one holds.
//!
//! What is signed is a statement about the bytes, not the bytes: a signature made for something else, also over the
//! same digest, is of no use here.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::ids::Digest;

/// Names the kind of statement; a zero byte and the digest follow.
const DOMAIN: &[u8] = b"lockgate-component-v1\0";
/// The signers that one tenant may name.
pub const SIGNERS_MAX: usize = 32;

/// An ed25519 public key that only its owner can sign for: canonical, and of no small order. Base64 where it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

/// Whose signature: the key and the 64 bytes. Written as `<key>:<signature>`, both in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    pub key: PublicKey,
    bytes: [u8; 64],
}

/// The keys of which one must have signed what a tenant uploads. None: no signature is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signers {
    pub keys: Vec<PublicKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSigning {
    #[error("a public key is the base64 of 32 bytes, as `lockgate keygen` prints it")]
    Key,
    #[error("the public key is weak: anybody could sign for it; make one with `lockgate keygen`")]
    WeakKey,
    #[error("a signature is written as KEY:SIGNATURE, both in base64, as `lockgate sign` prints it")]
    Signature,
    #[error("a private key is the base64 of 32 bytes, as `lockgate keygen` writes it")]
    Private,
    #[error("at most {SIGNERS_MAX} signers, each once")]
    Signers,
}

/// Why an upload is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error(
        "this tenant accepts signed components only; sign it with `lockgate sign` and upload it with --signature"
    )]
    Missing,
    #[error(
        "the component is signed with {0}, which is none of this tenant's signers; see `lockgate signers`"
    )]
    Untrusted(PublicKey),
    #[error("the signature does not fit the component; sign the very bytes that are uploaded")]
    Wrong,
}

impl Signers {
    pub fn new(keys: Vec<PublicKey>) -> Result<Self, InvalidSigning> {
        let twice =
            keys.iter().enumerate().any(|(at, key)| keys.iter().take(at).any(|earlier| earlier == key));
        if twice || keys.len() > SIGNERS_MAX { Err(InvalidSigning::Signers) } else { Ok(Self { keys }) }
    }

    /// Whether a component with this digest may be taken.
    pub fn accept(&self, component: &Digest, signature: Option<&Signature>) -> Result<(), NotSigned> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let signature = signature.ok_or(NotSigned::Missing)?;
        if !self.keys.contains(&signature.key) {
            return Err(NotSigned::Untrusted(signature.key));
        }
        if signature.holds(component) { Ok(()) } else { Err(NotSigned::Wrong) }
    }
}

impl Signature {
    /// Strict: neither a signature that can be changed into another one nor a key without an owner is accepted.
    fn holds(&self, component: &Digest) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        VerifyingKey::from_bytes(&self.key.0)
            .is_ok_and(|key| key.verify_strict(&statement(component), &signature).is_ok())
    }
}

fn statement(component: &Digest) -> Vec<u8> {
    [DOMAIN, component.as_str().as_bytes()].concat()
}

/// Signs for the author of a component: the host has no private key.
pub struct PrivateKey(Zeroizing<[u8; 32]>);

impl PrivateKey {
    /// Thirty-two bytes of good randomness.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// As `to_text` wrote it.
    pub fn from_text(text: &str) -> Result<Self, InvalidSigning> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| InvalidSigning::Private)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| InvalidSigning::Private)?;
        Ok(Self::from_bytes(bytes))
    }

    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(SigningKey::from_bytes(&self.0).verifying_key().to_bytes())
    }

    pub fn sign(&self, component: &Digest) -> Signature {
        let bytes = SigningKey::from_bytes(&self.0).sign(&statement(component)).to_bytes();
        Signature { key: self.public(), bytes }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

impl FromStr for PublicKey {
    type Err = InvalidSigning;

    fn from_str(text: &str) -> Result<Self, InvalidSigning> {
        let bytes: [u8; 32] = decoded(text).ok_or(InvalidSigning::Key)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidSigning::Key)?;
        // A number of the field has one spelling; the others exist so that two readers disagree.
        if !is_canonical(&bytes) {
            return Err(InvalidSigning::Key);
        }
        if key.is_weak() { Err(InvalidSigning::WeakKey) } else { Ok(Self(bytes)) }
    }
}

/// Whether the number, without the bit of the sign, is below 2^255 - 19.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [least, middle @ .., most] = bytes;
    most & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *least < 0xed
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Bounded before it is decoded: no text of ours is longer.
    if text.len() > 4 * N {
        return None;
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

impl FromStr for Signature {
    type Err = InvalidSigning;

    fn from_str(text: &str) -> Result<Self, InvalidSigning> {
        let (key, signature) = text.split_once(':').ok_or(InvalidSigning::Signature)?;
        Ok(Self { key: key.parse()?, bytes: decoded(signature).ok_or(InvalidSigning::Signature)? })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key, STANDARD.encode(self.bytes))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = InvalidSigning;

    fn try_from(text: String) -> Result<Self, InvalidSigning> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests;
