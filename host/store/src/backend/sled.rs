//! The back-end on sled: the embedded default.
//!
//! Three habits of sled 0.34 shape this file. Its `flush` only asks the kernel to write pages back, so a real
//! `fdatasync` of its file follows. Flushes that run at the same time can wait for each other for ever, so its own
//! periodic one is off and only the committer flushes. And a tree node that grows beyond a quarter of a segment goes
//! to a file of its own that is never removed; nodes split by count and not by size, so large rows are stored
//! in pieces.
#![expect(clippy::disallowed_methods, reason = "store owns the files")]

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sled::{Db, IVec};

use crate::backend::{Backend, Change, Order, Slice, Span, failed, guarded};
use crate::error::StoreError;
use crate::files;
use crate::observe::{Point, Watch};

/// Up to some twenty rows share a node, which must stay below 128 KiB with its keys.
const PIECE_BYTES: usize = 4_096;
const CACHE_BYTES: u64 = 64 << 20;

/// In front of the keys of rows, and of pieces of rows.
const ROW: u8 = b'r';
const PIECE: u8 = b'p';
/// In front of a row: the row follows, or the name of its pieces does.
const WHOLE: u8 = 0;
const IN_PIECES: u8 = 1;

/// How often a reader starts again when a row is replaced while its pieces are being read.
const READ_TRIES: usize = 64;

/// How often opening waits for sled's own threads to let go of the file after a close in this process.
const OPEN_TRIES: u32 = 40;
const OPEN_WAIT: Duration = Duration::from_millis(50);

pub(crate) struct Sled {
    db: Db,
    file: Box<dyn Syncs>,
    watch: Watch,
}

/// Makes what was written durable; tests have one that fails.
pub(crate) trait Syncs: Send + Sync {
    fn sync_data(&self) -> io::Result<()>;
}

impl Syncs for File {
    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }
}

