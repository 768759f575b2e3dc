//! Sealed secrets: XChaCha20-Poly1305 with a data key for each tenant, itself wrapped by the key-encryption key.
//!
//! A sealed secret opens only as what it was sealed as: tenant, profile, name, version, purpose and the hosts it may
//! go to are authenticated with it, so a row that was moved, rebound or relabelled does not open. It opens only in its
//! newest version (`newest`), so a row that was put back does not either.

use std::collections::BTreeSet;
use std::fmt;

use domain::egress::Origin;
use domain::{ProfileName, Randomness, Secret, SecretName, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::change::Change;
use crate::cipher::{Context, Sealed};
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::root::RootKey;
use crate::{Store, keys};

/// The largest secret: room for a private key or a certificate chain, and no more.
pub const SECRET_BYTES_MAX: usize = 16 << 10;

/// How often a secret is read again that is being replaced at this moment.
const READ_TRIES: usize = 64;

/// What a secret may be used for. One kind cannot be passed off as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Injected into requests by the host.
    Credential,
    /// Used by the connector through a handle: signatures and fingerprints.
    Handle,
    /// What the host got with a credential and renews by itself.
    Tokens,
    /// Tells the webhooks of one system from everybody else's.
    Webhook,
    /// Signs what the host itself sends: events for a tenant.
    Signing,
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
    pub(crate) version: u64,
    pub(crate) purpose: Purpose,
    pub(crate) bound: BTreeSet<Origin>,
    pub(crate) sealed: Sealed,
    pub(crate) created_at: Timestamp,
}

/// Seals everything of one tenant.
#[derive(Clone)]
pub(crate) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub(crate) fn make(randomness: &dyn Randomness) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        randomness.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

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
    pub(crate) fn new(root: &RootKey) -> Self {
        Self { wrapping: root.derive("lockgate 2026 data key wrapping") }
    }

    pub(crate) fn wrap(
        &self,
        tenant: &TenantId,
        data_key: &DataKey,
        randomness: &dyn Randomness,
    ) -> Result<Sealed, StoreError> {
        Sealed::seal(&self.wrapping, data_key.bytes(), &wrapping_context(tenant), randomness)
    }

    fn unwrap(&self, tenant: &TenantId, wrapped: &Sealed) -> Option<DataKey> {
        let opened = wrapped.open(&self.wrapping, &wrapping_context(tenant))?;
        <[u8; 32]>::try_from(opened.as_slice()).ok().map(|key| DataKey(Zeroizing::new(key)))
    }
}

