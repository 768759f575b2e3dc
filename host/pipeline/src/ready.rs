//! Whether a profile can be used now; if not, why, and what the operator can do about it.

use domain::connector::{Connector, ConnectorRef};
use domain::profile::{MayTry, PROBE_EVERY_MS, Profile};
use domain::run::Failure;
use domain::{Blame, ProfileName, TenantId, Timestamp};
use store::{Commit, Connectors as _, Profiles as _, Store, Trials as _, Versioned};
use wit::{Action, Trigger};

use crate::scopes;

/// How often the right to find out is asked for again because the profile changed meanwhile.
const PROBE_TRIES_MAX: u32 = 20;

/// A profile whose rows say that it can be used. Its component has not been looked at.
#[derive(Clone, Debug)]
pub struct Ready {
    pub profile: Profile,
    /// Of the profile's row.
    pub version: u64,
    pub connector: Connector,
    /// This use finds out whether a refused credential works again: it makes one small call and says how it went.
    pub probing: bool,
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
    #[error(
        "the remote refused the credential of the profile {profile}; one call finds out at {until} whether it works again, and all others wait; set another one with `lockgate profiles credential {profile}`"
    )]
    Backoff { profile: ProfileName, until: Timestamp },
    #[error(
        "the remote of the profile {profile} did not work in its last calls; it is asked again at {until}, or at once when `lockgate profiles check {profile}` succeeds"
    )]
    CircuitOpen { profile: ProfileName, until: Timestamp },
    #[error("the profile {0} has no credential; set it with `lockgate profiles credential {0}`")]
    NoCredential(ProfileName),
    #[error(
        "the profile {0} has no granted host; grant what its connector asks for with `lockgate profiles grant {0} --all`"
    )]
    NoGrant(ProfileName),
    #[error(
        "the profile {profile} was not granted the scope {}, which {call} needs; grant it with `lockgate profiles grant {profile}{}`",
        .scopes.join(" and "), .scopes.iter().map(|scope| format!(" --scope {scope}")).collect::<String>()
    )]
    ScopeMissing { profile: ProfileName, call: String, scopes: Vec<String> },
    #[error(
        "the provider granted the profile {profile} less than {call} needs: {} is missing; consent again with `lockgate profiles connect {profile}`",
        .scopes.join(" and ")
    )]
    ProviderScopeMissing { profile: ProfileName, call: String, scopes: Vec<String> },
    #[error("there is no connector {0}; upload it or choose another version for the profile")]
    UnknownConnector(ConnectorRef),
    #[error(
        "{0} is gone, with which the run began; a new run of the flow uses the version that the profile has now"
    )]
    PinnedGone(ConnectorRef),
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
            Self::Backoff { .. } => "profile_backoff",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::NoCredential(_) => "credential_missing",
            Self::NoGrant(_) => "grant_missing",
            Self::ScopeMissing { .. } | Self::ProviderScopeMissing { .. } => "scope_missing",
            Self::UnknownConnector(_) => "unknown_connector",
            Self::PinnedGone(_) => "pinned_version_gone",
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
            Self::CircuitOpen { .. } => Blame::Remote,
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
        Self::pinned(store, tenant, name, None)
    }

    /// The same with the version that a run began with, whichever the profile uses by now.
    pub(crate) fn pinned(
        store: &Store,
        tenant: &TenantId,
        name: &ProfileName,
        pinned: Option<&ConnectorRef>,
    ) -> Result<Self, NotReady> {
        let row = store.profile(tenant, name).map_err(|_| NotReady::Store)?;
        let row = row.ok_or_else(|| NotReady::UnknownProfile(name.clone()))?;
        let mut profile = row.value;
        // A profile that was moved to another connector altogether is not the same one any more.
        let pinned = pinned.filter(|pinned| pinned.name == profile.connector.name);
        // A run that went with a version that was given up meanwhile goes on with the one in use.
        let pinned = match pinned {
            Some(pinned) if is_given_up(store, tenant, &profile, pinned)? => None,
            pinned => pinned,
        };
        if let Some(pinned) = pinned {
            profile = match &profile.canary {
                Some(canary) if canary.connector(&profile) == *pinned => canary.stands_in(&profile),
                _ => Profile { connector: pinned.clone(), ..profile },
            };
        }
        let connector = connector(store, tenant, &profile).map_err(|reason| match reason {
            NotReady::UnknownConnector(gone) if pinned.is_some() => NotReady::PinnedGone(gone),
            other => other,
        })?;
        Ok(Self { profile, version: row.version, connector, probing: false })
    }

    /// The same for who is about to call it: the one way past code that broke every time lately, and past a credential
    /// that the remote refused. Of all who ask after a refusal, one gets the right to find out, by compare-and-set on the
    /// profile's row; it costs no network, and no code of the connector has been started.
    pub async fn for_a_call(
        store: &Store,
        tenant: &TenantId,
        name: &ProfileName,
        pinned: Option<&ConnectorRef>,
        now: Timestamp,
    ) -> Result<Self, NotReady> {
        Self::pinned(store, tenant, name, pinned)?.not_quarantined(now)?;
        let checked = Self::for_a_check(store, tenant, name, now).await?;
        // What is written into the row is the row's own version, never the one that a run stays with.
        Ok(Self { probing: checked.probing, ..Self::pinned(store, tenant, name, pinned)? })
    }

    /// The same for the verification call, which is how code that broke shows that it works again.
    pub async fn for_a_check(
        store: &Store,
        tenant: &TenantId,
        name: &ProfileName,
        now: Timestamp,
    ) -> Result<Self, NotReady> {
        for _ in 0..PROBE_TRIES_MAX {
            let ready = Self::of(store, tenant, name)?;
            match ready.profile.may_try(now) {
                MayTry::Yes => return Ok(ready),
                MayTry::Wait { until } => return Err(NotReady::Backoff { profile: name.clone(), until }),
                MayTry::Probe => {}
            }
            let mut probed = ready.profile.clone();
            probed.probe_at = Some(now);
            let read = Versioned { version: ready.version, value: ready.profile };
            let mut commit = Commit::new();
            commit.put_health(tenant, &read, probed);
            match store.commit(commit).await {
                Ok(()) => return Ok(Self { probing: true, ..Self::of(store, tenant, name)? }),
                Err(error) if error.is_conflict() => {}
                Err(_) => return Err(NotReady::Store),
            }
        }
        let until = now.plus_ms(PROBE_EVERY_MS);
        Err(NotReady::Backoff { profile: name.clone(), until })
    }

    /// Whether a call may be made, or be asked for, now. Nothing is taken.
    pub(crate) fn waits(&self, now: Timestamp) -> Result<(), NotReady> {
        match self.profile.may_try(now) {
            MayTry::Wait { until } => Err(NotReady::Backoff { profile: self.profile.name.clone(), until }),
            _ => Ok(()),
        }
    }

    /// Code that broke every time lately is not called again at once.
    pub(crate) fn not_quarantined(self, now: Timestamp) -> Result<Self, NotReady> {
        if self.profile.is_quarantined(now) {
            return Err(NotReady::Quarantined(self.profile.name));
        }
        Ok(self)
    }

    /// The trigger, if the profile was granted what it needs.
    pub(crate) fn trigger(&self, name: &str) -> Result<&Trigger, NotReady> {
        let found = self.connector.manifest.triggers.iter().find(|trigger| trigger.name == name);
        let trigger = found.ok_or_else(|| NotReady::UnknownTrigger {
            connector: self.profile.connector.clone(),
            trigger: name.to_owned(),
        })?;
        scopes::granted(&self.profile, name, &trigger.scopes)?;
        Ok(trigger)
    }

    /// The action, if the profile was granted what it needs.
    pub(crate) fn action(&self, name: &str) -> Result<&Action, NotReady> {
        let found = self.connector.manifest.actions.iter().find(|action| action.name == name);
        let action = found.ok_or_else(|| NotReady::UnknownAction {
            connector: self.profile.connector.clone(),
            action: name.to_owned(),
        })?;
        scopes::granted(&self.profile, name, &action.scopes)?;
        Ok(action)
    }
}

/// Whether this version was tried, and is neither in use nor tried any more.
fn is_given_up(
    store: &Store,
    tenant: &TenantId,
    profile: &Profile,
    pinned: &ConnectorRef,
) -> Result<bool, NotReady> {
    let tried = profile.canary.as_ref().is_some_and(|canary| canary.version == pinned.version);
    if profile.connector == *pinned || tried {
        return Ok(false);
    }
    let trial = store.trial(tenant, &profile.name).map_err(|_| NotReady::Store)?;
    Ok(trial.is_some_and(|trial| trial.value.gave_up(&pinned.version)))
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
