//! Connectors of a tenant: upload, list, show.

use domain::audit::{Subject, Verb};
use domain::compat::SmallStep;
use domain::connector::{self, Connector, ConnectorRef};
use domain::signing::Signature;
use domain::{ConnectorName, Digest, ProfileName};
use runtime::{AdmissionReport, Kind as ComponentKind, Upload};
use store::{Connectors as _, Expect, Page};

use crate::error::{Error, Kind};
use crate::system::off_the_workers;
use crate::tenant::{Tenant, paging};

/// What an upload is meant to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The version that its manifest says.
    Release,
    /// One on the way there.
    Development,
}

/// What became of an upload.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// The row, with what the connector asks for.
    pub connector: Connector,
    /// The very same bytes had been uploaded before: nothing was changed.
    pub existed: bool,
    /// What admission measured.
    pub report: AdmissionReport,
    /// Profiles of an older version that go on with it until somebody consents to what this one asks for.
    pub pending_consent: Vec<ProfileName>,
    /// Its version says less than what changed since the release before it. It is kept all the same.
    pub small_step: Option<SmallStep>,
}

impl Tenant {
    /// Admits a component and keeps it. Uploading the same bytes again changes nothing; other bytes under a version
    /// that exists are refused. Durable before it returns.
    pub async fn upload(&self, bytes: Vec<u8>) -> Result<Uploaded, Error> {
        self.upload_signed(bytes, None).await
    }

    /// The same with its author's signature, for a tenant that asks for one.
    pub async fn upload_signed(
        &self,
        bytes: Vec<u8>,
        signature: Option<&Signature>,
    ) -> Result<Uploaded, Error> {
        self.keep(bytes, signature, Stage::Release).await
    }

    /// The same for a component that its author is working on: it is kept as `1.4.0-dev.1`, and with other bytes as
    /// `1.4.0-dev.2`, where its manifest says `1.4.0`. Nobody has to raise a version for a change that is only tried.
    pub async fn upload_in_development(
        &self,
        bytes: Vec<u8>,
        signature: Option<&Signature>,
    ) -> Result<Uploaded, Error> {
        self.keep(bytes, signature, Stage::Development).await
    }

    async fn keep(
        &self,
        bytes: Vec<u8>,
        signature: Option<&Signature>,
        stage: Stage,
    ) -> Result<Uploaded, Error> {
        let rooms = &self.rooms;
        let digest = Digest::of(&bytes);
        let upload = Upload::new(bytes, rooms.upload_bytes_max)?;
        // Before the component is looked into: what nobody vouches for is not even parsed.
        let signers = match self.judge_signature(&digest, signature) {
            Ok(signers) => signers,
            Err(refused) => {
                let tried = self.happening(Verb::ConnectorRefused, Subject::component(&digest));
                self.record(tried.failed(refused.code)).await?;
                return Err(refused);
            }
        };
        let admitted = match rooms.runtime.admit_for(Some(&self.id), upload).await {
            Ok(admitted) => admitted,
            Err(refused) => {
                // Its code may have been run, and somebody may be looking for a way in.
                let tried = self.happening(Verb::ConnectorRefused, Subject::component(&digest));
                self.record(tried.failed(refused.code())).await?;
                return Err(refused.into());
            }
        };
        let (ComponentKind::Connector, Some(manifest)) = (admitted.kind, admitted.manifest) else {
            return Err(Error::new(
                Kind::Refused,
                "not_a_connector",
                "the component exports a transform; only connectors can be uploaded",
            ));
        };
        let name: ConnectorName = manifest.name.parse()?;
        let mut version = manifest.version.parse().map_err(|error| {
            Error::new(
                Kind::Refused,
                "bad_manifest",
                format!("version {:?} in the manifest: {error}", manifest.version),
            )
        })?;
        if stage == Stage::Development {
            let known = rooms.store.connector_versions(&self.id, &name)?;
            version = connector::in_development(&version, &admitted.digest, &known);
        }
        let connector = Connector {
            name,
            version,
            digest: admitted.digest,
            size_bytes: admitted.bytes.len() as u64,
            manifest,
            imports: admitted.imports,
            exports: admitted.exports,
            uploaded_at: self.now(),
        };
        if let Some(existing) = self.existing(&connector)? {
            return self.uploaded(existing, true, admitted.report).await;
        }
        let turn = self.turn().await;
        turn.has_room_for_component(&connector)?;
        let _files = rooms.component_files.read().await;
        // The file first: a row without its component would be a broken promise, a file without its row is only litter.
        let store = rooms.store.clone();
        off_the_workers(move || store.keep_component(&admitted.bytes)).await??;
        let of = ConnectorRef { name: connector.name.clone(), version: connector.version.clone() };
        let fields = &["digest", "manifest", "imports"];
        let mut change = self.change(Verb::ConnectorUploaded, Subject::connector(&of), fields);
        self.enrol(change.commit())?;
        change.put_connector(&self.id, &connector, Expect::Absent);
        change.commit().require_signers(&self.id, signers);
        match rooms.store.commit(change).await {
            Ok(()) => self.uploaded(connector, false, admitted.report).await,
            // Somebody uploaded the same version meanwhile: whose bytes won decides.
            Err(error) if error.is_conflict() => match self.existing(&connector)? {
                Some(existing) => self.uploaded(existing, true, admitted.report).await,
                None => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn uploaded(
        &self,
        connector: Connector,
        existed: bool,
        report: AdmissionReport,
    ) -> Result<Uploaded, Error> {
        let pending_consent = self.waiting_for_consent(&connector)?;
        let known = self.rooms.store.connector_versions(&self.id, &connector.name)?;
        // Schemas are compared, and whoever wrote them decides how long that takes.
        let compared = off_the_workers(move || (SmallStep::of(&connector, &known), connector));
        let (small_step, connector) = compared.await?;
        Ok(Uploaded { connector, existed, report, pending_consent, small_step })
    }

    /// The row of the same version, if it holds the same bytes; an error if it holds others.
    fn existing(&self, connector: &Connector) -> Result<Option<Connector>, Error> {
        let reference = ConnectorRef { name: connector.name.clone(), version: connector.version.clone() };
        match self.rooms.store.connector(&self.id, &reference)? {
            None => Ok(None),
            Some(row) if row.value.digest == connector.digest => Ok(Some(row.value)),
            Some(_) => Err(Error::new(
                Kind::Conflict,
                "version_exists",
                format!(
                    "{reference} exists with other bytes; a version never changes, so raise it in the manifest"
                ),
            )),
        }
    }

    /// All connectors, by name and version.
    pub fn connectors(&self, after: Option<&str>, limit: usize) -> Result<Page<Connector>, Error> {
        Ok(self.rooms.store.connectors(&self.id, &paging(after, limit))?)
    }

    /// One connector: this version, or the highest.
    pub fn connector(&self, name: &ConnectorName, version: Option<&str>) -> Result<Connector, Error> {
        let store = &self.rooms.store;
        let found = match version {
            None => store.latest_connector(&self.id, name)?,
            Some(text) => match text.parse() {
                Ok(version) => store.connector(&self.id, &ConnectorRef { name: name.clone(), version })?,
                Err(_) => None,
            },
        };
        found.map(|row| row.value).ok_or_else(|| Error::not_found("connector", name))
    }
}
