//! How much a tenant holds, counted anew each time: there is no number that could drift from the rows.

use std::collections::BTreeMap;

use domain::connector::Connector;
use domain::token::{Bearer, Token};
use domain::{ConnectorName, Digest, TenantId};

use crate::commit::Versioned;
use crate::error::StoreError;
use crate::page::{PAGE_ITEMS_MAX, Paging};
use crate::{Store, Tenants as _, keys};

/// The components of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldComponents {
    /// Versions of each connector.
    pub versions: BTreeMap<ConnectorName, u64>,
    /// Of all components together.
    pub bytes: u64,
}

pub trait Holdings {
    fn held_components(&self, tenant: &TenantId) -> Result<HeldComponents, StoreError>;
    fn count_profiles(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    fn count_flows(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    /// Of all profiles together.
    fn count_secrets(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    fn count_tokens(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    /// Whether any tenant has a connector of these bytes.
    fn is_component_held(&self, digest: &Digest) -> Result<bool, StoreError>;
}

impl Holdings for Store {
    fn held_components(&self, tenant: &TenantId) -> Result<HeldComponents, StoreError> {
        let mut held = HeldComponents::default();
        self.each(&keys::connectors(tenant), |row: Versioned<Connector>| {
            *held.versions.entry(row.value.name).or_default() += 1;
            held.bytes = held.bytes.saturating_add(row.value.size_bytes);
            true
        })?;
        Ok(held)
    }

    fn count_profiles(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::profiles(tenant))
    }

    fn count_flows(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::flows(tenant))
    }

    fn count_secrets(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::all_secrets(tenant))
    }

    fn count_tokens(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let mut count = 0;
        self.each(&keys::tokens(), |row: Versioned<Token>| {
            let theirs = matches!(&row.value.bearer, Bearer::Tenant { tenant: of } if of == tenant);
            count += u64::from(theirs);
            true
        })?;
        Ok(count)
    }

    fn is_component_held(&self, digest: &Digest) -> Result<bool, StoreError> {
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = self.tenants(&paging)?;
            for tenant in page.items {
                let mut held = false;
                self.each(&keys::connectors(&tenant.id), |row: Versioned<Connector>| {
                    held = row.value.digest == *digest;
                    !held
                })?;
                if held {
                    return Ok(true);
                }
            }
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => return Ok(false),
            }
        }
    }
}
