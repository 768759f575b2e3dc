//! An admitted component with its manifest: `name@version`, pinned by digest.

use semver::{BuildMetadata, Prerelease, Version};
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
    /// And those that it exports; none where the row was written before they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<String>,
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

/// The version under which a component in development is kept: `1.4.0-dev.1`, the next time `1.4.0-dev.2`. It comes before
/// the release that it becomes. The newest of them keeps its version when its bytes come again.
/// `2.0.0-beta.1` becomes `2.0.0-beta.1.dev.1`.
pub fn in_development(version: &Version, digest: &Digest, known: &[Connector]) -> Version {
    let prefix = if version.pre.is_empty() { "dev.".to_owned() } else { format!("{}.dev.", version.pre) };
    let number = |known: &Connector| {
        let Version { major, minor, patch, .. } = known.version;
        let same = (major, minor, patch) == (version.major, version.minor, version.patch);
        let number: u64 = known.version.pre.as_str().strip_prefix(&*prefix).filter(|_| same)?.parse().ok()?;
        Some((number, known.digest == *digest))
    };
    let next = match known.iter().filter_map(number).max_by_key(|(number, _)| *number) {
        Some((newest, true)) => newest,
        Some((newest, false)) => newest.saturating_add(1),
        None => 1,
    };
    // What was a pre-release is one with two parts more.
    let pre = Prerelease::new(&format!("{prefix}{next}")).unwrap_or_else(|_| version.pre.clone());
    Version { pre, build: BuildMetadata::EMPTY, ..version.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(version: &str, bytes: &[u8]) -> Connector {
        let text = r#"{"name": "a", "version": "1.0.0", "title": "A", "category": "custom", "hosts": [], "scopes": []}"#;
        Connector {
            name: "a".parse().unwrap(),
            version: version.parse().unwrap(),
            digest: Digest::of(bytes),
            size_bytes: 1,
            manifest: serde_json::from_str(text).unwrap(),
            imports: Vec::new(),
            exports: Vec::new(),
            uploaded_at: Timestamp::from_ms(0),
        }
    }

    #[test]
    fn a_version_in_development_is_the_next_one_unless_nothing_changed() {
        let known = [
            kept("0.9.0-dev.7", b"x"),
            kept("1.0.0-dev.2", b"a"),
            kept("1.0.0-dev.10", b"b"),
            kept("1.0.0-dev.x", b"b"),
            kept("1.0.0", b"c"),
        ];
        for (version, bytes, expected) in [
            ("1.0.0", &b"b"[..], "1.0.0-dev.10"),
            ("1.0.0", b"a", "1.0.0-dev.11"),
            ("1.0.0", b"new", "1.0.0-dev.11"),
            ("1.1.0+nightly", b"b", "1.1.0-dev.1"),
            ("1.0.0-beta.1", b"b", "1.0.0-beta.1.dev.1"),
        ] {
            let next = in_development(&version.parse().unwrap(), &Digest::of(bytes), &known);
            assert_eq!(next.to_string(), expected, "{version}");
            let release: Version = version.parse().unwrap();
            assert!(next < release || !release.pre.is_empty(), "{next}");
        }
    }
}