impl Sled {
    pub(crate) fn open(folder: &Path, watch: Watch) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = guarded("open the sled database", || open_patiently(&config))?;
        let path = folder.join("db");
        let file = File::open(&path).map_err(|error| files::failed("open", &path, &error))?;
        file.sync_all().map_err(|error| files::failed("sync", &path, &error))?;
        files::sync_folder(folder)?;
        Ok(Self { db, file: Box::new(file), watch })
    }

    /// The same with another way to sync, which is given this one.
    #[cfg(test)]
    pub(crate) fn syncing(self, wrap: impl FnOnce(Box<dyn Syncs>) -> Box<dyn Syncs>) -> Self {
        Self { file: wrap(self.file), ..self }
    }

    /// A row from how it is stored; nothing when it was deleted meanwhile.
    fn assemble(&self, key: &[u8], stored: IVec) -> Result<Option<Vec<u8>>, StoreError> {
        let mut stored = stored;
        for _ in 0..READ_TRIES {
            let Some(pieces) = Pieces::parse(&stored) else {
                return Ok(Some(stored.get(1..).unwrap_or_default().to_vec()));
            };
            if let Some(row) = self.gather(&pieces)? {
                return Ok(Some(row));
            }
            match self.db.get(key).map_err(|e| failed("read a row")(&e))? {
                // The same pieces are named and yet not there: the row fails its check, by name.
                Some(again) if again == stored => return Ok(Some(Vec::new())),
                Some(again) => stored = again,
                None => return Ok(None),
            }
        }
        Err(failed("read a row")(&"it was replaced faster than it could be read"))
    }

    fn gather(&self, pieces: &Pieces) -> Result<Option<Vec<u8>>, StoreError> {
        let mut row = Vec::new();
        for at in 0..pieces.count {
            match self.db.get(pieces.key(at)).map_err(|e| failed("read a row")(&e))? {
                Some(piece) => row.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
        Ok(Some(row))
    }
}

/// Where the pieces of a row are. The name is never used again, so a reader either finds all of them or misses one.
struct Pieces {
    name: u64,
    count: u32,
}

impl Pieces {
    fn parse(stored: &[u8]) -> Option<Self> {
        let (&tag, rest) = stored.split_first()?;
        let (name, rest) = rest.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let complete = tag == IN_PIECES && rest.is_empty();
        complete.then(|| Self { name: u64::from_be_bytes(*name), count: u32::from_be_bytes(*count) })
    }

    fn stored(&self) -> Vec<u8> {
        [&[IN_PIECES][..], &self.name.to_be_bytes(), &self.count.to_be_bytes()].concat()
    }

    fn key(&self, at: u32) -> Vec<u8> {
        [&[PIECE][..], &self.name.to_be_bytes(), &at.to_be_bytes()].concat()
    }
}

impl Backend for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded("read a row", || {
            let key = row_key(key);
            match self.db.get(&key).map_err(|e| failed("read a row")(&e))? {
                Some(stored) => self.assemble(&key, stored),
                None => Ok(None),
            }
        })
    }

    fn scan(&self, span: Span<'_>, limit: usize) -> Result<Slice, StoreError> {
        guarded("read rows", || {
            let (from, to) = span.bounds();
            let found = self.db.range(row_key(&from)..row_key(&to));
            let read = |found: sled::Result<(IVec, IVec)>| {
                let (key, stored) = match found {
                    Ok(found) => found,
                    Err(error) => return Some(Err(failed("read rows")(&error))),
                };
                let name = key.get(1..).unwrap_or_default().to_vec();
                if span.keys_only {
                    return Some(Ok((name, Vec::new())));
                }
                self.assemble(&key, stored).map(|row| row.map(|row| (name, row))).transpose()
            };
            match span.order {
                Order::Ascending => Slice::fill(limit, found.filter_map(read)),
                Order::Descending => Slice::fill(limit, found.rev().filter_map(read)),
            }
        })
    }

    fn apply(&self, batch: &[Change]) -> Result<(), StoreError> {
        guarded("write a batch", || {
            let failed = failed("write a batch");
            let mut writes = sled::Batch::default();
            for change in batch {
                let key = row_key(&change.key);
                let before = self.db.get(&key).map_err(|e| failed(&e))?;
                if let Some(old) = before.as_deref().and_then(Pieces::parse) {
                    (0..old.count).for_each(|at| writes.remove(old.key(at)));
                }
                match &change.row {
                    None => writes.remove(key),
                    Some(row) if row.len() <= PIECE_BYTES => {
                        writes.insert(key, [&[WHOLE], row.as_slice()].concat())
                    }
                    Some(row) => {
                        let name = self.db.generate_id().map_err(|e| failed(&e))?;
                        let mut pieces = Pieces { name, count: 0 };
                        for piece in row.chunks(PIECE_BYTES) {
                            writes.insert(pieces.key(pieces.count), piece);
                            pieces.count += 1;
                        }
                        writes.insert(key, pieces.stored());
                    }
                }
            }
            self.db.apply_batch(writes).map_err(|e| failed(&e))
        })
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.watch.reached(Point::BeforeSync);
        guarded("flush sled", || self.db.flush().map(drop).map_err(|e| failed("flush sled")(&e)))?;
        self.file.sync_data().map_err(|error| failed("sync the database file")(&error))
    }
}

fn row_key(key: &[u8]) -> Vec<u8> {
    [&[ROW], key].concat()
}

/// The folder is locked by us, so a lock that sled finds taken is one that its own threads have not yet given back.
fn open_patiently(config: &sled::Config) -> Result<Db, StoreError> {
    let mut tries = 0;
    loop {
        match config.open() {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(error))
                if tries < OPEN_TRIES && error.to_string().contains("acquire lock") =>
            {
                tries += 1;
                std::thread::sleep(OPEN_WAIT);
            }
            Err(error) => return Err(failed("open the sled database")(&error)),
        }
    }
}
