//! The keys that a tenant trusts.

use domain::signing::PublicKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose signature an upload needs: one of these.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signers {
    /// ed25519 public keys in base64.
    pub signers: Vec<String>,
}

impl Signers {
    pub(crate) fn of(keys: &[PublicKey]) -> Self {
        Self { signers: keys.iter().map(ToString::to_string).collect() }
    }
}
