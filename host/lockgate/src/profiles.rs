//! Profiles of a tenant: create, grant, enable, disable, show.

use std::collections::BTreeSet;
use std::net::IpAddr;

use domain::audit::{Subject, Verb};
use domain::connector::ConnectorRef;
use domain::egress::Origin;
use domain::grant;
use domain::manifest;
use domain::profile::{Auth, CallOutcome, Profile, Standing};
use domain::quota::Quota;
use domain::{ConnectorName, ProfileName, ScopeName};
use semver::Version;
use serde_json::Value;
use store::{Commit, Expect, Page, Profiles as _};
use wit::{AuthScheme, Rate};

use crate::error::{Error, Kind};
use crate::tenant::{Tenant, paging};

/// How often a change is tried again when somebody else changed the row meanwhile.
const CHANGE_TRIES: usize = 16;

/// A profile to be made.
#[derive(Clone, Debug)]
pub struct NewProfile {
    /// Its name, unique within the tenant.
    pub name: ProfileName,
    /// The connector that it uses.
    pub connector: ConnectorName,
    /// This version, or the highest.
    pub version: Option<Version>,
    /// Must be valid against the manifest's schema.
    pub config: Value,
    /// Which of the manifest's schemes; may be left out where it offers one or none.
    pub auth: Option<AuthChoice>,
    /// In place of the manifest's rate, for an account that may be called faster or slower than others.
    pub rate: Option<Rate>,
    /// One of the machine's own addresses that the operator offers, for a system that lets in known addresses only.
    pub egress_address: Option<IpAddr>,
}

/// A change of what is kept and sent of a profile's requests. What is not named stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingChange {
    /// Whether the log keeps the beginnings of bodies.
    pub log_bodies: Option<bool>,
    /// Whether `X-Correlation-Id`, `traceparent` and `tracestate` are sent.
    pub send_correlation: Option<bool>,
}

/// The choice of an authentication scheme.
#[derive(Clone, Debug)]
pub struct AuthChoice {
    /// The `kind` of one of the manifest's schemes: `api_key`, `basic`, `bearer`, `aws_sigv4`, `oauth1` or `oauth2`.
    pub kind: String,
    /// The user of `basic`.
    pub user: Option<String>,
}

