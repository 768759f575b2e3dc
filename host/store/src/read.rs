//! Reading rows: one, a page, all of a prefix. Every row's check is verified before it is parsed.

use std::str::FromStr;

use serde::de::DeserializeOwned;

use crate::Store;
use crate::backend::{Order, Span};
use crate::commit::Versioned;
use crate::encoding;
use crate::envelope::damaged;
use crate::error::StoreError;
use crate::keys::{self, Key, Prefix};
use crate::page::{PAGE_BYTES_MAX, PAGE_ROWS_MAX, Page, Paging};

/// Rows taken from the back-end at once.
const SLICE_ROWS: usize = 128;

/// The longest cursor that can be one of ours: the longest key in base64.
const CURSOR_CHARS_MAX: usize = 2_048;

impl Store {
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Versioned<T>>, StoreError> {
        match self.inner().backend.get(key.bytes())? {
            Some(row) => self.decode(key.bytes(), &row).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        key: &[u8],
        row: &[u8],
    ) -> Result<Versioned<T>, StoreError> {
        let (version, json) = self.inner().envelope.open(key, row)?;
        let value = serde_json::from_slice(&json).map_err(|_| damaged(key))?;
        Ok(Versioned { version, value })
    }

    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        prefix: &Prefix,
        order: Order,
        paging: &Paging,
    ) -> Result<Page<Versioned<T>>, StoreError> {
        self.page(prefix, order, paging, |key, row| self.decode(key, row).map(Some))
    }

    /// A page of the rows that an index points to; a row that has gone since is passed over.
    pub(crate) fn list_indexed<I: FromStr, T>(
        &self,
        index: &Prefix,
        order: Order,
        paging: &Paging,
        read: impl Fn(I) -> Result<Option<T>, StoreError>,
    ) -> Result<Page<T>, StoreError> {
        self.page(index, order, paging, |key, row| {
            self.decode::<()>(key, row)?;
            read(identifier(key)?)
        })
    }

    /// A page of what `pick` makes of the rows. `pick` may read: no lock is held while it runs.
    pub(crate) fn page<T>(
        &self,
        prefix: &Prefix,
        order: Order,
        paging: &Paging,
        mut pick: impl FnMut(&[u8], &[u8]) -> Result<Option<T>, StoreError>,
    ) -> Result<Page<T>, StoreError> {
        let mut after = paging.after.as_deref().map(|cursor| parse_cursor(prefix, cursor)).transpose()?;
        let items_max = paging.items_max();
        let mut page = Page { items: Vec::new(), next: None };
        let (mut rows, mut bytes) = (0, 0);
        loop {
            let wanted = (items_max + 1).saturating_sub(page.items.len()).min(SLICE_ROWS);
            let span = Span { prefix: prefix.bytes(), after: after.as_deref(), order, keys_only: false };
            let slice = self.inner().backend.scan(span, wanted)?;
            for (key, row) in &slice.rows {
                if page.items.len() >= items_max || rows >= PAGE_ROWS_MAX || bytes >= PAGE_BYTES_MAX {
                    page.next = after.as_deref().map(|last| cursor(prefix, last));
                    return Ok(page);
                }
                rows += 1;
                bytes += row.len();
                page.items.extend(pick(key, row)?);
                after = Some(key.clone());
            }
            if !slice.more {
                return Ok(page);
            }
        }
    }

    /// Every row of a prefix, in order, until `visit` has had enough.
    pub(crate) fn each<T: DeserializeOwned>(
        &self,
        prefix: &Prefix,
        mut visit: impl FnMut(Versioned<T>) -> bool,
    ) -> Result<(), StoreError> {
        self.walk(prefix, false, |key, row| Ok(visit(self.decode(key, row)?)))
    }

    pub(crate) fn all<T: DeserializeOwned>(&self, prefix: &Prefix) -> Result<Vec<Versioned<T>>, StoreError> {
        let mut rows = Vec::new();
        self.each(prefix, |row| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    /// The identifiers at the end of the keys of a prefix.
    pub(crate) fn indexed<I: FromStr>(&self, prefix: &Prefix) -> Result<Vec<I>, StoreError> {
        let mut identifiers = Vec::new();
        self.walk(prefix, true, |key, _| {
            identifiers.push(identifier(key)?);
            Ok(true)
        })?;
        Ok(identifiers)
    }

    /// What the first keys of a prefix have after it.
    pub(crate) fn names(&self, prefix: &Prefix, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        self.walk(prefix, true, |key, _| {
            let rest = prefix.rest(key).and_then(|rest| std::str::from_utf8(rest).ok());
            names.push(rest.ok_or_else(|| damaged(key))?.to_owned());
            Ok(names.len() < limit)
        })?;
        Ok(names)
    }

    pub(crate) fn count(&self, prefix: &Prefix) -> Result<u64, StoreError> {
        let mut count = 0;
        self.walk(prefix, true, |_, _| {
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }

    fn walk(
        &self,
        prefix: &Prefix,
        keys_only: bool,
        visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        self.walk_behind(prefix, None, keys_only, visit)
    }

    /// The rows of a prefix behind a key, in order, until `visit` has had enough.
    pub(crate) fn walk_behind(
        &self,
        prefix: &Prefix,
        key: Option<&Key>,
        keys_only: bool,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = key.map(|key| key.bytes().to_vec());
        loop {
            let span =
                Span { prefix: prefix.bytes(), after: after.as_deref(), order: Order::Ascending, keys_only };
            let slice = self.inner().backend.scan(span, SLICE_ROWS)?;
            for (key, row) in &slice.rows {
                if !visit(key, row)? {
                    return Ok(());
                }
            }
            match slice.rows.into_iter().next_back() {
                Some((last, _)) if slice.more => after = Some(last),
                _ => return Ok(()),
            }
        }
    }
}

fn identifier<I: FromStr>(key: &[u8]) -> Result<I, StoreError> {
    keys::last_part(key).and_then(|part| part.parse().ok()).ok_or_else(|| damaged(key))
}

/// Only what follows the prefix is in a cursor, so a cursor cannot lead into another tenant or table.
fn cursor(prefix: &Prefix, key: &[u8]) -> String {
    encoding::to_base64url(prefix.rest(key).unwrap_or_default())
}

fn parse_cursor(prefix: &Prefix, cursor: &str) -> Result<Vec<u8>, StoreError> {
    if cursor.len() > CURSOR_CHARS_MAX {
        return Err(StoreError::BadCursor);
    }
    let rest = encoding::from_base64url(cursor).ok_or(StoreError::BadCursor)?;
    Ok(prefix.join(&rest))
}
