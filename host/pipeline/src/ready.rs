//! Whether a profile can be used now; if not, why, and what the operator can do about it.

use domain::connector::{Connector, ConnectorRef};
use domain::profile::Profile;
use domain::run::Failure;
use domain::{Blame, ProfileName, TenantId, Timestamp};
use store::{Connectors as _, Profiles as _, Store};
use wit::{Action, Trigger};

/// A profile whose rows say that it can be used. Its component has not been looked at.
#[derive(Clone, Debug)]
pub struct Ready {
    pub profile: Profile,
    /// Of the profile's row.
    pub version: u64,
    pub connector: Connector,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    #[error("there is no profile {0}; create it or name another one in the flow")]
    UnknownProfile(ProfileName),
    #[error("the profile {0} is disabled; enable it with `lockgate profiles enable {0}`")]
    Disabled(ProfileName),
    #[error(
        "the profile {0} is quarantined: its connector's own code broke in each of its last calls; it is tried again after a minute, or at once when `lockgate profiles check {0}` succeeds"
    )]
    Quarantined(ProfileName),
    #[error("the profile {0} has no credential; set it with `lockgate profiles credential {0}`")]
    NoCredential(ProfileName),
    #[error(
        "the profile {0} has no granted host; grant what its connector asks for with `lockgate profiles grant {0} --all`"
    )]
    NoGrant(ProfileName),
    #[error("there is no connector {0}; upload it or choose another version for the profile")]
    UnknownConnector(ConnectorRef),
    #[error("the connector {connector} has no trigger {trigger:?}; name one of its triggers in the flow")]
    UnknownTrigger { connector: ConnectorRef, trigger: String },
    #[error("the connector {connector} has no action {action:?}; name one of its actions in the flow")]
    UnknownAction { connector: ConnectorRef, action: String },
    #[error(
        "the input schema of the action {action:?} of {connector} cannot be used: {reason}; upload a version with another one"
    )]
    BadSchema { connector: ConnectorRef, action: String, reason: String },
    #[error("the configuration of the profile {profile} does not make a policy: {reason}")]
    BadConfig { profile: ProfileName, reason: String },
    #[error("the component of {0} is missing or damaged in the store; upload the same version again")]
    NoComponent(ConnectorRef),
    #[error("the component of {connector} cannot be linked: {reason}")]
    NotLinked { connector: ConnectorRef, reason: String },
    #[error("the store cannot be read")]
    Store,
}

impl NotReady {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProfile(_) => "unknown_profile",
            Self::Disabled(_) => "profile_disabled",
            Self::Quarantined(_) => "quarantined",
            Self::NoCredential(_) => "credential_missing",
            Self::NoGrant(_) => "grant_missing",
            Self::UnknownConnector(_) => "unknown_connector",
            Self::UnknownTrigger { .. } => "unknown_trigger",
            Self::UnknownAction { .. } => "unknown_action",
            Self::BadSchema { .. } => "schema_invalid",
            Self::BadConfig { .. } => "config_invalid",
            Self::NoComponent(_) => "component_missing",
            Self::NotLinked { .. } => "component_unusable",
            Self::Store => "store_unavailable",
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::NoComponent(_) | Self::Store => Blame::Host,
            Self::NotLinked { .. } | Self::BadSchema { .. } | Self::Quarantined(_) => Blame::Guest,
            _ => Blame::Operator,
        }
    }
}

impl From<&NotReady> for Failure {
    fn from(reason: &NotReady) -> Self {
        Self { blame: reason.blame(), code: reason.code().to_owned(), message: reason.to_string() }
    }
}

impl Ready {
    /// A profile that was never checked may be used: using it is a check.
    pub fn of(store: &Store, tenant: &TenantId, name: &ProfileName) -> Result<Self, NotReady> {
        let row = store.profile(tenant, name).map_err(|_| NotReady::Store)?;
        let row = row.ok_or_else(|| NotReady::UnknownProfile(name.clone()))?;
        let connector = connector(store, tenant, &row.value)?;
        Ok(Self { profile: row.value, version: row.version, connector })
    }

    /// Code that broke every time lately is not called again at once.
    pub(crate) fn not_quarantined(self, now: Timestamp) -> Result<Self, NotReady> {
        if self.profile.is_quarantined(now) {
            return Err(NotReady::Quarantined(self.profile.name));
        }
        Ok(self)
    }

    pub(crate) fn trigger(&self, name: &str) -> Result<&Trigger, NotReady> {
        self.connector.manifest.triggers.iter().find(|trigger| trigger.name == name).ok_or_else(|| {
            NotReady::UnknownTrigger { connector: self.profile.connector.clone(), trigger: name.to_owned() }
        })
    }

    pub(crate) fn action(&self, name: &str) -> Result<&Action, NotReady> {
        self.connector.manifest.actions.iter().find(|action| action.name == name).ok_or_else(|| {
            NotReady::UnknownAction { connector: self.profile.connector.clone(), action: name.to_owned() }
        })
    }
}

/// The connector of a profile that lacks nothing.
pub(crate) fn connector(store: &Store, tenant: &TenantId, profile: &Profile) -> Result<Connector, NotReady> {
    if !profile.enabled {
        return Err(NotReady::Disabled(profile.name.clone()));
    }
    if profile.auth.is_some() && !profile.credential_set {
        return Err(NotReady::NoCredential(profile.name.clone()));
    }
    let row = store.connector(tenant, &profile.connector).map_err(|_| NotReady::Store)?;
    let row = row.ok_or_else(|| NotReady::UnknownConnector(profile.connector.clone()))?;
    // A connector that only computes asks for no host and needs none.
    if profile.grant.hosts.is_empty() && !row.value.manifest.hosts.is_empty() {
        return Err(NotReady::NoGrant(profile.name.clone()));
    }
    Ok(row.value)
}