impl Tenant {
    /// Makes a profile: enabled, with nothing granted and no credential. Until both are given it is `pending`.
    pub async fn create_profile(&self, new: NewProfile) -> Result<Profile, Error> {
        if domain::ids::is_reserved(&new.name) {
            let message = format!("the host keeps names like {} for itself; choose another name", new.name);
            return Err(Error::new(Kind::Refused, "reserved_name", message));
        }
        let version = new.version.as_ref().map(Version::to_string);
        let connector = self.connector(&new.connector, version.as_deref())?;
        let config = manifest::config(&connector.manifest, new.config)?;
        manifest::requested_hosts(&connector.manifest, &config)?;
        let auth = choose(&connector.manifest.auth, new.auth)?;
        if new.rate.is_some_and(|rate| rate.per_second == 0 || rate.burst == 0) {
            let message =
                "rate.per_second and rate.burst are at least 1; leave `rate` out for the connector's own";
            return Err(Error::new(Kind::Invalid, "invalid_rate", message));
        }
        if let Some(address) = new.egress_address {
            self.offers(address)?;
        }
        let now = self.now();
        let reference = ConnectorRef { name: connector.name, version: connector.version };
        let mut profile = Profile::new(new.name, reference, config, auth, now);
        profile.needs_no_host = connector.manifest.hosts.is_empty();
        profile.rate = new.rate;
        profile.egress_address = new.egress_address;
        profile.restand(now);
        let turn = self.turn().await;
        turn.has_room(Quota::Profiles)?;
        let fields = &["connector", "config", "auth", "rate", "egress_address"];
        let mut change = self.change(Verb::ProfileCreated, Subject::profile(&profile.name), fields);
        self.enrol(change.commit())?;
        // A version that was removed since it was found would leave a profile of nothing.
        change.commit().require_connector(&self.id, &profile.connector, Expect::Present);
        change.put_profile(&self.id, &profile, Expect::Absent);
        match self.rooms.store.commit(change).await {
            Ok(()) => Ok(profile),
            Err(error) if error.is_conflict() => {
                self.connector_of(&profile)?;
                let message = format!("a profile named {} exists; choose another name", profile.name);
                Err(Error::new(Kind::Conflict, "profile_exists", message))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn offers(&self, address: IpAddr) -> Result<(), Error> {
        if self.rooms.egress.leaves_from(address) {
            return Ok(());
        }
        let offered: Vec<_> = self.rooms.egress.egress_addresses().iter().map(IpAddr::to_string).collect();
        let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
        let message = format!(
            "requests cannot leave from {address}; the operator offers {offered}, and more with `lockgate serve --egress-address`"
        );
        Err(Error::new(Kind::Invalid, "unknown_egress_address", message))
    }

    /// One profile.
    pub fn profile(&self, name: &ProfileName) -> Result<Profile, Error> {
        let found = self.rooms.store.profile(&self.id, name)?;
        found.map(|row| row.value).ok_or_else(|| Error::not_found("profile", name))
    }

    /// All profiles, by name.
    pub fn profiles(&self, after: Option<&str>, limit: usize) -> Result<Page<Profile>, Error> {
        Ok(self.rooms.store.profiles(&self.id, &paging(after, limit))?.map(|row| row.value))
    }

    /// How a profile fares now, why, and since when.
    pub fn standing(&self, profile: &Profile) -> Standing {
        let now = self.now();
        let (status, reason) = profile.status(now);
        Standing { status, reason, since: profile.since(now) }
    }

    /// The hosts that a profile's connector asks for, with this profile's configuration filled in.
    pub fn requested_hosts(&self, profile: &Profile) -> Result<BTreeSet<Origin>, Error> {
        let manifest = self.connector_of(profile)?.manifest;
        Ok(manifest::requested_hosts(&manifest, &profile.config)?)
    }

    /// Adds to what a profile may do. What the connector does not ask for, or the operator's ceiling does not allow,
    /// is refused by name, and nothing is changed.
    pub async fn grant(
        &self,
        name: &ProfileName,
        hosts: &BTreeSet<Origin>,
        scopes: &BTreeSet<ScopeName>,
    ) -> Result<Profile, Error> {
        self.change_profile(name, Verb::ProfileGranted, |row| {
            let manifest = self.connector_of(row)?.manifest;
            let hosts = &row.grant.hosts | hosts;
            let scopes = &row.grant.scopes | scopes;
            row.grant = grant::check(&manifest, &row.config, &self.rooms.ceiling, hosts, scopes, self.now())?;
            Ok(())
        })
        .await
    }

    /// Takes back what was granted. What was never granted is not an error.
    pub async fn revoke(
        &self,
        name: &ProfileName,
        hosts: &BTreeSet<Origin>,
        scopes: &BTreeSet<ScopeName>,
    ) -> Result<Profile, Error> {
        self.change_profile(name, Verb::ProfileRevoked, |row| {
            row.grant.hosts.retain(|host| !hosts.contains(host));
            row.grant.scopes.retain(|scope| !scopes.contains(scope));
            row.grant.granted_at = Some(self.now());
            Ok(())
        })
        .await
    }

    /// Lets flows and calls use it, or stops them.
    pub async fn enable(&self, name: &ProfileName, enabled: bool) -> Result<Profile, Error> {
        let verb = if enabled { Verb::ProfileEnabled } else { Verb::ProfileDisabled };
        self.change_profile(name, verb, |row| {
            row.enabled = enabled;
            Ok(())
        })
        .await
    }

    /// Says what the log keeps of its requests, and what the host sends beside them.
    pub async fn set_tracing(&self, name: &ProfileName, change: TracingChange) -> Result<Profile, Error> {
        self.change_profile(name, Verb::ProfileTracingSet, |row| {
            let tracing = &mut row.tracing;
            tracing.log_bodies = change.log_bodies.unwrap_or(tracing.log_bodies);
            tracing.send_correlation = change.send_correlation.unwrap_or(tracing.send_correlation);
            Ok(())
        })
        .await
    }

    pub(crate) fn connector_of(&self, profile: &Profile) -> Result<domain::connector::Connector, Error> {
        let ConnectorRef { name, version } = &profile.connector;
        self.connector(name, Some(&version.to_string()))
    }

    /// Changes a row under compare-and-set: `change` runs again on the newer row when somebody was faster. The audit
    /// entry names the fields that really changed.
    pub(crate) async fn change_profile(
        &self,
        name: &ProfileName,
        verb: Verb,
        change: impl Fn(&mut Profile) -> Result<(), Error>,
    ) -> Result<Profile, Error> {
        for _ in 0..CHANGE_TRIES {
            let Some(mut row) = self.rooms.store.profile(&self.id, name)? else {
                return Err(Error::not_found("profile", name));
            };
            let before = row.value.clone();
            change(&mut row.value)?;
            let fields = changed(&before, &row.value);
            let now = self.now();
            row.value.updated_at = now;
            let change = row.value.restand(now);
            let mut told = self.change(verb, Subject::profile(name), &fields);
            // A version may be removed while somebody moves to it.
            if row.value.connector != before.connector {
                told.commit().require_connector(&self.id, &row.value.connector, Expect::Present);
            }
            if row.value.canary != before.canary
                && let Some(canary) = &row.value.canary
            {
                let tried = ConnectorRef { version: canary.version.clone(), ..row.value.connector.clone() };
                told.commit().require_connector(&self.id, &tried, Expect::Present);
            }
            self.keep_trial(told.commit(), &before, &row.value)?;
            self.tell_status(told.commit(), &row.value, change)?;
            told.put_profile(&self.id, &row.value, Expect::Version(row.version));
            match self.rooms.store.commit(told).await {
                Ok(()) => return Ok(row.value),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended(name))
    }

    /// Remembers how a call ended, for the profile's status.
    pub(crate) async fn note_outcome(&self, name: &ProfileName, outcome: &CallOutcome) -> Result<(), Error> {
        for _ in 0..CHANGE_TRIES {
            let Some(row) = self.rooms.store.profile(&self.id, name)? else {
                return Err(Error::not_found("profile", name));
            };
            let mut noted = row.value.clone();
            noted.note(outcome.clone());
            let change = noted.restand(outcome.at);
            let mut commit = Commit::new();
            self.tell_status(&mut commit, &noted, change)?;
            commit.put_health(&self.id, &row, noted);
            match self.rooms.store.commit(commit).await {
                Err(error) if error.is_conflict() => {}
                other => return Ok(other?),
            }
        }
        Err(contended(name))
    }
}

fn contended(name: &ProfileName) -> Error {
    let message = format!("the profile {name} is being changed by many callers at once; try again");
    Error::new(Kind::Conflict, "contended", message)
}

/// The names of the fields in which two states of a profile differ.
fn changed(before: &Profile, after: &Profile) -> Vec<&'static str> {
    [
        ("connector", before.connector != after.connector),
        ("config", before.config != after.config),
        ("auth", before.auth != after.auth),
        ("grant.hosts", before.grant.hosts != after.grant.hosts),
        ("grant.scopes", before.grant.scopes != after.grant.scopes),
        ("rate", before.rate != after.rate),
        ("tracing", before.tracing != after.tracing),
        ("canary", before.canary != after.canary),
        ("enabled", before.enabled != after.enabled),
        ("credential", before.credential_set != after.credential_set),
        ("outcomes", before.outcomes != after.outcomes),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

fn choose(offered: &[AuthScheme], choice: Option<AuthChoice>) -> Result<Option<Auth>, Error> {
    let invalid = |message: String| Error::new(Kind::Invalid, "invalid_auth", message);
    let kinds = || offered.iter().map(AuthScheme::kind).collect::<Vec<_>>().join(", ");
    let Some(choice) = choice else {
        return match offered {
            [] => Ok(None),
            [AuthScheme::Basic] => {
                Err(invalid("the scheme basic needs a user; name it in `auth`".to_owned()))
            }
            [AuthScheme::Oauth2(_)] => Err(invalid(
                "the scheme oauth2 needs the client's id; name it in `auth` as `user`".to_owned(),
            )),
            [scheme] => Ok(Some(Auth { scheme: scheme.clone(), user: None })),
            _ => Err(invalid(format!("the connector offers several schemes; choose one of {}", kinds()))),
        };
    };
    let Some(scheme) = offered.iter().find(|scheme| scheme.kind() == choice.kind) else {
        return Err(invalid(format!(
            "the connector does not offer {:?}; it offers {}",
            choice.kind,
            kinds()
        )));
    };
    match (scheme, &choice.user) {
        (AuthScheme::Basic, None) => Err(invalid("the scheme basic needs a user".to_owned())),
        (AuthScheme::Basic, Some(user)) if user.contains(':') || user.chars().any(char::is_control) => {
            Err(invalid("a user of basic contains no colon and no control character".to_owned()))
        }
        (AuthScheme::Oauth2(_), None) => {
            Err(invalid("the scheme oauth2 needs the client's id; give it as `user`".to_owned()))
        }
        (AuthScheme::Oauth2(_), Some(id)) if !is_client_id(id) => {
            Err(invalid("a client's id has 1 to 512 visible ASCII characters".to_owned()))
        }
        (AuthScheme::Basic | AuthScheme::Oauth2(_), _) | (_, None) => {
            Ok(Some(Auth { scheme: scheme.clone(), user: choice.user }))
        }
        (_, Some(_)) => Err(invalid(format!("the scheme {} has no user", choice.kind))),
    }
}

fn is_client_id(id: &str) -> bool {
    (1..=512).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
