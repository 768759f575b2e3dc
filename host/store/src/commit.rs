//! A write: preconditions and puts that happen together or not at all.
//!
//! The methods that fill a commit stand beside the reads of their table, in `tables/`.

use std::fmt;

use domain::TenantId;
use domain::audit::{Chain, Happening};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::Key;
use crate::newest::Newest;
use crate::seal::DataKey;

/// The most bytes of one row. A row is read, checked and parsed whole, and lists hold many at once; a body that
/// is larger is a file and has no place in a record.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// The most bytes of one commit: it becomes one batch in memory and one write on the disk.
const COMMIT_BYTES_MAX: usize = 64 << 20;

/// A row with the number that a later write may insist on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// Grows with every put and never returns to an earlier number, not even when the row was deleted
    /// in between. Zero only where the row does not exist.
    pub version: u64,
    pub value: T,
}

/// What must be true of a row for the commit to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The row does not exist.
    Absent,
    /// The row exists, in whatever version.
    Present,
    /// The row is as it was read. Version 0 is the same as `Absent`.
    Version(u64),
    /// Nothing.
    Any,
}

/// Preconditions and writes, in order: a later one sees what an earlier one of the same commit has done.
#[derive(Default)]
pub struct Commit {
    pub(crate) ops: Vec<Op>,
    /// What was wrong with a value; said when the commit is handed in, so that filling it needs no `?`.
    pub(crate) refusal: Option<StoreError>,
    /// Data keys that this commit creates, so that two secrets of a new tenant are sealed with the same one.
    pub(crate) fresh_keys: Vec<(TenantId, DataKey)>,
    /// The newest versions as this commit leaves them, so that a second secret in it is counted after the first.
    pub(crate) newest: Vec<(TenantId, Newest)>,
    /// What becomes audit entries, in order.
    pub(crate) happenings: Vec<(Chain, Happening)>,
    /// What becomes rows of the log, in order; the committer numbers them.
    pub(crate) logs: Vec<(TenantId, Vec<u8>)>,
    bytes: usize,
}

pub(crate) struct Op {
    pub(crate) key: Key,
    pub(crate) expect: Expect,
    pub(crate) write: Write,
}

pub(crate) enum Write {
    /// Only the precondition.
    Nothing,
    /// JSON.
    Put(Vec<u8>),
    /// JSON, for a row that may already be there and then stays as it is.
    Ensure(Vec<u8>),
    Delete,
}

impl Commit {
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to do; handing it in is allowed and does nothing.
    pub fn is_empty(&self) -> bool {
        let nothing = self.ops.is_empty() && self.happenings.is_empty() && self.logs.is_empty();
        nothing && self.refusal.is_none()
    }

    /// How many preconditions and writes it has.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    pub(crate) fn put(&mut self, key: Key, value: &impl Serialize, expect: Expect) {
        if let Some(json) = self.json(&key, value) {
            self.ops.push(Op { key, expect, write: Write::Put(json) });
        }
    }

    pub(crate) fn ensure(&mut self, key: Key) {
        self.ops.push(Op { key, expect: Expect::Any, write: Write::Ensure(b"null".to_vec()) });
    }

    pub(crate) fn delete(&mut self, key: Key, expect: Expect) {
        self.ops.push(Op { key, expect, write: Write::Delete });
    }

    pub(crate) fn require(&mut self, key: Key, expect: Expect) {
        self.ops.push(Op { key, expect, write: Write::Nothing });
    }

    pub(crate) fn refuse(&mut self, error: StoreError) {
        self.refusal.get_or_insert(error);
    }

    pub(crate) fn json(&mut self, key: &Key, value: &impl Serialize) -> Option<Vec<u8>> {
        let what = || {
            let shown = key.shown();
            format!("{} {}", shown.table, shown.key)
        };
        let json = match serde_json::to_vec(value) {
            Ok(json) => json,
            Err(error) => {
                self.refuse(StoreError::NotJson { what: what(), reason: error.to_string() });
                return None;
            }
        };
        if json.len() > ROW_BYTES_MAX {
            self.refuse(StoreError::TooLarge { what: what(), bytes: json.len(), max: ROW_BYTES_MAX });
            return None;
        }
        self.bytes = self.bytes.saturating_add(json.len());
        if self.bytes > COMMIT_BYTES_MAX {
            let what = "this commit".to_owned();
            self.refuse(StoreError::TooLarge { what, bytes: self.bytes, max: COMMIT_BYTES_MAX });
            return None;
        }
        Some(json)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("ops", &self.ops.len())
            .field("happenings", &self.happenings.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
