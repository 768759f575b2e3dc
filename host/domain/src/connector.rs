//! An admitted component with its manifest: `name@version`, pinned by digest.

use semver::Version;
use serde::{Deserialize, Serialize};
use wit::Manifest;

use crate::ids::{ConnectorName, Digest};
use crate::injected::Timestamp;

/// A connector of a tenant. Once written, a version never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    pub name: ConnectorName,
    pub version: Version,
    pub digest: Digest,
    pub size_bytes: u64,
    /// As `describe` returned it, checked.
    pub manifest: Manifest,
    /// The interfaces that it imports, by name.
    pub imports: Vec<String>,
    pub uploaded_at: Timestamp,
}

/// A connector's name with a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorRef {
    pub name: ConnectorName,
    pub version: Version,
}

impl std::fmt::Display for ConnectorRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}
