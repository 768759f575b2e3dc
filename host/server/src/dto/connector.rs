//! Connectors with everything that they ask for.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Effect;

/// A connector in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectorSummary {
    /// Its name.
    pub name: String,
    /// Once uploaded, a version never changes.
    pub version: String,
    /// For people.
    pub title: String,
    /// Where a catalogue files it.
    pub category: String,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Size of the component.
    pub size_bytes: u64,
    /// When it was uploaded.
    pub uploaded_at: String,
}

/// A connector and what it asks for. Asking grants nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Connector {
    /// Its name.
    pub name: String,
    /// Once uploaded, a version never changes.
    pub version: String,
    /// For people.
    pub title: String,
    /// Where a catalogue files it.
    pub category: String,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Size of the component.
    pub size_bytes: u64,
    /// When it was uploaded.
    pub uploaded_at: String,
    /// The origins that it wants to reach, with `{name}` where a profile's configuration fills in.
    pub hosts: Vec<String>,
    /// The configuration properties that may stand in `hosts`.
    pub inputs: Vec<HostInput>,
    /// Named sets of requests, to be granted one by one.
    pub scopes: Vec<Scope>,
    /// The ways to authenticate; a profile chooses one.
    pub auth: Vec<AuthScheme>,
    /// JSON Schema of a profile's configuration.
    pub config: Value,
    /// What it can do.
    pub actions: Vec<Action>,
    /// What it can bring.
    pub triggers: Vec<Trigger>,
    /// Secrets that it uses by handle, beside the credential.
    pub secrets: Vec<String>,
    /// How fast its system may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// What answers of its system mean where their status does not say it; the first that matches decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Value>,
    /// The interfaces that the component imports.
    pub imports: Vec<String>,
}

/// A configuration property that stands in a host.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HostInput {
    /// The property.
    pub name: String,
    /// `label`, `host_name` or `origin`.
    pub kind: String,
    /// Used where the configuration says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A named set of requests.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Scope {
    /// For instance `invoices:read`.
    pub name: String,
    /// What it lets the connector do.
    pub title: String,
    /// The requests that it covers.
    pub rules: Vec<Rule>,
}

/// One kind of request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// The method.
    pub method: String,
    /// A path template.
    pub path: String,
    /// One of `hosts`; any of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How many requests of the rate it counts for; one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u32>,
}

/// One way to authenticate. The host applies it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthScheme {
    /// `api_key`, `basic`, `bearer`, `aws_sigv4`, `oauth1` or `oauth2`.
    pub kind: String,
    /// Of `api_key`: `header`, `query`, `json_field` or `form_field`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Of `api_key`: the header, the query parameter or the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of `api_key`: text before the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Of `aws_sigv4`: the region, or the property that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Of `aws_sigv4`: the service, or the property that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Of `oauth1`: the realm, or the property that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
}

/// Something that a connector does.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// Whether it changes the remote.
    pub effect: Effect,
    /// The scopes that it needs.
    pub scopes: Vec<String>,
    /// JSON Schema of one input.
    pub input: Value,
    /// JSON Schema of one output.
    pub output: Value,
    /// The header by which the remote recognises a repeated attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_header: Option<String>,
    /// Or the query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_query: Option<String>,
    /// Inputs with the outputs that they may give.
    pub examples: Vec<Example>,
}

/// An input and an output that it may give.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Example {
    /// One input.
    pub input: Value,
    /// One output.
    pub output: Value,
}

/// Something that brings records.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// `poll` or `webhook`.
    pub kind: String,
    /// Of a webhook: how its requests are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Value>,
    /// The scopes that it needs.
    pub scopes: Vec<String>,
    /// JSON Schema of one record.
    pub record: Value,
}

/// How fast a system may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Sustained requests per second.
    pub per_second: u32,
    /// Requests that may go at once after a pause.
    pub burst: u32,
}

/// What became of an upload.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    /// The very same bytes had been uploaded before: nothing was changed.
    pub existed: bool,
    /// The connector.
    pub connector: Connector,
    /// Profiles of an older version that go on with it until somebody consents to what this one asks for.
    #[serde(default)]
    pub pending_consent: Vec<String>,
    /// Its version says less than what changed since the release before it. It is kept all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_step: Option<SmallStep>,
    /// What admission measured.
    pub admission: Admission,
}

/// What a version should have been.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SmallStep {
    /// The release before.
    pub since: String,
    /// What changed since: `patch`, `minor` or `major`.
    pub step: String,
    /// The smallest version that would say so.
    pub least: String,
}

/// One version of a connector as its component says it: what two versions are compared by.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectorManifest {
    /// Its name.
    pub name: String,
    /// The version under which it is kept.
    pub version: String,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// What it says of itself, whole.
    pub manifest: Value,
    /// The interfaces that the component imports.
    pub imports: Vec<String>,
    /// And those that it exports; none where it was uploaded before hosts kept them.
    pub exports: Vec<String>,
}

/// What admission measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Admission {
    /// Core modules inside the component.
    pub core_modules: usize,
    /// Functions inside the component.
    pub functions: usize,
    /// Counting and validating.
    pub examine_us: u64,
    /// Compiling, or loading what was compiled before.
    pub compile_us: u64,
    /// Instantiating it once and asking what it is.
    pub describe_us: u64,
    /// Whether it had been compiled before.
    pub cached: bool,
}

// === impl ===

/// The word of a manifest's enum, as the manifest itself spells it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

