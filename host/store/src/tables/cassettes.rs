//! Cassettes of calls in production: a head for each, and its file sealed in pieces with the tenant's key; and who
//! consented to keep them, one row a profile.

use domain::cassette::{Kept, Recording};
use domain::{CassetteId, ProfileName, Randomness, TenantId, Timestamp};

use crate::cipher::{Context, Sealed};
use crate::commit::{Commit, Expect, Versioned};
use crate::envelope::damaged;
use crate::error::StoreError;
use crate::{Store, keys};

/// A row holds base64 in JSON, and less than a mebibyte of it.
const PIECE_BYTES_MAX: usize = 512 << 10;
/// Rows that one pruning removes at most.
const PRUNED_MAX: usize = 2_000;

pub trait Cassettes {
    fn recording(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<Recording>>, StoreError>;
    /// All heads of a tenant, oldest first. Their number is bounded where they are put.
    fn cassettes(&self, tenant: &TenantId) -> Result<Vec<Kept>, StoreError>;
    fn cassette(&self, tenant: &TenantId, id: &CassetteId) -> Result<Option<Kept>, StoreError>;
    /// The file of a cassette, opened.
    fn cassette_file(&self, tenant: &TenantId, kept: &Kept) -> Result<Vec<u8>, StoreError>;
    /// When its first commit ends in a conflict, somebody else was sealing for the tenant for the first time.
    fn put_cassette(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        kept: &Kept,
        file: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError>;
    /// With the consent to keep them.
    fn delete_cassettes_of(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<(), StoreError>;
    /// A commit that removes what is older than this, or a part of it; an empty one when there is nothing.
    fn prune_cassettes(&self, tenant: &TenantId, before: Timestamp) -> Result<Commit, StoreError>;
}

impl Cassettes for Store {
    fn recording(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Option<Versioned<Recording>>, StoreError> {
        self.read(&keys::recording(tenant, profile))
    }

    fn cassettes(&self, tenant: &TenantId) -> Result<Vec<Kept>, StoreError> {
        let mut heads = Vec::new();
        self.walk_behind(&keys::cassettes(tenant), None, false, |key, row| {
            let head: Versioned<Kept> = self.decode(key, row)?;
            heads.push(head.value);
            Ok(true)
        })?;
        Ok(heads)
    }

    fn cassette(&self, tenant: &TenantId, id: &CassetteId) -> Result<Option<Kept>, StoreError> {
        let head: Option<Versioned<Kept>> = self.read(&keys::cassette(tenant, id))?;
        Ok(head.map(|head| head.value))
    }

    fn cassette_file(&self, tenant: &TenantId, kept: &Kept) -> Result<Vec<u8>, StoreError> {
        let mut file = Vec::new();
        for number in 0..pieces(kept) {
            let key = keys::cassette_piece(tenant, &kept.id, number);
            let sealed: Option<Versioned<Sealed>> = self.read(&key)?;
            let data_key = self.data_key(tenant)?.ok_or_else(|| damaged(key.bytes()))?;
            let context = context(tenant, &kept.id, number);
            let opened = sealed.and_then(|sealed| sealed.value.open(data_key.bytes(), &context));
            file.extend_from_slice(&opened.ok_or_else(|| damaged(key.bytes()))?);
        }
        Ok(file)
    }

    fn put_cassette(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        kept: &Kept,
        file: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError> {
        let data_key = self.data_key_for(commit, tenant, randomness)?;
        for (number, piece) in file.chunks(PIECE_BYTES_MAX).enumerate() {
            let context = context(tenant, &kept.id, number);
            let sealed = Sealed::seal(data_key.bytes(), piece, &context, randomness)?;
            commit.put(keys::cassette_piece(tenant, &kept.id, number), &sealed, Expect::Absent);
        }
        commit.put(keys::cassette(tenant, &kept.id), kept, Expect::Absent);
        Ok(())
    }

    fn delete_cassettes_of(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<(), StoreError> {
        for kept in self.cassettes(tenant)?.iter().filter(|kept| kept.profile == *profile) {
            commit.delete_cassette(tenant, kept);
        }
        commit.delete(keys::recording(tenant, profile), Expect::Any);
        Ok(())
    }

    fn prune_cassettes(&self, tenant: &TenantId, before: Timestamp) -> Result<Commit, StoreError> {
        let mut commit = Commit::new();
        for kept in self.cassettes(tenant)?.iter().filter(|kept| kept.at < before) {
            if commit.len() > PRUNED_MAX {
                break;
            }
            commit.delete_cassette(tenant, kept);
        }
        Ok(commit)
    }
}

impl Commit {
    pub fn put_recording(
        &mut self,
        tenant: &TenantId,
        profile: &ProfileName,
        recording: &Recording,
        expect: Expect,
    ) {
        self.put(keys::recording(tenant, profile), recording, expect);
    }

    pub fn delete_cassette(&mut self, tenant: &TenantId, kept: &Kept) {
        for number in 0..pieces(kept) {
            self.delete(keys::cassette_piece(tenant, &kept.id, number), Expect::Any);
        }
        self.delete(keys::cassette(tenant, &kept.id), Expect::Any);
    }
}

fn pieces(kept: &Kept) -> usize {
    usize::try_from(kept.bytes).unwrap_or(0).div_ceil(PIECE_BYTES_MAX)
}

fn context(tenant: &TenantId, id: &CassetteId, number: usize) -> Context {
    Context::new(["lockgate cassette", tenant.as_str(), id.as_str(), &number.to_string()])
}
