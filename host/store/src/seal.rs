//! Sealed secrets: XChaCha20-Poly1305 with a data key for each tenant, itself wrapped by the key-encryption key.
//!
//! A sealed secret opens only as what it was sealed as: tenant, profile, name, version, purpose and the hosts it may
//! go to are authenticated with it, so a row that was moved, rebound or relabelled does not open.

use std::collections::BTreeSet;
use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::egress::Origin;
use domain::{ProfileName, Randomness, Secret, SecretName, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::commit::{Commit, Expect, Versioned};
use crate::encoding;
use crate::error::StoreError;
use crate::key::KeyEncryptionKey;
use crate::{Store, keys};

/// The largest secret: room for a private key or a certificate chain, and no more.
pub const SECRET_BYTES_MAX: usize = 16 << 10;

const NONCE_BYTES: usize = 24;

/// What a secret may be used for. One kind cannot be passed off as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Injected into requests by the host.
    Credential,
    /// Used by the connector through a handle: signatures and fingerprints.
    Handle,
}

/// A secret about to be sealed, and all that it will be bound to.
pub struct Seal<'a> {
    pub tenant: &'a TenantId,
    pub profile: &'a ProfileName,
    pub name: &'a SecretName,
    pub purpose: Purpose,
    /// The only hosts that it may be sent to; none for one that is never sent.
    pub bound: &'a BTreeSet<Origin>,
    pub secret: &'a Secret,
    pub now: Timestamp,
}

/// A secret in the clear, for as short as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedSecret {
    pub secret: Secret,
    pub bound: BTreeSet<Origin>,
    /// Counts how often it has been replaced.
    pub version: u64,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealedSecret {
    version: u64,
    purpose: Purpose,
    bound: BTreeSet<Origin>,
    /// Base64, as is the ciphertext.
    nonce: String,
    ciphertext: String,
    created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappedKey {
    nonce: String,
    ciphertext: String,
}

/// Seals everything of one tenant.
#[derive(Clone)]
pub(crate) struct DataKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(***)")
    }
}

/// Wraps and unwraps data keys.
pub(crate) struct Sealing {
    wrapping: Zeroizing<[u8; 32]>,
}

impl Sealing {
    pub(crate) fn new(key: &KeyEncryptionKey) -> Self {
        Self { wrapping: key.derive("lockgate 2026 data key wrapping") }
    }
}

impl Store {
    /// Seals a secret into the commit, in place of one of the same name. When the commit ends in a conflict, someone
    /// else was sealing at the same time: begin again with a new commit.
    pub fn seal_secret(
        &self,
        commit: &mut Commit,
        seal: &Seal<'_>,
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError> {
        let bytes = seal.secret.len();
        if bytes == 0 || bytes > SECRET_BYTES_MAX {
            return Err(StoreError::SecretSize { bytes, max: SECRET_BYTES_MAX });
        }
        let row = keys::secret(seal.tenant, seal.profile, seal.name);
        let before = self.read::<SealedSecret>(&row)?;
        let (expect, version) = match &before {
            Some(row) => (Expect::Version(row.version), row.value.version.saturating_add(1)),
            None => (Expect::Absent, 1),
        };
        let data_key = self.data_key_for(commit, seal.tenant, randomness)?;
        let bound_to =
            BoundTo { seal_of: (seal.tenant, seal.profile, seal.name), version, purpose: seal.purpose };
        let (nonce, ciphertext) =
            encrypt(&data_key.0, seal.secret.expose(), &bound_to.bytes(seal.bound), randomness)?;
        let sealed = SealedSecret {
            version,
            purpose: seal.purpose,
            bound: seal.bound.clone(),
            nonce,
            ciphertext,
            created_at: seal.now,
        };
        commit.put(row, &sealed, expect);
        Ok(())
    }

    /// Opens a secret for a purpose. One that was sealed for another purpose does not exist for this one.
    pub fn open_secret(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        name: &SecretName,
        purpose: Purpose,
    ) -> Result<Option<OpenedSecret>, StoreError> {
        let Some(sealed) = self.sealed_secret(tenant, profile, name, purpose)? else { return Ok(None) };
        let damaged = || StoreError::SecretDamaged { profile: profile.to_string(), name: name.to_string() };
        let data_key = self.data_key(tenant)?.ok_or_else(damaged)?;
        let bound_to = BoundTo { seal_of: (tenant, profile, name), version: sealed.version, purpose };
        let opened = decrypt(&data_key.0, &sealed.nonce, &sealed.ciphertext, &bound_to.bytes(&sealed.bound));
        let secret = Secret::new(opened.ok_or_else(damaged)?);
        let SealedSecret { bound, version, created_at, .. } = sealed;
        Ok(Some(OpenedSecret { secret, bound, version, created_at }))
    }

    /// Whether there is a secret for this purpose, without opening it.
    pub fn holds_secret(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        name: &SecretName,
        purpose: Purpose,
    ) -> Result<bool, StoreError> {
        Ok(self.sealed_secret(tenant, profile, name, purpose)?.is_some())
    }

    fn sealed_secret(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        name: &SecretName,
        purpose: Purpose,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let row: Option<Versioned<SealedSecret>> = self.read(&keys::secret(tenant, profile, name))?;
        Ok(row.map(|row| row.value).filter(|sealed| sealed.purpose == purpose))
    }

    fn data_key(&self, tenant: &TenantId) -> Result<Option<DataKey>, StoreError> {
        let row = keys::data_key(tenant);
        let Some(wrapped) = self.read::<WrappedKey>(&row)? else { return Ok(None) };
        let WrappedKey { nonce, ciphertext } = wrapped.value;
        let damaged = || crate::envelope::damaged(row.bytes());
        let opened = decrypt(&self.inner().sealing.wrapping, &nonce, &ciphertext, &wrapping_context(tenant));
        let opened = Zeroizing::new(opened.ok_or_else(damaged)?);
        let key = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| damaged())?;
        Ok(Some(DataKey(Zeroizing::new(key))))
    }

