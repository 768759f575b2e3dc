//! Cassettes on the laptop: a component plays what another one, or itself, did before, and reaches nothing.

use std::sync::Arc;

use domain::TenantId;
use domain::cassette::{Cassette, Mode};
use runtime::{Kind as ComponentKind, Linked, Patience, Played, Upload};

use crate::error::{Error, Kind};
use crate::host::Host;

/// A component that passed admission and belongs to nobody.
#[derive(Clone, Debug)]
pub struct Component {
    linked: Linked,
    /// What it says of itself.
    pub manifest: wit::Manifest,
    /// The interfaces that it imports, by name with version.
    pub imports: Vec<String>,
    /// And those that it exports.
    pub exports: Vec<String>,
}

impl Host {
    /// Admits a connector without keeping it, to play cassettes to it or to compare it with another.
    pub async fn component(&self, bytes: Vec<u8>) -> Result<Component, Error> {
        let upload = Upload::new(bytes, self.rooms.upload_bytes_max)?;
        let admitted = self.rooms.runtime.admit(upload).await?;
        match (admitted.kind, &admitted.manifest) {
            (ComponentKind::Connector, Some(manifest)) => {
                let linked = admitted.linked().clone();
                let (manifest, imports, exports) = (manifest.clone(), admitted.imports, admitted.exports);
                Ok(Component { linked, manifest, imports, exports })
            }
            _ => {
                let message =
                    "the component is a transform, and only connectors can be played to or compared";
                Err(Error::new(Kind::Invalid, "not_a_connector", message))
            }
        }
    }

    /// Makes a recorded call once more: exactly, or to judge another version of its connector. No request leaves the
    /// process, no secret is opened, and clocks and random bytes are those of the recording.
    pub async fn play(
        &self,
        component: &Component,
        cassette: Arc<Cassette>,
        mode: Mode,
    ) -> Result<Played, Error> {
        if let Some(reason) = cassette.unplayable() {
            return Err(Error::new(Kind::Refused, "cassette_unplayable", reason));
        }
        let nobody: TenantId = "replay".parse()?;
        Ok(Box::pin(component.linked.play(&nobody, cassette, mode, Patience::Author)).await)
    }
}
