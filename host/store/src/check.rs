//! Reads everything and says what does not fit together: every row's check and shape, then what rows say of each other.
//!
//! For the store of a stopped host. While commits happen, two rows that are written together may be read one before and
//! one after, and would seem not to fit. Nothing is mended here, and nothing is hidden: a row that is named is one that
//! the host refuses to read, or that its promises do not hold for.

mod deliveries;
mod history;
mod rows;
mod sealed;

use std::collections::{BTreeMap, BTreeSet};

use domain::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::keys::{self, Prefix};
use crate::{Store, Versioned};

/// Problems that are told one by one; of a store that is damaged all over, the first ones say enough.
const PROBLEMS_MAX: usize = 1_000;

/// What reading everything came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Bytes of all rows, as they are stored.
    pub bytes: u64,
    /// The first of them; none when all is well.
    pub problems: Vec<Problem>,
    /// How many there are in all.
    pub problems_count: u64,
}

/// One row, or the lack of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    pub table: String,
    /// The row's name, the tenant first.
    pub key: String,
    /// What is wrong, in a sentence. Never a value of the row.
    pub what: String,
}

impl Checked {
    pub fn is_whole(&self) -> bool {
        self.problems_count == 0
    }

    pub fn rows(&self) -> u64 {
        self.tables.values().sum()
    }

    fn wrong(&mut self, key: &[u8], what: impl Into<String>) {
        self.problems_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            let shown = keys::shown(key);
            self.problems.push(Problem { table: shown.table, key: shown.key, what: what.into() });
        }
    }
}

impl Store {
    /// Reads every row of every tenant. Takes as long as there is to read; blocks: not for an async worker.
    pub fn check(&self) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let tenants = self.check_rows(&mut checked)?;
        for tenant in &tenants {
            self.check_connectors(tenant, &mut checked)?;
            self.check_secrets(tenant, &mut checked)?;
            self.check_runs(tenant, &mut checked)?;
            self.check_letters(tenant, &mut checked)?;
            self.check_flows(tenant, &mut checked)?;
        }
        self.check_audit(&tenants, &mut checked)?;
        Ok(checked)
    }

    /// The rows of a prefix that can be read, with the parts of their keys behind the table. The others have been told.
    fn sound<T: DeserializeOwned>(
        &self,
        prefix: &Prefix,
        mut visit: impl FnMut(&[u8], &[&str], Versioned<T>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.walk_behind(prefix, None, false, |key, row| {
            if let (Ok(row), Some(parts)) = (self.decode::<T>(key, row), keys::parts(key)) {
                visit(key, parts.rest(), row)?;
            }
            Ok(true)
        })
    }

    /// The last parts of the keys of a prefix.
    fn named(&self, prefix: &Prefix) -> Result<BTreeSet<String>, StoreError> {
        let mut names = BTreeSet::new();
        self.walk_behind(prefix, None, true, |key, _| {
            names.extend(keys::last_part(key).map(str::to_owned));
            Ok(true)
        })?;
        Ok(names)
    }
}

/// The tenants that any row belongs to.
type Owners = BTreeSet<TenantId>;

#[cfg(test)]
mod tests;
