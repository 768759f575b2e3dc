//! One of the two versions that are compared: a component in a file, or one that a host has.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::ConnectorName;
use domain::compat::Side;
use lockgate::{Component, Error, Host};
use semver::Version;
use server::dto::ConnectorManifest;

use crate::args::Remote;
use crate::cache::CacheArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::local::{self, local};
use crate::show;

/// In place of a version: the highest.
const LATEST: &str = "latest";

/// As it stands on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    File(PathBuf),
    /// None: the highest.
    Kept {
        connector: ConnectorName,
        version: Option<Version>,
    },
}

/// What is compared of it.
pub(super) struct Compared {
    pub(super) manifest: wit::Manifest,
    pub(super) version: Version,
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Where versions come from; only what is asked for is started.
pub(super) struct Versions {
    host: Option<Host>,
    client: Option<Client>,
}

impl Named {
    /// A file that is there is meant, whatever its name looks like.
    pub(super) fn of(text: &str) -> Self {
        let file = Self::File(PathBuf::from(text));
        if Path::new(text).exists() {
            return file;
        }
        let Some((name, version)) = text.split_once('@') else { return file };
        let version = if version == LATEST { Ok(None) } else { version.parse().map(Some) };
        match (name.parse(), version) {
            (Ok(connector), Ok(version)) => Self::Kept { connector, version },
            _ => file,
        }
    }
}

impl Versions {
    pub(super) async fn new(remote: &Remote, cache: CacheArgs, wanted: &[&Named]) -> Result<Self, Failure> {
        let files = wanted.iter().any(|named| matches!(named, Named::File(_)));
        let kept = wanted.iter().any(|named| matches!(named, Named::Kept { .. }));
        let client = if kept { Some(Client::new(remote)?) } else { None };
        let host = if files { Some(local::host(None, cache).await?) } else { None };
        Ok(Self { host, client })
    }

    pub(super) async fn get(&self, named: &Named) -> Result<Compared, Failure> {
        match (named, &self.host, &self.client) {
            (Named::File(path), Some(host), _) => {
                let bytes = files::read(path, files::COMPONENT_BYTES_MAX)?;
                admitted(host.component(bytes).await.map_err(|error| about(path, error))?)
            }
            (Named::Kept { connector, version }, _, Some(client)) => {
                let version = version.as_ref().map(ToString::to_string);
                let query: Vec<_> = version.iter().map(|version| ("version", version.as_str())).collect();
                let answer = client.get(&["connectors", connector.as_str(), "manifest"], &query).await?;
                kept(serde_json::from_value(answer).context("reading a manifest")?)
            }
            _ => Err(Failure::Local(anyhow::anyhow!("nothing was started to read it with"))),
        }
    }

    pub(super) async fn end(self) {
        if let Some(host) = self.host {
            host.shutdown().await;
        }
    }
}

impl Compared {
    pub(super) fn side(&self) -> Side<'_> {
        Side { manifest: &self.manifest, imports: &self.imports, exports: &self.exports }
    }
}

/// Admission has read its version.
fn admitted(component: Component) -> Result<Compared, Failure> {
    let Component { manifest, imports, exports, .. } = component;
    let version = version(&manifest.version)?;
    Ok(Compared { version, manifest, imports, exports })
}

/// The version under which it is kept: that of a component in development is not the one that it says.
fn kept(kept: ConnectorManifest) -> Result<Compared, Failure> {
    let manifest = domain::manifest::parse(&kept.manifest.to_string()).map_err(|error| {
        let place = format!("{}@{}", show::inert(&kept.name), show::inert(&kept.version));
        Failure::Local(anyhow::anyhow!("the manifest of {place} cannot be read by this version: {error}"))
    })?;
    Ok(Compared { version: version(&kept.version)?, manifest, imports: kept.imports, exports: kept.exports })
}

fn version(text: &str) -> Result<Version, Failure> {
    text.parse().map_err(|error| Failure::Local(anyhow::anyhow!("version {text:?} of the manifest: {error}")))
}

fn about(path: &Path, error: Error) -> Failure {
    let message = format!("{}: {}", path.display(), error.message);
    local(Error { message, ..error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_a_host_is_told_from_a_file() {
        let kept = |name: &str, version: Option<&str>| Named::Kept {
            connector: name.parse().unwrap(),
            version: version.map(|version| version.parse().unwrap()),
        };
        let file = |path: &str| Named::File(PathBuf::from(path));
        for (text, expected) in [
            ("shop@1.2.0", kept("shop", Some("1.2.0"))),
            ("shop@1.2.0-dev.3", kept("shop", Some("1.2.0-dev.3"))),
            ("shop@latest", kept("shop", None)),
            ("shop.wasm", file("shop.wasm")),
            ("./shop@1.2.0.wasm", file("./shop@1.2.0.wasm")),
            ("shop@", file("shop@")),
            ("Shop@1.2.0", file("Shop@1.2.0")),
            ("shop@1.2", file("shop@1.2")),
            (env!("CARGO_MANIFEST_DIR"), file(env!("CARGO_MANIFEST_DIR"))),
        ] {
            assert_eq!(Named::of(text), expected, "{text}");
        }
    }
}
