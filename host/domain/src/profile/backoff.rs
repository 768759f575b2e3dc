//! When a refused credential may be tried again: one call every thirty seconds, and nobody else meanwhile.
//!
//! A remote that has refused a credential refuses it until somebody acts; who goes on asking is locked out. So after a
//! refusal one call is let through every `PROBE_EVERY_MS` to see whether that has changed, whoever makes it. The others
//! are told to wait, before any code starts and without the network.

use super::row::Profile;
use crate::injected::Timestamp;

/// How long it takes until the next call is let through.
pub const PROBE_EVERY_MS: u64 = 30_000;

/// Whether a call may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayTry {
    Yes,
    /// It is the one that finds out. Whoever makes it first writes `probe_at` into the row, on the condition that nobody
    /// else has changed the row.
    Probe,
    Wait {
        until: Timestamp,
    },
}

impl Profile {
    pub fn may_try(&self, now: Timestamp) -> MayTry {
        let Some((_, refused_at)) = self.refusal() else { return MayTry::Yes };
        let last = self.probe_at.map_or(refused_at, |at| at.max(refused_at));
        let until = last.plus_ms(PROBE_EVERY_MS);
        // A time further ahead was written by a clock that has been set back since.
        if now < until && until.ms_since(now) <= PROBE_EVERY_MS {
            MayTry::Wait { until }
        } else {
            MayTry::Probe
        }
    }
}
