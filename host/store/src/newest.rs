//! The newest version of every secret of a tenant: what makes an older row, put back, worthless.
//!
//! One row for all secrets of a tenant, sealed, written in the same commit as every secret. A secret whose version is
//! not the one named here is refused. So a row can be put back only together with this one, and then every secret of
//! the tenant has to go back to the same moment.

use std::collections::BTreeMap;

use domain::{ProfileName, Randomness, SecretName, TenantId};
use serde::{Deserialize, Serialize};

use crate::cipher::{Context, Sealed};
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::seal::DataKey;
use crate::{Store, keys};

/// Versions by profile and name. A deleted secret stays, so that neither its row nor its number comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Newest(BTreeMap<ProfileName, BTreeMap<SecretName, Entry>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    version: u64,
    deleted: bool,
}

impl Newest {
    /// The version that the secret's row must have; none where there must be no row.
    pub(crate) fn version(&self, profile: &ProfileName, name: &SecretName) -> Option<u64> {
        self.entry(profile, name).filter(|entry| !entry.deleted).map(|entry| entry.version)
    }

    /// Counts a new version: above every one that this secret ever had, and above what lies in its row now.
    pub(crate) fn advance(&mut self, profile: &ProfileName, name: &SecretName, found: u64) -> u64 {
        let newest = self.entry(profile, name).map_or(0, |entry| entry.version);
        let version = newest.max(found).saturating_add(1);
        self.set(profile, name, Entry { version, deleted: false });
        version
    }

    pub(crate) fn delete(&mut self, profile: &ProfileName, name: &SecretName) {
        if let Some(entry) = self.entry(profile, name) {
            self.set(profile, name, Entry { deleted: true, ..entry });
        }
    }

    fn entry(&self, profile: &ProfileName, name: &SecretName) -> Option<Entry> {
        self.0.get(profile)?.get(name).copied()
    }

    fn set(&mut self, profile: &ProfileName, name: &SecretName, entry: Entry) {
        self.0.entry(profile.clone()).or_default().insert(name.clone(), entry);
    }
}

impl Store {
    /// What is recorded, with the number of its row. Nothing is the same as a record that names no secret.
    pub(crate) fn newest(
        &self,
        tenant: &TenantId,
        data_key: Option<&DataKey>,
    ) -> Result<Versioned<Newest>, StoreError> {
        let key = keys::newest_secrets(tenant);
        let Some(row) = self.read::<Sealed>(&key)? else {
            return Ok(Versioned { version: 0, value: Newest::default() });
        };
        let opened = data_key.and_then(|data_key| row.value.open(data_key.bytes(), &context(tenant)));
        let newest = opened.and_then(|json| serde_json::from_slice(&json).ok());
        let value = newest.ok_or_else(|| crate::envelope::damaged(key.bytes()))?;
        Ok(Versioned { version: row.version, value })
    }

    /// Changes the record in the commit; two secrets of one commit are two changes.
    pub(crate) fn change_newest<T>(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        data_key: &DataKey,
        randomness: &dyn Randomness,
        change: impl FnOnce(&mut Newest) -> T,
    ) -> Result<T, StoreError> {
        let staged = commit.newest.iter().position(|(of, _)| of == tenant);
        let (mut newest, expect) = match staged.map(|at| commit.newest.swap_remove(at)) {
            Some((_, newest)) => (newest, Expect::Present),
            None => {
                let row = self.newest(tenant, Some(data_key))?;
                (row.value, Expect::Version(row.version))
            }
        };
        let changed = change(&mut newest);
        self.put_newest(commit, tenant, data_key, randomness, newest, expect)?;
        Ok(changed)
    }

    pub(crate) fn put_newest(
        &self,
        commit: &mut Commit,
        tenant: &TenantId,
        data_key: &DataKey,
        randomness: &dyn Randomness,
        newest: Newest,
        expect: Expect,
    ) -> Result<(), StoreError> {
        let what = || "the record of the newest secrets".to_owned();
        let json = serde_json::to_vec(&newest)
            .map_err(|error| StoreError::NotJson { what: what(), reason: error.to_string() })?;
        let sealed = Sealed::seal(data_key.bytes(), &json, &context(tenant), randomness)?;
        commit.put(keys::newest_secrets(tenant), &sealed, expect);
        commit.newest.push((tenant.clone(), newest));
        Ok(())
    }
}

fn context(tenant: &TenantId) -> Context {
    Context::new(["lockgate newest secrets", tenant.as_str()])
}
