//! Who may ask for a profile's next token, and how the last tries went.

use domain::oauth::TokenLease;
use domain::{ProfileName, TenantId};

use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::{Store, keys};

pub trait TokenLeases {
    /// Version zero and an empty lease where nobody has ever asked.
    fn token_lease(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Versioned<TokenLease>, StoreError>;
}

impl TokenLeases for Store {
    fn token_lease(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
    ) -> Result<Versioned<TokenLease>, StoreError> {
        let row = self.read(&keys::token_lease(tenant, profile))?;
        Ok(row.unwrap_or_else(|| Versioned { version: 0, value: TokenLease::default() }))
    }
}

impl Commit {
    pub fn put_token_lease(
        &mut self,
        tenant: &TenantId,
        profile: &ProfileName,
        lease: &TokenLease,
        expect: Expect,
    ) {
        self.put(keys::token_lease(tenant, profile), lease, expect);
    }

    pub fn delete_token_lease(&mut self, tenant: &TenantId, profile: &ProfileName) {
        self.delete(keys::token_lease(tenant, profile), Expect::Any);
    }
}
