//! Profiles: what was requested beside what was granted, and never a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::egress::Origin;
use domain::profile as rows;
use domain::{SecretName, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wit::Manifest;

use super::{Authorisation, Blame, Canary, CredentialLife, Rate, Status, StatusChange, StatusReason, Update};

/// A profile to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProfile {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// The connector.
    pub connector: String,
    /// This version; the highest unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Valid against the connector's `config` schema; an empty object unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// Needed where the connector offers several ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<NewAuth>,
    /// In place of the connector's own rate, for an account that may be called faster or slower than others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// One of the machine's own addresses that the operator offers, for a system that lets in known addresses only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_address: Option<String>,
}

/// The choice of a way to authenticate.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAuth {
    /// `api_key`, `basic`, `bearer`, `aws_sigv4`, `oauth1` or `oauth2`.
    pub kind: String,
    /// The user of `basic`, the client's id of `oauth2`. It is not secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// Hosts and scopes to grant or to revoke.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Origins, as in `https://api.example.com`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Names of scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A secret on its way in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValue {
    /// The secret itself. It is sealed at once and never shown again.
    #[schema(format = Password)]
    pub value: String,
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(***)")
    }
}

/// A credential on its way in: one value, or several parts by name.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialValue {
    /// The secret itself, where the scheme has one. It is sealed at once and never shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Password)]
    pub value: Option<String>,
    /// The parts that `auth.parts` of the profile names, where the scheme has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<BTreeMap<String, String>>,
    /// When the remote will stop to take it, as in 2026-11-22T08:30:00Z; two weeks before, somebody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The same, from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
    /// After how many days it is due to be replaced; 90 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_after_days: Option<u32>,
}

impl fmt::Debug for CredentialValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialValue(***)")
    }
}

/// What the log keeps of a profile's requests, and what is sent beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tracing {
    /// The beginnings of bodies are kept, redacted, unless the operator keeps those of nobody.
    pub log_bodies: bool,
    /// `X-Correlation-Id`, `traceparent` and `tracestate` are sent.
    pub send_correlation: bool,
}

/// What to change of it; what is not named stays.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTracing {
    /// Keep the beginnings of bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_bodies: Option<bool>,
    /// Send `X-Correlation-Id`, `traceparent` and `tracestate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_correlation: Option<bool>,
}

/// A profile in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProfileSummary {
    /// Its name.
    pub name: String,
    /// What it uses.
    pub connector: ConnectorRef,
    /// How it fares.
    pub status: Status,
    /// Why it is not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StatusReason>,
    /// Since when it has been so.
    #[serde(default)]
    pub since: String,
    /// Whether flows and calls may use it.
    pub enabled: bool,
    /// Whether a credential is stored, where one is needed.
    pub credential_set: bool,
    /// How the stored credential ages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialLife>,
    /// Granted origins.
    pub hosts: Vec<String>,
    /// Granted scopes.
    pub scopes: Vec<String>,
}

/// A connector's name with a version.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectorRef {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
}

/// A tenant's configured use of a connector.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it uses; pinned.
    pub connector: ConnectorRef,
    /// How it fares.
    pub status: Status,
    /// Why it is not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StatusReason>,
    /// Since when it has been so.
    #[serde(default)]
    pub since: String,
    /// The last changes of its status, oldest first.
    #[serde(default)]
    pub history: Vec<StatusChange>,
    /// Whether flows and calls may use it.
    pub enabled: bool,
    /// With defaults filled in.
    pub config: Value,
    /// How it authenticates; absent where the system asks for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// In place of the connector's own rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The machine's own address that its requests leave from; whichever the system takes unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_address: Option<String>,
    /// What the log keeps of its requests, and what is sent beside them.
    #[serde(default)]
    pub tracing: Tracing,
    /// Whether a credential is stored.
    pub credential_set: bool,
    /// How the stored credential ages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialLife>,
    /// What is known of the authorisation at the provider.
    #[serde(default)]
    pub authorisation: Authorisation,
    /// Origins: requested, granted. Both keys must turn.
    pub hosts: Vec<HostRight>,
    /// Scopes: requested, granted. Both keys must turn.
    pub scopes: Vec<ScopeRight>,
    /// Secrets that the connector uses by handle.
    pub secrets: Vec<SecretHeld>,
    /// A newer version of the connector, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// The version that is tried, or was tried last, and how it fares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// How the last calls ended, oldest first.
    pub outcomes: Vec<Outcome>,
    /// Until when it is not called, because its connector's own code broke each time lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined_until: Option<String>,
    /// Until when it is not called, because the remote has refused its credential; then one call finds out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_until: Option<String>,
    /// Until when nothing is sent, because the remote did not work in the profile's last calls; absent: the circuit is
    /// closed. Behind that time one call finds out whether it works again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_open_until: Option<String>,
    /// When the grant was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// How a profile authenticates.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Auth {
    /// `api_key`, `basic`, `bearer`, `aws_sigv4`, `oauth1` or `oauth2`.
    pub kind: String,
    /// The user of `basic`, the client's id of `oauth2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The parts of the credential, where it has several. Those that some systems do without are marked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<CredentialPart>,
}

/// One part of a credential.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialPart {
    /// Its name.
    pub name: String,
    /// Whether the scheme cannot do without it.
    pub required: bool,
}

/// One origin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HostRight {
    /// Scheme, host and port.
    pub host: String,
    /// The connector asks for it.
    pub requested: bool,
    /// It was granted.
    pub granted: bool,
}

