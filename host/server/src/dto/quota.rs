//! What a tenant holds of a quota.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One quota of a tenant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuotaUsage {
    /// Its name, as a refusal names it.
    pub quota: String,
    /// How much there is.
    pub held: u64,
    /// How much there may be.
    pub limit: u64,
}

impl From<lockgate::Usage> for QuotaUsage {
    fn from(usage: lockgate::Usage) -> Self {
        Self { quota: usage.quota.to_string(), held: usage.held, limit: usage.limit }
    }
}
