//! The seam to a storage engine: ordered bytes, atomic batches, a real sync. Nothing above knows which engine it is.

pub(crate) mod memory;
pub(crate) mod redb;
pub(crate) mod sled;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::StoreError;

/// Bytes after which a slice ends, so that reading large rows stays bounded.
const SLICE_BYTES: usize = 4 << 20;

/// One engine. Every method is synchronous; only the committer calls `apply` and `sync`, never concurrently.
pub(crate) trait Backend: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// At most `limit` rows of the span, in its order.
    fn scan(&self, span: Span<'_>, limit: usize) -> Result<Slice, StoreError>;
    /// All of it or nothing, also across a crash.
    fn apply(&self, batch: &[Change]) -> Result<(), StoreError>;
    /// Returns when everything applied is on the disk.
    fn sync(&self) -> Result<(), StoreError>;
}

/// A put, or a removal where there is no row.
pub(crate) struct Change {
    pub(crate) key: Vec<u8>,
    pub(crate) row: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// The keys that begin with `prefix`, beyond `after` in the given order.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a> {
    pub(crate) prefix: &'a [u8],
    pub(crate) after: Option<&'a [u8]>,
    pub(crate) order: Order,
    /// The rows stay empty: for counting.
    pub(crate) keys_only: bool,
}

/// Some rows, and whether there may be more.
#[derive(Default)]
pub(crate) struct Slice {
    pub(crate) rows: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) more: bool,
}

impl Span<'_> {
    /// The keys, as a half-open range `from..to`; `after` itself is not in it.
    pub(crate) fn bounds(&self) -> (Vec<u8>, Vec<u8>) {
        let mut from = self.prefix.to_vec();
        let mut to = end_of(self.prefix);
        match (self.after, self.order) {
            (Some(after), Order::Ascending) => {
                from = from.max([after, &[0]].concat());
            }
            (Some(after), Order::Descending) => to = to.min(after.to_vec()),
            (None, _) => {}
        }
        // A range that ends before it begins is a panic in some engines; an empty one is not.
        if to < from { (from.clone(), from) } else { (from, to) }
    }
}

impl Slice {
    /// Takes rows until the limit, or until they are large enough.
    pub(crate) fn fill(
        limit: usize,
        rows: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>>,
    ) -> Result<Self, StoreError> {
        let mut slice = Self::default();
        let mut bytes = 0;
        for row in rows {
            if slice.rows.len() >= limit || bytes >= SLICE_BYTES {
                slice.more = true;
                break;
            }
            let (key, row) = row?;
            bytes += row.len();
            slice.rows.push((key, row));
        }
        Ok(slice)
    }
}

/// The first key after all that begin with `prefix`.
fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    // Only an empty prefix or one of nothing but 0xff has no end; `keys` builds neither.
    vec![0xff; prefix.len() + 1]
}

/// Both embedded engines may panic over a damaged file; for us that is an error like any other.
pub(crate) fn guarded<T>(
    doing: &'static str,
    act: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let panicked =
        || StoreError::Engine { doing, cause: "the storage engine panicked over its files".to_owned() };
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| Err(panicked()))
}

/// An engine's own error, with what was attempted.
pub(crate) fn failed(doing: &'static str) -> impl Fn(&dyn std::fmt::Display) -> StoreError {
    move |cause| StoreError::Engine { doing, cause: cause.to_string() }
}
