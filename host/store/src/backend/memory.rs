//! The back-end that keeps nothing: for tests and for work that may be lost.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use crate::backend::{Backend, Change, Order, Slice, Span};
use crate::error::StoreError;

#[derive(Default)]
pub(crate) struct Memory {
    // A plain lock: it is held for a lookup or a copy of one slice, never across anything that waits.
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Backend for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, span: Span<'_>, limit: usize) -> Result<Slice, StoreError> {
        let (from, to) = span.bounds();
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let found = rows.range(from..to).map(|(key, row)| {
            let row = if span.keys_only { Vec::new() } else { row.clone() };
            Ok((key.clone(), row))
        });
        match span.order {
            Order::Ascending => Slice::fill(limit, found),
            Order::Descending => Slice::fill(limit, found.rev()),
        }
    }

    fn apply(&self, batch: &[Change]) -> Result<(), StoreError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for change in batch {
            match &change.row {
                Some(row) => rows.insert(change.key.clone(), row.clone()),
                None => rows.remove(&change.key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
