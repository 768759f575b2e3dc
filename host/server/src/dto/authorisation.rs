//! What is known of a profile's authorisation at its provider, and the link to a consent. Never any part of a secret.

use std::fmt;

use domain::profile as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link for a person who may consent.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Connect {
    /// To be opened in a browser, once.
    pub url: String,
    /// The link is no longer good then.
    pub expires_at: String,
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("url", &"***").field("expires_at", &self.expires_at).finish()
    }
}

/// Facts of a stored credential.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Authorisation {
    /// Counts how often it was replaced: set, connected, renewed.
    pub version: u64,
    /// Why it cannot work until somebody does something: `auth_revoked` or `auth_expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The provider's code for it, or ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem_code: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem_since: Option<String>,
    /// A consent has been begun and must end before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_off_until: Option<String>,
    /// When the token at hand came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_obtained_at: Option<String>,
    /// When it ends, where the provider says so. It is renewed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<String>,
    /// What the provider says that it granted, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_scopes: Option<Vec<String>>,
}

impl From<rows::CredentialState> for Authorisation {
    fn from(row: rows::CredentialState) -> Self {
        Self {
            version: row.version,
            problem: row.problem.as_ref().map(|problem| problem.reason.as_str().to_owned()),
            problem_code: row.problem.as_ref().map(|problem| problem.code.clone()),
            problem_since: row.problem.as_ref().map(|problem| problem.since.to_string()),
            hand_off_until: row.hand_off_until.map(|until| until.to_string()),
            token_obtained_at: row.token.as_ref().map(|token| token.obtained_at.to_string()),
            token_expires_at: row.token.as_ref().and_then(|token| token.expires_at).map(|at| at.to_string()),
            provider_scopes: row.provider_scopes.map(|scopes| scopes.into_iter().collect()),
        }
    }
}
