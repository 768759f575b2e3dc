//! Reads a chain from its beginning and names the first thing that is wrong with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Chain, Entry, Head, Keyed};

/// The first number at which a chain is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} {wrong}")]
pub struct Break {
    pub number: u64,
    pub wrong: Wrong,
}

/// What is wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// Its content does not fit its digest, or it cannot be read.
    Edited,
    /// It is not there, and a later one or the head says that it was.
    Missing,
    /// It says another number than the one it is kept under, or does not follow the one before.
    OutOfOrder,
    /// It stands behind the chain's recorded end.
    BeyondHead,
    /// It is the last one, and the recorded end has another digest or cannot be read.
    HeadDoesNotFit,
    /// It is not the one whose digest was noted.
    NotAsNoted,
    /// The chain ends before it, and a later head was noted: older data stands in place of newer.
    RolledBack,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edited => "is not as it was written: edited, damaged, or put in from elsewhere",
            Self::Missing => "is missing: it was written and has been taken away",
            Self::OutOfOrder => "is out of order: it does not follow the entry before it",
            Self::BeyondHead => "stands behind the recorded end of the chain",
            Self::HeadDoesNotFit => "is the last, and the recorded end of the chain does not fit it",
            Self::NotAsNoted => "is not the one whose digest was noted",
            Self::RolledBack => "is missing although a later one was noted: older data has been put in place",
        })
    }
}

/// Takes the entries of one chain, in the order in which they are kept.
pub struct Verifier<'a> {
    chain: &'a Chain,
    keyed: Keyed<'a>,
    noted: Option<&'a Head>,
    last: Option<Head>,
}

impl<'a> Verifier<'a> {
    /// `noted` is a head that was written down elsewhere; the chain must contain it.
    pub fn new(chain: &'a Chain, keyed: Keyed<'a>, noted: Option<&'a Head>) -> Self {
        Self { chain, keyed, noted, last: None }
    }

    /// The number of the last entry that was found right.
    pub fn reached(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.number)
    }

    /// The next entry, kept under `number`; none for one that cannot be read.
    pub fn read(&mut self, number: u64, entry: Option<&Entry>) -> Result<(), Break> {
        let expected = self.reached().saturating_add(1);
        if number > expected {
            return Err(Break { number: expected, wrong: Wrong::Missing });
        }
        let wrong = |wrong| Err(Break { number, wrong });
        if number < expected {
            return wrong(Wrong::OutOfOrder);
        }
        let Some(entry) = entry else { return wrong(Wrong::Edited) };
        if (self.keyed)(&entry.encoded(self.chain)) != entry.digest {
            return wrong(Wrong::Edited);
        }
        if entry.number != number || entry.previous != self.last.as_ref().map(|last| last.digest.clone()) {
            return wrong(Wrong::OutOfOrder);
        }
        if self.noted.is_some_and(|noted| noted.number == number && noted.digest != entry.digest) {
            return wrong(Wrong::NotAsNoted);
        }
        self.last = Some(entry.as_head());
        Ok(())
    }

    /// After the last entry: whether it is the one that the chain's record says. None: there never was an entry.
    pub fn end(self, head: Option<&Head>) -> Result<Option<Head>, Break> {
        let reached = self.reached();
        let recorded = head.map_or(0, |head| head.number);
        let next = reached.saturating_add(1);
        if recorded > reached {
            return Err(Break { number: next, wrong: Wrong::Missing });
        }
        if recorded < reached {
            return Err(Break { number: recorded.saturating_add(1), wrong: Wrong::BeyondHead });
        }
        if head != self.last.as_ref() {
            return Err(Break { number: reached, wrong: Wrong::HeadDoesNotFit });
        }
        if self.noted.is_some_and(|noted| noted.number > reached) {
            return Err(Break { number: next, wrong: Wrong::RolledBack });
        }
        Ok(self.last)
    }
}