/// One scope.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScopeRight {
    /// Its name.
    pub scope: String,
    /// What it lets the connector do.
    pub title: String,
    /// The connector asks for it.
    pub requested: bool,
    /// It was granted.
    pub granted: bool,
}

/// One secret, by name only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SecretHeld {
    /// Its name.
    pub name: String,
    /// Whether one is stored.
    pub set: bool,
}

/// How one call ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// When.
    pub at: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who has to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
}

// === impl ===

impl From<domain::connector::ConnectorRef> for ConnectorRef {
    fn from(reference: domain::connector::ConnectorRef) -> Self {
        Self { name: reference.name.to_string(), version: reference.version.to_string() }
    }
}

impl ProfileSummary {
    pub(crate) fn new(row: &rows::Profile, now: Timestamp) -> Self {
        let (status, reason) = row.status(now);
        Self {
            name: row.name.to_string(),
            connector: row.connector.clone().into(),
            status: status.into(),
            reason: reason.map(Into::into),
            since: row.since(now).to_string(),
            enabled: row.enabled,
            credential_set: row.credential_set,
            credential: CredentialLife::of(row, now),
            hosts: row.grant.hosts.iter().map(ToString::to_string).collect(),
            scopes: row.grant.scopes.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Profile {
    pub(crate) fn new(
        row: rows::Profile,
        manifest: &Manifest,
        requested: &BTreeSet<Origin>,
        held: &[SecretName],
        now: Timestamp,
    ) -> Self {
        let (status, reason) = row.status(now);
        let backoff_until = match row.may_try(now) {
            rows::MayTry::Wait { until } => Some(until.to_string()),
            _ => None,
        };
        let secrets = manifest.secrets.iter().map(|name| SecretHeld {
            name: name.clone(),
            set: held.iter().any(|held| held.as_str() == name),
        });
        Self {
            status: status.into(),
            reason: reason.map(Into::into),
            since: row.since(now).to_string(),
            history: row.history.iter().map(Into::into).collect(),
            credential: CredentialLife::of(&row, now),
            backoff_until,
            quarantined_until: row.quarantined_until().map(|until| until.to_string()),
            circuit_open_until: None,
            hosts: host_rights(requested, &row.grant),
            scopes: scope_rights(manifest, &row.grant),
            secrets: secrets.collect(),
            update: None,
            canary: None,
            name: row.name.to_string(),
            connector: row.connector.into(),
            enabled: row.enabled,
            config: row.config,
            auth: row.auth.map(Into::into),
            rate: row.rate.map(Rate::from),
            tracing: Tracing {
                log_bodies: row.tracing.log_bodies,
                send_correlation: row.tracing.send_correlation,
            },
            egress_address: row.egress_address.map(|address| address.to_string()),
            credential_set: row.credential_set,
            authorisation: row.credential.into(),
            outcomes: row.outcomes.into_iter().map(Into::into).collect(),
            granted_at: row.grant.granted_at.map(|at| at.to_string()),
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

impl From<rows::Auth> for Auth {
    fn from(auth: rows::Auth) -> Self {
        let parts = domain::parts::wanted(&auth.scheme).iter();
        let part = |part: &domain::parts::Wanted| CredentialPart {
            name: part.name.to_owned(),
            required: part.required,
        };
        Self { kind: auth.scheme.kind().to_owned(), parts: parts.map(part).collect(), user: auth.user }
    }
}

fn host_rights(requested: &BTreeSet<Origin>, grant: &rows::Grant) -> Vec<HostRight> {
    let right = |host: &Origin| HostRight {
        host: host.to_string(),
        requested: requested.contains(host),
        granted: grant.hosts.contains(host),
    };
    requested.union(&grant.hosts).map(right).collect()
}

/// In the manifest's order; what was granted to nobody's wish any more stands at the end.
fn scope_rights(manifest: &Manifest, grant: &rows::Grant) -> Vec<ScopeRight> {
    let requested = manifest.scopes.iter().map(|scope| ScopeRight {
        scope: scope.name.clone(),
        title: scope.title.clone(),
        requested: true,
        granted: grant.scopes.iter().any(|granted| granted.as_str() == scope.name),
    });
    let left_over = grant
        .scopes
        .iter()
        .filter(|granted| !manifest.scopes.iter().any(|scope| scope.name == granted.as_str()));
    let left_over = left_over.map(|granted| ScopeRight {
        scope: granted.to_string(),
        title: String::new(),
        requested: false,
        granted: true,
    });
    requested.chain(left_over).collect()
}

impl From<rows::CallOutcome> for Outcome {
    fn from(outcome: rows::CallOutcome) -> Self {
        let at = outcome.at.to_string();
        match outcome.failure {
            None => Self { at, ok: true, code: None, blame: None },
            Some(failure) => {
                Self { at, ok: false, code: Some(failure.code), blame: Some(failure.blame.into()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_on_its_way_in_never_shows_in_debug() {
        let shown = format!("{:?}", SecretValue { value: "hunter2".to_owned() });
        assert_eq!(shown, "SecretValue(***)");
        let parts = Some([("key".to_owned(), "hunter2".to_owned())].into());
        let shown = format!(
            "{:?}",
            CredentialValue { value: Some("hunter2".to_owned()), parts, ..CredentialValue::default() }
        );
        assert_eq!(shown, "CredentialValue(***)");
    }
}
