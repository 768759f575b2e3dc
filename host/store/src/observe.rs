//! Somebody who is told how far a commit is: for tests that end the process just there.
//!
//! Without one nothing is worked out and nothing is called.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use domain::audit::{Chain, Happening, Verb};

use crate::commit::{Op, Write};

/// The steps of a group of commits, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// Judged, and nothing written.
    BeforeAppend,
    /// Handed to the back-end, and not yet synced. A back-end that syncs twice for one commit is here twice.
    BeforeSync,
    /// On the disk, and nobody has been told.
    BeforeAck,
    /// Everybody has been told.
    AfterAck,
}

impl Point {
    pub const ALL: [Self; 4] = [Self::BeforeAppend, Self::BeforeSync, Self::BeforeAck, Self::AfterAck];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeAppend => "before-append",
            Self::BeforeSync => "before-sync",
            Self::BeforeAck => "before-ack",
            Self::AfterAck => "after-ack",
        }
    }
}

/// What a commit is about, as its rows tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A new run.
    Trigger,
    /// A run taken, kept or released.
    Lease,
    /// A page from a source: records, marks and cursor.
    Page,
    /// What became of a batch.
    Batch,
    /// The same, with a record that gave up.
    DeadLetter,
    /// A dead letter on its way again, edited or discarded.
    Replay,
    /// The last row of a run.
    RunEnd,
    /// An event from outside, before it is acknowledged.
    Webhook,
    /// A credential that somebody set or destroyed, or tokens after a consent.
    Credential,
    /// The right to ask a provider for new tokens, taken or given back.
    TokenLease,
    /// New tokens, as the host got them by itself.
    Refresh,
    /// A component.
    Upload,
    /// Whatever else a person decided.
    Change,
    /// What the host notes by itself.
    Note,
}

impl Kind {
    pub const ALL: [Self; 14] = [
        Self::Trigger,
        Self::Lease,
        Self::Page,
        Self::Batch,
        Self::DeadLetter,
        Self::Replay,
        Self::RunEnd,
        Self::Webhook,
        Self::Credential,
        Self::TokenLease,
        Self::Refresh,
        Self::Upload,
        Self::Change,
        Self::Note,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Lease => "lease",
            Self::Page => "page",
            Self::Batch => "batch",
            Self::DeadLetter => "dead-letter",
            Self::Replay => "replay",
            Self::RunEnd => "run-end",
            Self::Webhook => "webhook",
            Self::Credential => "credential",
            Self::TokenLease => "token-lease",
            Self::Refresh => "refresh",
            Self::Upload => "upload",
            Self::Change => "change",
            Self::Note => "note",
        }
    }

    fn of(ops: &[Op], happenings: &[(Chain, Happening)]) -> Self {
        let (mut tables, mut delivered, mut accepted, mut received) = (Vec::new(), false, false, false);
        for op in ops {
            let table = op.key.shown().table;
            match &op.write {
                Write::Nothing => continue,
                Write::Delete => delivered |= table == "outbox",
                Write::Put(_) | Write::Ensure(_) => {
                    accepted |= table == "outbox";
                    received |= table == "inbox";
                }
            }
            tables.push(table);
        }
        let has = |name: &str| tables.iter().any(|table| table == name);
        let told = |verb: Verb| happenings.iter().any(|(_, happening)| happening.verb() == verb);
        match () {
            () if told(Verb::RunEnded) => Self::RunEnd,
            () if received => Self::Webhook,
            () if has("connectors") => Self::Upload,
            () if told(Verb::CredentialRefreshed) => Self::Refresh,
            () if has("secrets") => Self::Credential,
            () if has("dead-letters") && !happenings.is_empty() => Self::Replay,
            () if has("dead-letters") => Self::DeadLetter,
            () if has("flow-states") && accepted => Self::Page,
            () if delivered || accepted => Self::Batch,
            () if told(Verb::RunStarted) => Self::Trigger,
            () if !happenings.is_empty() => Self::Change,
            () if has("flow-states") => Self::Page,
            () if has("runs") => Self::Lease,
            () if has("token-leases") => Self::TokenLease,
            () => Self::Note,
        }
    }
}

macro_rules! as_text {
    ($($word:ident),*) => {$(
        impl fmt::Display for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $word {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let known = Self::ALL.into_iter().find(|one| one.as_str() == text);
                known.ok_or_else(|| format!("there is no {text}"))
            }
        }
    )*};
}

as_text!(Point, Kind);

/// Told on the committer's own thread, which waits for it: nothing is written meanwhile.
pub trait Observer: Send + Sync {
    /// All commits of one group are at the same point.
    fn reached(&self, point: Point, kinds: &[Kind]);
}

/// The observer, if there is one, with the group that is under way.
#[derive(Clone, Default)]
pub(crate) struct Watch(Option<Arc<Watched>>);

struct Watched {
    observer: Arc<dyn Observer>,
    group: Mutex<Vec<Kind>>,
}

impl Watch {
    pub(crate) fn new(observer: Option<Arc<dyn Observer>>) -> Self {
        Self(observer.map(|observer| Arc::new(Watched { observer, group: Mutex::default() })))
    }

    pub(crate) fn kind(&self, ops: &[Op], happenings: &[(Chain, Happening)]) -> Option<Kind> {
        self.0.as_ref().map(|_| Kind::of(ops, happenings))
    }

    /// A group begins; it lasts until the next one does.
    pub(crate) fn begin(&self, kinds: Vec<Kind>) {
        if let Some(watched) = &self.0 {
            *watched.group.lock().unwrap_or_else(PoisonError::into_inner) = kinds;
        }
        self.reached(Point::BeforeAppend);
    }

    pub(crate) fn reached(&self, point: Point) {
        let Some(watched) = &self.0 else { return };
        let kinds = watched.group.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !kinds.is_empty() {
            watched.observer.reached(point, &kinds);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(on)" } else { "Watch(off)" })
    }
}

#[cfg(test)]
mod tests;
