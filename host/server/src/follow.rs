//! A log as it grows: read from the store by its numbers, a few rows at a time, as fast as the reader takes them.
//!
//! Nothing is queued for a reader: one who stops reading stops the reading, and finds where it was when it goes on. What
//! was removed meanwhile is counted.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use domain::places::Place;
use futures_util::stream;
use lockgate::{Host, Tenant};
use tokio::time::Instant;

use crate::api::logs::Named;
use crate::dto::{LogEntry, LogLine};

/// Rows that are in memory for one reader.
const ROWS_AT_ONCE: usize = 50;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// An empty line now and then, so that an end that has gone is noticed.
const SIGN_EVERY: Duration = Duration::from_secs(15);
/// After this the reader comes back with the number of its last row: its token is looked at again.
const TIME_MAX: Duration = Duration::from_secs(600);

/// Whose log is followed, and from where.
pub(crate) struct Followed {
    pub(crate) tenant: Tenant,
    pub(crate) host: Host,
    pub(crate) named: Named,
    /// The number of the last row that the reader has.
    pub(crate) after: u64,
    /// Given back with the stream.
    pub(crate) _place: Place,
}

pub(crate) fn follow(followed: Followed) -> Body {
    let now = Instant::now();
    let state = State { followed, until: now + TIME_MAX, signed_at: now };
    Body::from_stream(stream::unfold(Some(state), async |state| {
        let mut state = state?;
        let lines = state.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(lines)), Some(state)))
    }))
}

struct State {
    followed: Followed,
    until: Instant,
    signed_at: Instant,
}

impl State {
    /// Some lines, as soon as there are any; none at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if self.followed.host.is_stopping() || Instant::now() >= self.until {
                return None;
            }
            let Followed { tenant, named, after, .. } = &mut self.followed;
            let tail = tenant.logs_after(*after, named.filter(), ROWS_AT_ONCE).ok()?;
            let looked_on = tail.position != *after;
            *after = tail.position;
            let mut lines = String::new();
            if tail.missed > 0 {
                add(&mut lines, &LogLine::Missed { missed: tail.missed });
            }
            for entry in tail.entries {
                add(&mut lines, &LogLine::Entry(Box::new(LogEntry::from(entry))));
            }
            if lines.is_empty() && self.signed_at.elapsed() >= SIGN_EVERY {
                lines.push('\n');
            }
            if !lines.is_empty() {
                self.signed_at = Instant::now();
                return Some(lines);
            }
            if !looked_on {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

fn add(lines: &mut String, line: &LogLine) {
    if let Ok(text) = serde_json::to_string(line) {
        lines.push_str(&text);
        lines.push('\n');
    }
}
