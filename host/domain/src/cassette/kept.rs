//! What is recorded in production, and for how long: the owner's consent, and what is known of a kept cassette.

use serde::{Deserialize, Serialize};

use super::{Cassette, Outcome};
use crate::connector::ConnectorRef;
use crate::ids::{CassetteId, CorrelationId, ProfileName};
use crate::injected::Timestamp;

/// A month: what nobody ends must end.
pub const RECORDED_MS_MAX: u64 = 31 * 24 * 3_600 * 1_000;
/// Cassettes of one tenant. The oldest makes room.
pub const KEPT_MAX: usize = 100;
/// Bytes of all cassettes of one tenant.
pub const KEPT_BYTES_MAX: u64 = 32 << 20;
/// Bytes of one cassette's file. Of a larger one only its head is kept.
pub const KEPT_FILE_BYTES_MAX: usize = 4 << 20;

/// Which calls of a profile its owner lets be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Those that fail.
    Failures,
    All,
}

/// The owner's consent to keep cassettes of a profile's calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    pub wanted: Wanted,
    pub since: Timestamp,
    /// Nothing is kept from here on.
    pub until: Timestamp,
}

/// What is known of a cassette without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub id: CassetteId,
    pub at: Timestamp,
    pub profile: ProfileName,
    pub connector: ConnectorRef,
    /// As in `run create_customer`.
    pub call: String,
    /// `ok`, or the class or the fault.
    pub outcome: String,
    /// Of the run, or of the call by hand.
    pub correlation: CorrelationId,
    pub host_calls: u64,
    /// Of the file.
    pub bytes: u64,
    /// It cannot be played.
    pub truncated: bool,
}

impl Recording {
    pub fn new(wanted: Wanted, since: Timestamp, for_ms: u64) -> Self {
        Self { wanted, since, until: since.plus_ms(for_ms.min(RECORDED_MS_MAX)) }
    }

    pub fn is_on(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.until
    }

    pub fn wants(&self, outcome: &Outcome, now: Timestamp) -> bool {
        self.is_on(now) && (self.wanted == Wanted::All || !outcome.is_good())
    }
}

impl Cassette {
    /// The file to be kept, without its host calls where it would be too large.
    pub fn kept_file(mut self) -> (Self, Vec<u8>) {
        let file = serde_json::to_vec(&self).unwrap_or_default();
        if file.len() <= KEPT_FILE_BYTES_MAX {
            return (self, file);
        }
        self.truncated = true;
        self.host_calls = Vec::new();
        let file = serde_json::to_vec(&self).unwrap_or_default();
        if file.len() <= KEPT_FILE_BYTES_MAX {
            return (self, file);
        }
        // What it was given or returned is itself too much.
        self.call = super::Call::Check;
        self.outcome = match self.outcome {
            failed @ Outcome::Failed(_) => failed,
            _ => Outcome::Checked,
        };
        let file = serde_json::to_vec(&self).unwrap_or_default();
        (self, file)
    }
}

/// The oldest of these that have to go so that there is room for one of so many bytes; they come oldest first.
pub fn making_room(kept: &[Kept], bytes: u64) -> usize {
    let mut count = kept.len();
    let mut sum = kept.iter().fold(bytes, |sum, kept| sum.saturating_add(kept.bytes));
    let mut gone = 0;
    for oldest in kept {
        if count < KEPT_MAX && sum <= KEPT_BYTES_MAX {
            break;
        }
        count -= 1;
        sum = sum.saturating_sub(oldest.bytes);
        gone += 1;
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn kept(bytes: u64) -> Kept {
        Kept {
            id: "01KAWB6W3M2Q0R5T7V9X1Z3B5D".parse().unwrap(),
            at: at(0),
            profile: "p".parse().unwrap(),
            connector: ConnectorRef { name: "c".parse().unwrap(), version: "1.0.0".parse().unwrap() },
            call: "check".to_owned(),
            outcome: "trap".to_owned(),
            correlation: "0123456789abcdef0123456789abcdef".parse().unwrap(),
            host_calls: 0,
            bytes,
            truncated: false,
        }
    }

    #[test]
    fn a_consent_ends_and_says_what_it_is_for() {
        let failed = Outcome::Error(crate::call::GuestError::Permanent("no".into()));
        let failures = Recording::new(Wanted::Failures, at(10), 100);
        assert!(failures.wants(&failed, at(10)) && failures.wants(&failed, at(109)));
        assert!(!failures.wants(&failed, at(9)) && !failures.wants(&failed, at(110)));
        assert!(!failures.wants(&Outcome::Checked, at(50)));
        assert!(Recording::new(Wanted::All, at(10), 100).wants(&Outcome::Checked, at(50)));
        let endless = Recording::new(Wanted::All, at(0), u64::MAX);
        assert!(!endless.is_on(at(i64::try_from(RECORDED_MS_MAX).unwrap())));
    }

    #[test]
    fn the_oldest_make_room() {
        assert_eq!(making_room(&[], 1), 0);
        assert_eq!(making_room(&vec![kept(1); KEPT_MAX - 1], 1), 0);
        assert_eq!(making_room(&vec![kept(1); KEPT_MAX], 1), 1);
        assert_eq!(making_room(&vec![kept(KEPT_BYTES_MAX / 4); 4], 1), 1);
        assert_eq!(making_room(&vec![kept(KEPT_BYTES_MAX / 4); 4], KEPT_BYTES_MAX), 4);
    }
}
