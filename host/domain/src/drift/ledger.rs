//! What has drifted at one profile: each difference once, counted, bounded.

use serde::{Deserialize, Serialize};

use super::Difference;
use crate::connector::ConnectorRef;
use crate::ids::RecordKey;
use crate::injected::Timestamp;

/// Different differences that are kept apart. Beyond, they are only counted.
pub const DRIFTS_MAX: usize = 64;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Offer {
    /// Records of a trigger.
    Trigger(String),
    /// Outputs of an action.
    Action(String),
}

/// The row of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Whose declaration it is. Another version declares anew.
    pub connector: ConnectorRef,
    pub drifted: Vec<Drifted>,
    /// Values for whose differences there was no place.
    pub more: u64,
}

/// One difference, as often as it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drifted {
    pub of: Offer,
    pub difference: Difference,
    pub count: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// A record in which it was met the last time.
    pub example: Option<RecordKey>,
}

impl Drift {
    pub fn new(connector: ConnectorRef) -> Self {
        Self { connector, drifted: Vec::new(), more: 0 }
    }

    /// Whether this is the first time that it is met.
    pub fn note(
        &mut self,
        of: &Offer,
        difference: &Difference,
        count: u64,
        example: Option<RecordKey>,
        now: Timestamp,
    ) -> bool {
        let same = |known: &&mut Drifted| known.of == *of && known.difference == *difference;
        if let Some(known) = self.drifted.iter_mut().find(same) {
            known.count = known.count.saturating_add(count);
            known.last_at = known.last_at.max(now);
            known.example = example.or(known.example.take());
            return false;
        }
        if self.drifted.len() >= DRIFTS_MAX {
            self.more = self.more.saturating_add(count);
            return false;
        }
        let (of, difference) = (of.clone(), difference.clone());
        self.drifted.push(Drifted { of, difference, count, first_at: now, last_at: now, example });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    #[test]
    fn a_difference_is_kept_once_and_counted_and_their_number_is_bounded() {
        let connector = ConnectorRef { name: "c".parse().unwrap(), version: semver::Version::new(1, 0, 0) };
        let mut drift = Drift::new(connector);
        let of = Offer::Trigger("deals".to_owned());
        let difference =
            |n| Difference { severity: Severity::Additive, place: format!("/{n}"), what: "new".to_owned() };
        assert!(drift.note(&of, &difference(0), 2, None, Timestamp::from_ms(1)));
        assert!(!drift.note(&of, &difference(0), 3, "k".parse().ok(), Timestamp::from_ms(5)));
        let first = drift.drifted.first().unwrap();
        assert_eq!(
            (first.count, first.first_at, first.last_at),
            (5, Timestamp::from_ms(1), Timestamp::from_ms(5))
        );
        assert_eq!(first.example, "k".parse().ok());
        for n in 1..1_000 {
            drift.note(&of, &difference(n), 1, None, Timestamp::from_ms(6));
        }
        assert_eq!(drift.drifted.len(), DRIFTS_MAX);
        assert_eq!(drift.more, 1_000 - DRIFTS_MAX as u64);
    }
}
