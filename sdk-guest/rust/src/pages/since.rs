//! A walk along the time of change.

use serde::{Deserialize, Serialize};

/// How many ids of the latest time are kept.
const SEEN_MAX: usize = 100;

/// Where a walk along the time of change is, for a remote that gives what changed at a time or later, oldest first.
///
/// What changes moves to the end of such a list, and everything behind it moves up by one: paging by position would pass
/// over one. So each page begins at the last time seen; only where a whole page has one and the same time does it go on by
/// the remote's own token.
///
/// ```
/// use lockgate_sdk::pages::Since;
///
/// let since = Since::default();
/// let next = since.behind([(1_000, "a"), (2_000, "b")], Some("token".to_owned()));
/// assert_eq!((next.since_ms, next.after.as_deref()), (2_000, None));
/// // "b" comes again, since the page behind begins at its time.
/// assert!(!next.is_new("b") && next.is_new("c"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// Ask for what changed at this time or later, in milliseconds.
    pub since_ms: i64,
    /// Those of them that changed at this very time and have been read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// The remote's token of the page to read, where a whole page had one and the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Since {
    /// Whether an item has not been read at this time.
    ///
    /// ```
    /// # use lockgate_sdk::pages::Since;
    /// assert!(Since::default().is_new("a"));
    /// ```
    pub fn is_new(&self, id: &str) -> bool {
        !self.seen.iter().any(|seen| seen == id)
    }

    /// The place behind a page, whose items are given with the time at which each changed. `token` names the page behind
    /// it, where there is one.
    ///
    /// ```
    /// # use lockgate_sdk::pages::Since;
    /// // A whole page of one time: only the token leads on.
    /// let here = Since { since_ms: 1_000, ..Since::default() };
    /// let next = here.behind([(1_000, "a"), (1_000, "b")], Some("token".to_owned()));
    /// assert_eq!((next.since_ms, next.after.as_deref()), (1_000, Some("token")));
    /// ```
    #[must_use]
    pub fn behind<'a>(&self, items: impl IntoIterator<Item = (i64, &'a str)>, token: Option<String>) -> Self {
        let mut latest_ms = self.since_ms;
        let mut seen = self.seen.clone();
        for (changed_ms, id) in items {
            if changed_ms > latest_ms {
                latest_ms = changed_ms;
                seen.clear();
            }
            if changed_ms == latest_ms && !seen.iter().any(|seen| seen == id) {
                seen.push(id.to_owned());
            }
        }
        // The cursor stays small; an item that it forgets is read again and dropped by the host, which knows its key.
        seen.drain(..seen.len().saturating_sub(SEEN_MAX));
        Self { since_ms: latest_ms, seen, after: token.filter(|_| latest_ms == self.since_ms) }
    }
}
