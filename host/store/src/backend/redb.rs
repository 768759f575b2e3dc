//! The back-end on redb: one table, every batch one transaction, durable when it returns.
//!
//! Two habits of redb 4 shape this file. It verifies a page's checksum only when it is asked to, so the whole file is
//! verified at every opening: a row that a damaged page hides would otherwise be served as one that never was. And with
//! one sync for each commit, a damaged page of the last one makes it return to the one before without a word; with two,
//! that is an error by name.

use std::fmt;
use std::io;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    AccessGuard, Database, Durability, ReadableDatabase, StorageBackend, StorageError, TableDefinition,
};

use crate::backend::{Backend, Change, Order, Slice, Span, failed, guarded};
use crate::error::StoreError;
use crate::files;
use crate::observe::{Point, Watch};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const FILE: &str = "rows.redb";
const CACHE_BYTES: usize = 64 << 20;

type Found<'a> = (AccessGuard<'a, &'static [u8]>, AccessGuard<'a, &'static [u8]>);

pub(crate) struct Redb {
    db: Database,
}

impl Redb {
    pub(crate) fn open(folder: &Path, watch: Watch) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let file = files::open_database(&folder.join(FILE))?;
        guarded("open the redb database", || {
            let file = FileBackend::new(file).map_err(|e| failed("open the redb database")(&e))?;
            let opened = Self::over(file, watch)?;
            files::sync_folder(folder)?;
            Ok(opened)
        })
    }

    /// Over any storage: tests give one that fails.
    pub(crate) fn over(storage: impl StorageBackend, watch: Watch) -> Result<Self, StoreError> {
        let failed = failed("open the redb database");
        let storage = Observed { storage, watch };
        let db = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(storage);
        let mut db = db.map_err(|e| failed(&e))?;
        if !db.check_integrity().map_err(|e| failed(&e))? {
            tracing::warn!(
                "the database was not closed as it should be; what it knew of free pages was made anew"
            );
        }
        // The table must exist before the first read.
        let mut write = db.begin_write().map_err(|e| failed(&e))?;
        write.set_two_phase_commit(true);
        write.open_table(ROWS).map_err(|e| failed(&e))?;
        write.commit().map_err(|e| failed(&e))?;
        Ok(Self { db })
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
            write.set_two_phase_commit(true);
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

/// The file, with a word before each of its syncs. It has no locks: the folder has one.
struct Observed<S> {
    storage: S,
    watch: Watch,
}

impl<S> fmt::Debug for Observed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observed")
    }
}

impl<S: StorageBackend> StorageBackend for Observed<S> {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.storage.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.storage.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.watch.reached(Point::BeforeSync);
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.storage.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.storage.close()
    }
}
