//! Admitted connectors, one row a version.

use domain::connector::{Connector, ConnectorRef};
use domain::{ConnectorName, TenantId};

use crate::backend::Order;
use crate::change::Change;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

pub trait Connectors {
    fn connector(
        &self,
        tenant: &TenantId,
        of: &ConnectorRef,
    ) -> Result<Option<Versioned<Connector>>, StoreError>;
    /// The highest version.
    fn latest_connector(
        &self,
        tenant: &TenantId,
        name: &ConnectorName,
    ) -> Result<Option<Versioned<Connector>>, StoreError>;
    /// The versions of one connector, lowest first.
    fn connector_versions(
        &self,
        tenant: &TenantId,
        name: &ConnectorName,
    ) -> Result<Vec<Connector>, StoreError>;
    /// Every version of every connector, by name.
    fn connectors(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Connector>, StoreError>;
}

impl Connectors for Store {
    fn connector(
        &self,
        tenant: &TenantId,
        of: &ConnectorRef,
    ) -> Result<Option<Versioned<Connector>>, StoreError> {
        self.read(&keys::connector(tenant, of))
    }

    fn latest_connector(
        &self,
        tenant: &TenantId,
        name: &ConnectorName,
    ) -> Result<Option<Versioned<Connector>>, StoreError> {
        let Some(latest) = self.connector_versions(tenant, name)?.pop() else { return Ok(None) };
        self.connector(tenant, &ConnectorRef { name: latest.name, version: latest.version })
    }

    fn connector_versions(
        &self,
        tenant: &TenantId,
        name: &ConnectorName,
    ) -> Result<Vec<Connector>, StoreError> {
        // The order of keys is that of texts, where 1.10.0 comes before 1.9.0.
        let mut versions: Vec<Connector> =
            self.all(&keys::connector_versions(tenant, name))?.into_iter().map(|row| row.value).collect();
        versions.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(versions)
    }

    fn connectors(&self, tenant: &TenantId, paging: &Paging) -> Result<Page<Connector>, StoreError> {
        Ok(self.list::<Connector>(&keys::connectors(tenant), Order::Ascending, paging)?.map(|row| row.value))
    }
}

impl Change {
    /// A version is written once: hand in `Expect::Absent`.
    pub fn put_connector(&mut self, tenant: &TenantId, connector: &Connector, expect: Expect) {
        let of = ConnectorRef { name: connector.name.clone(), version: connector.version.clone() };
        self.commit.put(keys::connector(tenant, &of), connector, expect);
    }

    /// The component's file is another matter: the same bytes may belong to others as well.
    pub fn delete_connector(&mut self, tenant: &TenantId, of: &ConnectorRef, expect: Expect) {
        self.commit.delete(keys::connector(tenant, of), expect);
    }
}

impl Commit {
    pub fn require_connector(&mut self, tenant: &TenantId, of: &ConnectorRef, expect: Expect) {
        self.require(keys::connector(tenant, of), expect);
    }
}
