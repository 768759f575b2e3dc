//! What is known of a profile's stored credential, and never any part of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::life::CredentialLife;
use super::status::Reason;
use crate::injected::Timestamp;

/// Facts for the status, for people and for attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialState {
    /// Counts how often it was replaced: set, connected, renewed.
    #[serde(default)]
    pub version: u64,
    /// Why it cannot work until somebody does something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<CredentialProblem>,
    /// When the stored credential was set, and until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<CredentialLife>,
    /// A consent has been begun and must end before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_off_until: Option<Timestamp>,
    /// The life of the token at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenLife>,
    /// What the provider says that it granted, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_scopes: Option<BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialProblem {
    pub reason: CredentialReason,
    /// The provider's code, as `invalid_grant`, or ours.
    pub code: String,
    pub since: Timestamp,
}

/// Why a credential no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialReason {
    /// The provider says no: the consent, the client or the key is no longer good.
    AuthRevoked,
    /// The token has ended and no new one could be had for too long.
    AuthExpired,
}

/// When a token came and when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenLife {
    pub obtained_at: Timestamp,
    /// None where the provider does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether it can be renewed without a person.
    pub renewable: bool,
}

impl From<CredentialReason> for Reason {
    fn from(reason: CredentialReason) -> Self {
        match reason {
            CredentialReason::AuthRevoked => Self::AuthRevoked,
            CredentialReason::AuthExpired => Self::AuthExpired,
        }
    }
}

impl CredentialReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthRevoked => "auth_revoked",
            Self::AuthExpired => "auth_expired",
        }
    }
}
