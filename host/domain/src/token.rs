//! An API token: whose it is and what it may do. The secret part is kept as a hash only.

use serde::{Deserialize, Serialize};

use crate::ids::{TenantId, TokenId};
use crate::injected::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub id: TokenId,
    pub bearer: Bearer,
    /// SHA-256 of the secret part, in hexadecimal. The secret has 256 random bits, so a plain hash suffices.
    pub hash: String,
    pub created_at: Timestamp,
}

/// For whom a token speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case", deny_unknown_fields)]
pub enum Bearer {
    /// Makes tenants' tokens; sees no tenant's data.
    Operator,
    /// Everything of one tenant.
    Tenant { tenant: TenantId },
}
