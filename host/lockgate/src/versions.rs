//! Versions: what another version of a profile's connector asks for, and the way to it.
//!
//! A profile stays with its version until somebody moves it. A version that asks for no more is taken up by `upgrade`;
//! one that asks for more waits for the consent of an owner, and the profile goes on as it is.

use domain::audit::Verb;
use domain::connector::{Connector, ConnectorRef};
use domain::consent::{self, Diff, NotAdopted};
use domain::profile::Profile;
use domain::{Digest, ProfileName};
use semver::Version;
use store::Connectors as _;

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How many profiles are looked at in one page.
const PAGE: usize = 500;

/// The highest version above the one that a profile uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Which one.
    pub version: Version,
    /// What it takes to use it.
    pub state: UpdateState,
}

/// What it takes to use a newer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateState {
    /// Nothing more than to say so: it asks for no more.
    Ready,
    /// It asks for more; somebody who may grant has to agree to the difference.
    PendingConsent,
    /// The profile's configuration does not fit it; the reason.
    DoesNotFit(String),
}

impl Tenant {
    /// What another version would ask for: this one, or the highest.
    pub fn diff(&self, profile: &ProfileName, version: Option<&str>) -> Result<Diff, Error> {
        let row = self.profile(profile)?;
        let (old, new) = self.both(&row, version)?;
        Ok(consent::diff(&old, &new, &row.config)?)
    }

    /// The newer version that a profile could use, if there is one.
    pub fn update(&self, profile: &Profile) -> Result<Option<Update>, Error> {
        let latest = self.connector(&profile.connector.name, None)?;
        if latest.version <= profile.connector.version {
            return Ok(None);
        }
        let old = self.connector_of(profile)?;
        let state = match consent::diff(&old, &latest, &profile.config) {
            Ok(diff) if diff.asks_more() => UpdateState::PendingConsent,
            Ok(_) => UpdateState::Ready,
            Err(error) => UpdateState::DoesNotFit(error.to_string()),
        };
        Ok(Some(Update { version: latest.version, state }))
    }

    /// Moves a profile to a version that asks for no more than the one in use: this one, or the highest. Calls under
    /// way end with the version that they began with.
    pub async fn upgrade(&self, profile: &ProfileName, version: Option<&str>) -> Result<Profile, Error> {
        self.adopt(profile, version, None).await
    }

    /// Moves a profile to a version that asks for more, and grants what is added. `shown` is the digest of the
    /// difference that was agreed to; where it is another one by now, nothing is changed.
    pub async fn consent(
        &self,
        profile: &ProfileName,
        version: &str,
        shown: &Digest,
    ) -> Result<Profile, Error> {
        self.adopt(profile, Some(version), Some(shown)).await
    }

    async fn adopt(
        &self,
        profile: &ProfileName,
        version: Option<&str>,
        shown: Option<&Digest>,
    ) -> Result<Profile, Error> {
        let verb = if shown.is_some() { Verb::ProfileConsented } else { Verb::ProfileUpgraded };
        self.change_profile(profile, verb, |row| {
            let (old, new) = self.both(row, version)?;
            *row = consent::adopt(row, &old, &new, shown, &self.rooms.ceiling, self.now())?;
            Ok(())
        })
        .await
    }

    pub(crate) fn both(&self, row: &Profile, version: Option<&str>) -> Result<(Connector, Connector), Error> {
        let old = self.connector_of(row)?;
        let new = self.connector(&row.connector.name, version)?;
        Ok((old, new))
    }

    /// The profiles of an older version that stay with it until somebody consents to this one.
    pub(crate) fn waiting_for_consent(&self, to: &Connector) -> Result<Vec<ProfileName>, Error> {
        let mut waiting = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.profiles(after.as_deref(), PAGE)?;
            for profile in page.items {
                let ConnectorRef { name, version } = &profile.connector;
                if *name != to.name || *version >= to.version {
                    continue;
                }
                // A version that is gone cannot be compared; such a profile cannot run either.
                let Some(old) = self.rooms.store.connector(&self.id, &profile.connector)? else { continue };
                if consent::diff(&old.value, to, &profile.config).is_ok_and(|diff| diff.asks_more()) {
                    waiting.push(profile.name);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(waiting);
            }
        }
    }
}

impl From<NotAdopted> for Error {
    fn from(error: NotAdopted) -> Self {
        let (kind, code) = match error {
            NotAdopted::Already { .. } => (Kind::Conflict, "version_in_use"),
            NotAdopted::ConsentNeeded { .. } => (Kind::Conflict, "consent_needed"),
            NotAdopted::OtherDiff { .. } => (Kind::Conflict, "diff_changed"),
            NotAdopted::OtherAuth { .. } => (Kind::Refused, "auth_not_offered"),
            NotAdopted::Config(below) => return below.into(),
            NotAdopted::Grant(below) => return below.into(),
        };
        Self::new(kind, code, error.to_string())
    }
}
