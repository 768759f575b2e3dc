//! Sealed secrets by name. What they hold is in `seal`'s hands only.

use domain::{ProfileName, SecretName, TenantId};

use crate::error::StoreError;
use crate::{Store, keys};

pub trait Secrets {
    /// The names of a profile's secrets, in order.
    fn secret_names(&self, tenant: &TenantId, profile: &ProfileName) -> Result<Vec<SecretName>, StoreError>;
}

impl Secrets for Store {
    fn secret_names(&self, tenant: &TenantId, profile: &ProfileName) -> Result<Vec<SecretName>, StoreError> {
        self.indexed(&keys::secrets(tenant, profile))
    }
}