impl Store {
    /// Seals a secret into the change, in place of one of the same name. When its commit ends in a conflict, someone
    /// else was sealing for the same tenant at the same time: begin again with a new one.
    pub fn seal_secret(
        &self,
        change: &mut Change,
        seal: &Seal<'_>,
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError> {
        let bytes = seal.secret.len();
        if bytes == 0 || bytes > SECRET_BYTES_MAX {
            return Err(StoreError::SecretSize { bytes, max: SECRET_BYTES_MAX });
        }
        let commit = &mut change.commit;
        let &Seal { tenant, profile, name, purpose, bound, secret, now } = seal;
        let row = keys::secret(tenant, profile, name);
        let (found, expect) = match self.read::<SealedSecret>(&row) {
            Ok(Some(row)) => (row.value.version, Expect::Version(row.version)),
            Ok(None) => (0, Expect::Absent),
            // Setting a secret again is the way to repair its row.
            Err(StoreError::Damaged { .. }) => (0, Expect::Any),
            Err(error) => return Err(error),
        };
        let data_key = self.data_key_for(commit, tenant, randomness)?;
        let version = self.change_newest(commit, tenant, &data_key, randomness, |newest| {
            newest.advance(profile, name, found)
        })?;
        let context = BoundTo { seal_of: (tenant, profile, name), version, purpose }.context(bound);
        let sealed = Sealed::seal(data_key.bytes(), secret.expose(), &context, randomness)?;
        let sealed = SealedSecret { version, purpose, bound: bound.clone(), sealed, created_at: now };
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
        let Some((sealed, data_key)) = self.newest_sealed(tenant, profile, name, purpose)? else {
            return Ok(None);
        };
        let secret = self.open_sealed((tenant, profile, name), &sealed, &data_key)?;
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
        Ok(self.newest_sealed(tenant, profile, name, purpose)?.is_some())
    }

    /// Deletes a secret. Neither its row nor its version comes back.
    pub fn delete_secret(
        &self,
        change: &mut Change,
        seal_of: (&TenantId, &ProfileName, &SecretName),
        expect: Expect,
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError> {
        let commit = &mut change.commit;
        let (tenant, profile, name) = seal_of;
        let data_key = self.data_key_for(commit, tenant, randomness)?;
        self.change_newest(commit, tenant, &data_key, randomness, |newest| newest.delete(profile, name))?;
        commit.delete(keys::secret(tenant, profile, name), expect);
        Ok(())
    }

    pub(crate) fn open_sealed(
        &self,
        seal_of: (&TenantId, &ProfileName, &SecretName),
        sealed: &SealedSecret,
        data_key: &DataKey,
    ) -> Result<Secret, StoreError> {
        let context =
            BoundTo { seal_of, version: sealed.version, purpose: sealed.purpose }.context(&sealed.bound);
        let (_, profile, name) = seal_of;
        let opened = sealed.sealed.open(data_key.bytes(), &context);
        let mut opened = opened.ok_or_else(|| StoreError::SecretDamaged {
            profile: profile.to_string(),
            name: name.to_string(),
        })?;
        Ok(Secret::new(std::mem::take(&mut *opened)))
    }

    /// The row of a secret, if it is the one that was set last.
    fn newest_sealed(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        name: &SecretName,
        purpose: Purpose,
    ) -> Result<Option<(SealedSecret, DataKey)>, StoreError> {
        let rolled_back = || {
            let (profile, name) = (profile.to_string(), name.to_string());
            tracing::error!(%tenant, profile, name, "a secret's row is not the one that was written last");
            StoreError::SecretRolledBack { profile, name }
        };
        for _ in 0..READ_TRIES {
            let data_key = self.data_key(tenant)?;
            let newest = match self.newest(tenant, data_key.as_ref()) {
                // The tenant's first secret is being set at this moment.
                Err(_) if data_key.is_none() && self.data_key(tenant)?.is_some() => continue,
                newest => newest?,
            };
            let row: Option<Versioned<SealedSecret>> = self.read(&keys::secret(tenant, profile, name))?;
            let sealed = row.map(|row| row.value);
            if newest.value.version(profile, name) == sealed.as_ref().map(|sealed| sealed.version) {
                return Ok(sealed.filter(|sealed| sealed.purpose == purpose).zip(data_key));
            }
            // The two rows are written together and read one after the other: the secret may just have been set.
            if self.newest(tenant, self.data_key(tenant)?.as_ref())?.version == newest.version {
                return Err(rolled_back());
            }
        }
        Err(StoreError::Conflict { table: "secrets".to_owned(), key: format!("{tenant}/{profile}/{name}") })
    }

    pub(crate) fn data_key(&self, tenant: &TenantId) -> Result<Option<DataKey>, StoreError> {
        let row = keys::data_key(tenant);
        let Some(wrapped) = self.read::<Sealed>(&row)? else { return Ok(None) };
        let key = self.inner().sealing.unwrap(tenant, &wrapped.value);
        key.map(Some).ok_or_else(|| crate::envelope::damaged(row.bytes()))
    }

    /// The tenant's data key; its first secret brings it into being, in the same commit.
    pub(crate) fn data_key_for(
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
        let fresh = DataKey::make(randomness);
        let wrapped = self.inner().sealing.wrap(tenant, &fresh, randomness)?;
        commit.put(keys::data_key(tenant), &wrapped, Expect::Absent);
        commit.fresh_keys.push((tenant.clone(), fresh.clone()));
        Ok(fresh)
    }
}

/// What is authenticated with a secret.
pub(crate) struct BoundTo<'a> {
    pub(crate) seal_of: (&'a TenantId, &'a ProfileName, &'a SecretName),
    pub(crate) version: u64,
    pub(crate) purpose: Purpose,
}

impl BoundTo<'_> {
    pub(crate) fn context(&self, origins: &BTreeSet<Origin>) -> Context {
        let (tenant, profile, name) = self.seal_of;
        let purpose = match self.purpose {
            Purpose::Credential => "credential",
            Purpose::Tokens => "tokens",
            Purpose::Handle => "handle",
            Purpose::Webhook => "webhook",
            Purpose::Signing => "signing",
        };
        let version = self.version.to_string();
        let origins: Vec<String> = origins.iter().map(ToString::to_string).collect();
        let fixed = ["lockgate secret", tenant.as_str(), profile.as_str(), name.as_str(), &version, purpose];
        Context::new(fixed.into_iter().chain(origins.iter().map(String::as_str)))
    }
}

fn wrapping_context(tenant: &TenantId) -> Context {
    Context::new(["lockgate data key", tenant.as_str()])
}

#[cfg(test)]
mod rollback;
#[cfg(test)]
mod tests;
