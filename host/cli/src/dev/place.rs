//! Puts a component into a host, and lets a profile follow it.

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{Consent, Diff, NewAuth, NewProfile, Profile, Rights, Upgrade, Uploaded};

use super::args::DevArgs;
use super::tell::Tell;
use crate::build::Built;
use crate::client::Client;
use crate::failure::Failure;
use crate::{files, profiles, show};

pub(super) struct Place<'a> {
    args: &'a DevArgs,
    client: &'a Client,
    tell: Tell,
    config: Value,
    /// Once it is known which one it is.
    profile: Option<String>,
}

impl<'a> Place<'a> {
    pub(super) fn new(args: &'a DevArgs, client: &'a Client, tell: Tell) -> Result<Self, Failure> {
        let config = files::json(&args.config)?;
        Ok(Self { args, client, tell, config, profile: None })
    }

    /// The profile that follows, once there is one.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Uploads it as a version in development, and moves the profile there.
    pub(super) async fn put(&mut self, built: &Built) -> Result<(), Failure> {
        let bytes = files::read(&built.component, files::COMPONENT_BYTES_MAX)?;
        let answer = self.client.upload(&[("dev", "true")], bytes, None).await?;
        let uploaded: Uploaded =
            serde_json::from_value(answer).context("reading what became of the upload")?;
        let (connector, version) = (uploaded.connector.name.clone(), uploaded.connector.version.clone());
        let name = self.args.profile.clone().unwrap_or_else(|| format!("{connector}-dev"));
        let (row, is_new) = match self.found(&name).await? {
            Some(row) => (row, false),
            None => (self.made(&name, &uploaded).await?, true),
        };
        self.profile = Some(name.clone());
        if row.connector.name != connector {
            let of = show::inert(&row.connector.name);
            return Err(Failure::Usage(format!("{name} is a profile of {of}, not of {connector}")));
        }
        if is_new {
            self.tell.in_use(&connector, &version, &name);
            if row.auth.is_some() && !row.credential_set {
                self.tell.needs_credential(&name);
            }
        } else if row.connector.version == version {
            self.tell.unchanged(&connector, &version, &name);
        } else if self.moved(&name, &version).await? {
            self.tell.in_use(&connector, &version, &name);
            self.tidied(&connector, &row.connector.version).await;
        }
        Ok(())
    }

    async fn found(&self, name: &str) -> Result<Option<Profile>, Failure> {
        match self.client.get(&["profiles", name], &[]).await {
            Ok(row) => Ok(Some(serde_json::from_value(row).context("reading the profile")?)),
            Err(Failure::Problem(problem)) if problem.status == 404 => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// A profile of this version. In a host of one's own, or with consent, it is granted all that is asked for.
    async fn made(&self, name: &str, uploaded: &Uploaded) -> Result<Profile, Failure> {
        let connector = &uploaded.connector;
        let new = NewProfile {
            name: name.to_owned(),
            connector: connector.name.clone(),
            version: Some(connector.version.clone()),
            config: Some(self.config.clone()),
            // Of several ways the first will do: who wants another one makes the profile.
            auth: connector.auth.first().map(|scheme| NewAuth { kind: scheme.kind.clone(), user: None }),
            rate: None,
            egress_address: None,
        };
        let row = self.client.create(&["profiles"], &new).await?;
        let mut row: Profile = serde_json::from_value(row).context("reading the profile")?;
        if let Some(path) = &self.args.credential {
            let credential = profiles::credential(&row, Some(path))?;
            let stored = self.client.put(&["profiles", name, "credential"], &credential).await?;
            row = serde_json::from_value(stored).context("reading the profile")?;
        }
        if !self.args.host || self.args.consent {
            let all = Rights {
                hosts: row.hosts.iter().map(|right| right.host.clone()).collect(),
                scopes: row.scopes.iter().map(|right| right.scope.clone()).collect(),
            };
            let granted = self.client.post(&["profiles", name, "grant"], Some(&all)).await?;
            row = serde_json::from_value(granted).context("reading the profile")?;
        }
        Ok(row)
    }

    /// Whether the profile uses the version now.
    async fn moved(&self, name: &str, version: &str) -> Result<bool, Failure> {
        let diff = self.client.get(&["profiles", name, "diff"], &[("version", version)]).await?;
        let diff: Diff = serde_json::from_value(diff).context("reading the difference")?;
        if !diff.asks_more {
            let to = Upgrade { version: Some(version.to_owned()) };
            self.client.post(&["profiles", name, "upgrade"], Some(&to)).await?;
            return Ok(true);
        }
        if self.args.host && !self.args.consent {
            self.tell.asks_more(name, version, &show::versions::diff(&diff));
            return Ok(false);
        }
        let to = Consent { version: version.to_owned(), diff: diff.digest };
        self.client.post(&["profiles", name, "consent"], Some(&to)).await?;
        Ok(true)
    }

    /// The version in development before this one has done its work. One that somebody else uses stays.
    async fn tidied(&self, connector: &str, version: &str) {
        if version.contains("dev.") {
            let _ = self.client.delete(&["connectors", connector, "versions", version]).await;
        }
    }
}