impl From<&domain::connector::Connector> for ConnectorSummary {
    fn from(row: &domain::connector::Connector) -> Self {
        Self {
            name: row.name.to_string(),
            version: row.version.to_string(),
            title: row.manifest.title.clone(),
            category: word(&row.manifest.category),
            digest: row.digest.to_string(),
            size_bytes: row.size_bytes,
            uploaded_at: row.uploaded_at.to_string(),
        }
    }
}

impl From<domain::connector::Connector> for Connector {
    fn from(row: domain::connector::Connector) -> Self {
        let manifest = row.manifest;
        Self {
            name: row.name.to_string(),
            version: row.version.to_string(),
            title: manifest.title,
            category: word(&manifest.category),
            digest: row.digest.to_string(),
            size_bytes: row.size_bytes,
            uploaded_at: row.uploaded_at.to_string(),
            hosts: manifest.hosts,
            inputs: manifest.inputs.into_iter().map(Into::into).collect(),
            scopes: manifest.scopes.into_iter().map(Into::into).collect(),
            auth: manifest.auth.into_iter().map(Into::into).collect(),
            config: manifest.config,
            actions: manifest.actions.into_iter().map(Into::into).collect(),
            triggers: manifest.triggers.into_iter().map(Into::into).collect(),
            secrets: manifest.secrets,
            rate: manifest.rate.map(Rate::from),
            answers: manifest.answers.iter().filter_map(|rule| serde_json::to_value(rule).ok()).collect(),
            imports: row.imports,
        }
    }
}

impl From<wit::Rate> for Rate {
    fn from(wit::Rate { per_second, burst }: wit::Rate) -> Self {
        Self { per_second, burst }
    }
}

impl From<Rate> for wit::Rate {
    fn from(Rate { per_second, burst }: Rate) -> Self {
        Self { per_second, burst }
    }
}

impl From<wit::HostInput> for HostInput {
    fn from(input: wit::HostInput) -> Self {
        Self { kind: word(&input.kind), name: input.name, default: input.default }
    }
}

impl From<wit::Scope> for Scope {
    fn from(scope: wit::Scope) -> Self {
        let rules = scope.rules.into_iter().map(|wit::Rule { method, path, host, cost }| Rule {
            method,
            path,
            host,
            cost,
        });
        Self { name: scope.name, title: scope.title, rules: rules.collect() }
    }
}

impl From<wit::AuthScheme> for AuthScheme {
    fn from(scheme: wit::AuthScheme) -> Self {
        let plain = |kind: &str| Self {
            kind: kind.to_owned(),
            place: None,
            name: None,
            prefix: None,
            region: None,
            service: None,
            realm: None,
        };
        match scheme {
            wit::AuthScheme::ApiKey { place, name, prefix } => Self {
                place: Some(word(&place)),
                name: Some(name),
                prefix: Some(prefix).filter(|prefix| !prefix.is_empty()),
                ..plain("api_key")
            },
            wit::AuthScheme::Basic => plain("basic"),
            wit::AuthScheme::Bearer => plain("bearer"),
            wit::AuthScheme::Oauth2(_) => plain("oauth2"),
            wit::AuthScheme::AwsSigv4 { region, service, .. } => {
                Self { region: Some(region), service: Some(service), ..plain("aws_sigv4") }
            }
            wit::AuthScheme::Oauth1 { realm, .. } => Self { realm, ..plain("oauth1") },
        }
    }
}

impl From<wit::Action> for Action {
    fn from(action: wit::Action) -> Self {
        let examples =
            action.examples.into_iter().map(|wit::Example { input, output }| Example { input, output });
        Self {
            name: action.name,
            title: action.title,
            effect: action.effect.into(),
            scopes: action.scopes,
            input: action.input,
            output: action.output,
            idempotency_header: action.idempotency.as_ref().and_then(|declared| declared.header.clone()),
            idempotency_query: action.idempotency.and_then(|declared| declared.query),
            examples: examples.collect(),
        }
    }
}

impl From<wit::Trigger> for Trigger {
    fn from(trigger: wit::Trigger) -> Self {
        let (kind, scheme) = match &trigger.kind {
            wit::TriggerKind::Poll => ("poll", None),
            wit::TriggerKind::Webhook(webhook) => ("webhook", serde_json::to_value(&webhook.scheme).ok()),
        };
        Self {
            kind: kind.to_owned(),
            scheme,
            name: trigger.name,
            title: trigger.title,
            scopes: trigger.scopes,
            record: trigger.record,
        }
    }
}

impl From<domain::compat::SmallStep> for SmallStep {
    fn from(small: domain::compat::SmallStep) -> Self {
        let domain::compat::SmallStep { since, step, least } = small;
        Self { since: since.to_string(), step: step.as_str().to_owned(), least: least.to_string() }
    }
}

impl From<domain::connector::Connector> for ConnectorManifest {
    fn from(row: domain::connector::Connector) -> Self {
        Self {
            name: row.name.to_string(),
            version: row.version.to_string(),
            digest: row.digest.to_string(),
            manifest: serde_json::to_value(row.manifest).unwrap_or_default(),
            imports: row.imports,
            exports: row.exports,
        }
    }
}

impl From<lockgate::Uploaded> for Uploaded {
    fn from(uploaded: lockgate::Uploaded) -> Self {
        let report = uploaded.report;
        Self {
            existed: uploaded.existed,
            pending_consent: uploaded.pending_consent.iter().map(ToString::to_string).collect(),
            small_step: uploaded.small_step.map(Into::into),
            connector: uploaded.connector.into(),
            admission: Admission {
                core_modules: report.core_modules,
                functions: report.functions,
                examine_us: report.examine_us,
                compile_us: report.compile_us,
                describe_us: report.describe_us,
                cached: report.cached,
            },
        }
    }
}