    /// The tenant's data key; its first secret brings it into being, in the same commit.
    fn data_key_for(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        randomness: &dyn Randomness,
    ) -> Result<DataKey, StoreError> {
        if let Some((_, fresh)) = commit.fresh_keys.iter().find(|(of, _)| of == tenant) {
            return Ok(fresh.clone());
        }
        if let Some(kept) = self.data_key(tenant)? {
            return Ok(kept);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        randomness.fill(bytes.as_mut_slice());
        let fresh = DataKey(bytes);
        let wrapping = &self.inner().sealing.wrapping;
        let (nonce, ciphertext) =
            encrypt(wrapping, fresh.0.as_slice(), &wrapping_context(tenant), randomness)?;
        commit.put(keys::data_key(tenant), &WrappedKey { nonce, ciphertext }, Expect::Absent);
        commit.fresh_keys.push((tenant.clone(), fresh.clone()));
        Ok(fresh)
    }
}

/// What is authenticated with a secret.
struct BoundTo<'a> {
    seal_of: (&'a TenantId, &'a ProfileName, &'a SecretName),
    version: u64,
    purpose: Purpose,
}

impl BoundTo<'_> {
    fn bytes(&self, origins: &BTreeSet<Origin>) -> Vec<u8> {
        let (tenant, profile, name) = self.seal_of;
        let purpose = match self.purpose {
            Purpose::Credential => "credential",
            Purpose::Handle => "handle",
        };
        let mut parts =
            vec!["lockgate secret".to_owned(), tenant.to_string(), profile.to_string(), name.to_string()];
        parts.extend([self.version.to_string(), purpose.to_owned()]);
        parts.extend(origins.iter().map(ToString::to_string));
        length_prefixed(&parts)
    }
}

fn wrapping_context(tenant: &TenantId) -> Vec<u8> {
    length_prefixed(&["lockgate data key".to_owned(), tenant.to_string()])
}

/// No two lists of parts give the same bytes.
fn length_prefixed(parts: &[String]) -> Vec<u8> {
    let length = |len: usize| u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes();
    let mut bytes = length(parts.len()).to_vec();
    for part in parts {
        bytes.extend_from_slice(&length(part.len()));
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// The nonce and the ciphertext, in base64. A random nonce of 24 bytes never repeats in practice.
fn encrypt(
    key: &[u8; 32],
    plaintext: &[u8],
    context: &[u8],
    randomness: &dyn Randomness,
) -> Result<(String, String), StoreError> {
    let mut nonce = [0; NONCE_BYTES];
    randomness.fill(&mut nonce);
    let failed = || StoreError::Engine { doing: "seal a secret", cause: "the cipher refused it".to_owned() };
    let cipher = XChaCha20Poly1305::new_from_slice(key).map_err(|_| failed())?;
    let payload = Payload { msg: plaintext, aad: context };
    let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| failed())?;
    Ok((encoding::to_base64(&nonce), encoding::to_base64(&ciphertext)))
}

fn decrypt(key: &[u8; 32], nonce: &str, ciphertext: &str, context: &[u8]) -> Option<Vec<u8>> {
    let nonce = <[u8; NONCE_BYTES]>::try_from(encoding::from_base64(nonce)?).ok()?;
    let ciphertext = encoding::from_base64(ciphertext)?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    cipher.decrypt(&XNonce::from(nonce), Payload { msg: &ciphertext, aad: context }).ok()
}

#[cfg(test)]
mod tests;
