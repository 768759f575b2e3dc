//! An API token: whose it is, what it may do and until when. The secret part is kept as a hash only.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{TenantId, TokenId};
use crate::injected::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub id: TokenId,
    pub bearer: Bearer,
    /// Of a tenant's token: how much of the tenant it may use. A row without it was written when every token of a
    /// tenant could do everything.
    #[serde(default, skip_serializing_if = "Role::is_owner")]
    pub role: Role,
    /// SHA-256 of the secret part, in hexadecimal. The secret has 256 random bits, so a plain hash suffices.
    pub hash: String,
    pub created_at: Timestamp,
    /// From then on it is not valid; none for one that only ends by being revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// For whom a token speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case", deny_unknown_fields)]
pub enum Bearer {
    /// Makes tenants' tokens; sees no tenant's data.
    Operator,
    /// One tenant, as far as the token's role reaches.
    Tenant { tenant: TenantId },
}

/// How much of its tenant a token may use. Each includes the ones before it, so they compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at everything but secrets, which nobody sees, and changes nothing.
    Reader,
    /// The daily work: uploads, profiles, flows, runs, calls. It gives a connector no right and no secret.
    Editor,
    /// Also grants, consents, sets secrets and destroys them.
    #[default]
    Owner,
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of reader, editor, owner")]
pub struct InvalidRole;

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    fn is_owner(&self) -> bool {
        *self == Self::Owner
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        [Self::Reader, Self::Editor, Self::Owner]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(InvalidRole)
    }
}

impl Token {
    /// Whether its time is over. A token is valid until the moment before.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it was written before tokens had a role within their tenant and an end.
    const EARLIER: &str = r#"{"id":"01KAWB6W3M2Q0R5T7V9X1Z3B5D","bearer":{"role":"tenant","tenant":"acme"},
        "hash":"x","created_at":"2026-11-22T08:30:00.000Z"}"#;

    #[test]
    fn a_row_of_an_earlier_build_is_an_owners_and_does_not_end() {
        let token: Token = serde_json::from_str(EARLIER).unwrap();
        assert_eq!((token.role, token.expires_at), (Role::Owner, None));
        let again = serde_json::to_value(&token).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(EARLIER).unwrap());
    }

    #[test]
    fn a_token_ends_at_its_moment_and_not_before() {
        let mut token: Token = serde_json::from_str(EARLIER).unwrap();
        token.expires_at = Some(Timestamp::from_ms(1_000));
        assert!(!token.is_expired(Timestamp::from_ms(999)));
        assert!(token.is_expired(Timestamp::from_ms(1_000)));
        token.expires_at = None;
        assert!(!token.is_expired(Timestamp::from_ms(i64::MAX)));
    }

    #[test]
    fn each_role_includes_the_ones_before_it() {
        assert!(Role::Reader < Role::Editor && Role::Editor < Role::Owner);
        for role in [Role::Reader, Role::Editor, Role::Owner] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("Owner".parse::<Role>(), Err(InvalidRole));
    }
}
