//! How a stored credential ages: when to warn, when to replace it, when it ends.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::injected::Timestamp;

const DAY_MS: u64 = 86_400_000;
/// A credential is replaced after this time unless another one is set.
pub const ROTATE_AFTER_MS: u64 = 90 * DAY_MS;
/// How long before its end a credential is told to be ending, and how long a due replacement may wait.
pub const WARN_BEFORE_MS: u64 = 14 * DAY_MS;

/// What is said of a credential when it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialTerms {
    /// When the remote will stop to take it, where that is known.
    pub expires_at: Option<Timestamp>,
    pub rotate_after_ms: u64,
}

impl Default for CredentialTerms {
    fn default() -> Self {
        Self { expires_at: None, rotate_after_ms: ROTATE_AFTER_MS }
    }
}

/// The life of the stored credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialLife {
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    pub rotate_after_ms: u64,
    /// What has been told of it already: each once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub told: BTreeSet<Milestone>,
}

/// A moment of its life that somebody wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    RotationDue,
    /// It will end soon.
    Expiring,
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    Fresh,
    /// Somebody should replace it.
    Due,
    /// It has ended, or it was due for too long.
    Overdue,
}

impl CredentialLife {
    pub fn begun(now: Timestamp, terms: CredentialTerms) -> Self {
        let CredentialTerms { expires_at, rotate_after_ms } = terms;
        Self { created_at: now, expires_at, rotate_after_ms, told: BTreeSet::new() }
    }

    /// When somebody is told that it will end.
    pub fn warn_at(&self) -> Option<Timestamp> {
        let before = i64::try_from(WARN_BEFORE_MS).unwrap_or(i64::MAX);
        self.expires_at.map(|at| Timestamp::from_ms(at.as_ms().saturating_sub(before)))
    }

    /// When it is due to be replaced.
    pub fn rotate_at(&self) -> Timestamp {
        self.created_at.plus_ms(self.rotate_after_ms)
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    pub fn age(&self, now: Timestamp) -> Age {
        if self.is_expired(now) || self.rotate_at().plus_ms(WARN_BEFORE_MS) <= now {
            Age::Overdue
        } else if self.rotate_at() <= now || self.warn_at().is_some_and(|at| at <= now) {
            Age::Due
        } else {
            Age::Fresh
        }
    }

    /// What is to be told now, and is from now on told. Of an end that has passed nobody is warned any more.
    pub fn tell(&mut self, now: Timestamp) -> Vec<Milestone> {
        let mut passed = Vec::new();
        if self.is_expired(now) {
            passed.push(Milestone::Expired);
            self.told.insert(Milestone::Expiring);
        } else if self.warn_at().is_some_and(|at| at <= now) {
            passed.push(Milestone::Expiring);
        }
        if self.rotate_at() <= now {
            passed.push(Milestone::RotationDue);
        }
        passed.retain(|milestone| self.told.insert(*milestone));
        passed
    }
}
