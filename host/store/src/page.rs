//! Lists come in pages: bounded in items, in bytes and in rows looked at.

use serde::{Deserialize, Serialize};

/// The most items of one page, whatever is asked for.
pub const PAGE_ITEMS_MAX: usize = 500;

/// The most row bytes of one page: a page of the largest rows must not fill the memory.
pub(crate) const PAGE_BYTES_MAX: usize = 16 << 20;

/// The most rows that one page looks at, so that a filter that matches nothing ends soon.
pub(crate) const PAGE_ROWS_MAX: usize = 5_000;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none at the end. A page with few or no items may still have a next one.
    pub next: Option<String>,
}

/// Which part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// At least 1 and at most [`PAGE_ITEMS_MAX`]; anything else becomes the nearest of the two.
    pub limit: usize,
}

impl Paging {
    /// The first page.
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }

    /// The page after the one that gave `next`.
    pub fn after(next: impl Into<String>, limit: usize) -> Self {
        Self { after: Some(next.into()), limit }
    }

    pub(crate) fn items_max(&self) -> usize {
        self.limit.clamp(1, PAGE_ITEMS_MAX)
    }
}

impl Default for Paging {
    fn default() -> Self {
        Self::first(100)
    }
}

impl<T> Page<T> {
    /// The same page of something made of each item.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next: self.next }
    }
}
