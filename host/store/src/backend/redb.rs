//! The back-end on redb: one table, every batch one transaction, durable when it returns.

use std::path::Path;

use redb::backends::FileBackend;
use redb::{AccessGuard, Database, Durability, ReadableDatabase, StorageError, TableDefinition};

use crate::backend::{Backend, Change, Order, Slice, Span, failed, guarded};
use crate::error::StoreError;
use crate::files;

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const FILE: &str = "rows.redb";
const CACHE_BYTES: usize = 64 << 20;

type Found<'a> = (AccessGuard<'a, &'static [u8]>, AccessGuard<'a, &'static [u8]>);

pub(crate) struct Redb {
    db: Database,
}

impl Redb {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let file = files::open_database(&folder.join(FILE))?;
        guarded("open the redb database", || {
            let failed = failed("open the redb database");
            let file = FileBackend::new(file).map_err(|e| failed(&e))?;
            let db = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(file);
            let db = db.map_err(|e| failed(&e))?;
            // The table must exist before the first read.
            let write = db.begin_write().map_err(|e| failed(&e))?;
            write.open_table(ROWS).map_err(|e| failed(&e))?;
            write.commit().map_err(|e| failed(&e))?;
            files::sync_folder(folder)?;
            Ok(Self { db })
        })
    }
}

impl Backend for Redb {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded("read a row", || {
            let failed = failed("read a row");
            let read = self.db.begin_read().map_err(|e| failed(&e))?;
            let rows = read.open_table(ROWS).map_err(|e| failed(&e))?;
            let row = rows.get(key).map_err(|e| failed(&e))?;
            Ok(row.map(|row| row.value().to_vec()))
        })
    }

    fn scan(&self, span: Span<'_>, limit: usize) -> Result<Slice, StoreError> {
        guarded("read rows", || {
            let failed = failed("read rows");
            let (from, to) = span.bounds();
            let read = self.db.begin_read().map_err(|e| failed(&e))?;
            let rows = read.open_table(ROWS).map_err(|e| failed(&e))?;
            let found = rows.range(from.as_slice()..to.as_slice()).map_err(|e| failed(&e))?;
            let copy = |found: Result<Found<'_>, StorageError>| {
                let (key, row) = found.map_err(|e| failed(&e))?;
                let row = if span.keys_only { Vec::new() } else { row.value().to_vec() };
                Ok((key.value().to_vec(), row))
            };
            match span.order {
                Order::Ascending => Slice::fill(limit, found.map(copy)),
                Order::Descending => Slice::fill(limit, found.rev().map(copy)),
            }
        })
    }

    fn apply(&self, batch: &[Change]) -> Result<(), StoreError> {
        guarded("write a batch", || {
            let failed = failed("write a batch");
            let mut write = self.db.begin_write().map_err(|e| failed(&e))?;
            write.set_durability(Durability::Immediate).map_err(|e| failed(&e))?;
            {
                let mut rows = write.open_table(ROWS).map_err(|e| failed(&e))?;
                for change in batch {
                    match &change.row {
                        Some(row) => {
                            rows.insert(change.key.as_slice(), row.as_slice()).map_err(|e| failed(&e))?
                        }
                        None => rows.remove(change.key.as_slice()).map_err(|e| failed(&e))?,
                    };
                }
            }
            write.commit().map_err(|e| failed(&e))
        })
    }

    fn sync(&self) -> Result<(), StoreError> {
        // The transaction of `apply` has already been synced.
        Ok(())
    }
}
