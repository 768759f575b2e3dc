//! Webhooks in: the row of a hook, what is remembered of it, and an event that has been taken and not yet been read.

mod event;
mod signed;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use event::{InboxEvent, Mark, Raw};
pub use signed::{InvalidSigned, Part, parts};

use crate::ids::{HookId, InvalidId, ProfileName, SecretName};
use crate::injected::Timestamp;
use crate::text::inert;

/// How far the time in a request may lie from ours, in either direction.
pub const TOLERANCE_MS: u64 = 300_000;
/// No hook takes a larger body: an event is one row of the store.
pub const BODY_BYTES_MAX: u64 = 512 << 10;
/// Headers of one event that are kept.
pub const HEADERS_MAX: usize = 32;
/// Bytes of all of them.
pub const HEADERS_BYTES_MAX: usize = 16 << 10;
const PER_SECOND_MAX: u32 = 10_000;
const REFUSALS_KEPT: usize = 20;
const SHOWN_BYTES_MAX: usize = 200;

/// An address that one system sends to, for one webhook trigger of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Unguessable: the last part of its URL.
    pub id: HookId,
    pub profile: ProfileName,
    /// One of the connector's webhook triggers.
    pub trigger: String,
    /// A disabled one answers 410.
    pub enabled: bool,
    pub limits: HookLimits,
    pub created_at: Timestamp,
    /// When the secret was replaced last.
    pub rotated_at: Option<Timestamp>,
    /// The secret before, while it is still good.
    pub previous: Option<Previous>,
}

/// The secret before the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// From then on it is no longer good; none: until it is retired.
    pub until: Option<Timestamp>,
}

/// What one hook takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HookLimits {
    pub body_bytes_max: u64,
    /// Requests in a second, when they have been arriving for a while; good or bad.
    pub per_second: u32,
    /// Requests at once, after a rest.
    pub burst: u32,
}

/// Why a hook's limits are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hook's limits are from 1 to {BODY_BYTES_MAX} bytes, and from 1 to {PER_SECOND_MAX} requests")]
pub struct InvalidLimits;

impl Default for HookLimits {
    fn default() -> Self {
        Self { body_bytes_max: 256 << 10, per_second: 100, burst: 500 }
    }
}

impl HookLimits {
    pub fn check(&self) -> Result<(), InvalidLimits> {
        let rates = 1..=PER_SECOND_MAX;
        let fits = (1..=BODY_BYTES_MAX).contains(&self.body_bytes_max)
            && rates.contains(&self.per_second)
            && rates.contains(&self.burst);
        if fits { Ok(()) } else { Err(InvalidLimits) }
    }
}

impl Hook {
    /// Under which its secret is sealed among those of its profile.
    pub fn secret_name(&self) -> Result<SecretName, InvalidId> {
        format!("hook_{}", self.id).parse()
    }

    /// Under which the secret before is.
    pub fn previous_name(&self) -> Result<SecretName, InvalidId> {
        format!("hook_{}_previous", self.id).parse()
    }

    /// Whether the secret before the current one is still good.
    pub fn previous_holds(&self, now: Timestamp) -> bool {
        self.previous.is_some_and(|previous| previous.until.is_none_or(|until| now < until))
    }
}

/// What happened at a hook: counts, and the last refusals. Nobody outside is told any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookNotes {
    pub accepted: u64,
    pub duplicates: u64,
    /// By the code of the check that failed.
    pub refused: BTreeMap<String, u64>,
    pub last_accepted_at: Option<Timestamp>,
    /// The last ones, newest first.
    pub refusals: Vec<HookRefusal>,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookRefusal {
    pub at: Timestamp,
    /// Which check failed; stable.
    pub code: String,
    /// For people.
    pub message: String,
    /// The address that sent it.
    pub from: String,
    /// What the sender calls itself.
    pub agent: String,
}

impl HookNotes {
    pub fn refuse(&mut self, refusal: HookRefusal) {
        *self.refused.entry(refusal.code.clone()).or_default() += 1;
        let shown = |text: &str| inert(text, SHOWN_BYTES_MAX);
        let HookRefusal { at, code, message, from, agent } = refusal;
        let refusal =
            HookRefusal { message: shown(&message), from: shown(&from), agent: shown(&agent), at, code };
        self.refusals.insert(0, refusal);
        self.refusals.truncate(REFUSALS_KEPT);
    }
}

#[cfg(test)]
mod tests;
