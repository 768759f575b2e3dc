//! A consent that has been begun: durable, used once, and over after ten minutes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Digest, ProfileName, TenantId};
use crate::injected::Timestamp;

/// How long a person has from the link to the consent.
pub const HAND_OFF_MS: u64 = 10 * 60_000;
/// Consents of one tenant that may be under way.
pub const HAND_OFFS_MAX: usize = 32;

/// One row for each link that was given out. Nothing in it is secret: what the browser proves is kept as a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOff {
    /// 32 hexadecimal digits; part of the link.
    pub id: String,
    pub tenant: TenantId,
    pub profile: ProfileName,
    /// Who asked for it, as the audit log names them.
    pub actor: String,
    pub expires_at: Timestamp,
    /// What is asked for, in the provider's words.
    pub scopes: BTreeSet<String>,
    /// Where the provider sends the browser back to; the exchange repeats it to the letter.
    pub redirect_uri: String,
    /// Of what the browser holds that opened the link last; none until one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Digest>,
}

impl HandOff {
    /// Over, also where the clock has been set back to long before it began.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at || self.expires_at.ms_since(now) > 2 * HAND_OFF_MS
    }
}
