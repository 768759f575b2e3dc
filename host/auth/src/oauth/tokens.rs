//! What is sealed for a profile after the token endpoint has answered.

use domain::{Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// The tokens of one answer, or what is left of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenSet {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    pub(crate) obtained_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

/// As it is written before it is sealed. It has no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    obtained_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

impl TokenSet {
    /// The text to seal. None for a token that is no text, which no answer has.
    pub(crate) fn to_secret(&self) -> Option<Secret> {
        let text = |secret: &Secret| std::str::from_utf8(secret.expose()).ok().map(str::to_owned);
        let written = Written {
            access_token: text(&self.access)?,
            refresh_token: match &self.refresh {
                Some(refresh) => Some(text(refresh)?),
                None => None,
            },
            obtained_at: self.obtained_at,
            expires_at: self.expires_at,
        };
        let sealed = serde_json::to_vec(&written).ok().map(Secret::new);
        // The strings of the row in between are wiped with the secrets that they become.
        drop([Some(Secret::new(written.access_token)), written.refresh_token.map(Secret::new)]);
        sealed
    }

    pub(crate) fn from_secret(secret: &Secret) -> Option<Self> {
        let written: Written = serde_json::from_slice(secret.expose()).ok()?;
        Some(Self {
            access: Secret::new(written.access_token),
            refresh: written.refresh_token.map(Secret::new),
            obtained_at: written.obtained_at,
            expires_at: written.expires_at,
        })
    }

    /// Whether it has not ended, as far as anybody knows.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        now >= self.obtained_at && self.expires_at.is_none_or(|end| now < end)
    }
}
