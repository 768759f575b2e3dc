//! The manifest: what a connector says of itself and what it asks for. Asking grants nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::oauth2::Oauth2;
use crate::webhook::Webhook;

/// What `describe` returns, as JSON. Unknown fields are refused, so that a misspelt one is not silently ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Lower-case letters, digits and hyphens; at most 63.
    pub name: String,
    /// A semantic version, for instance `1.4.0`.
    pub version: String,
    /// For people; one line.
    pub title: String,
    /// Where a catalogue files it.
    pub category: Category,
    /// The ways to authenticate that the system accepts; a profile chooses one.
    #[serde(default)]
    pub auth: Vec<AuthScheme>,
    /// JSON Schema of a profile's configuration. Its properties fill the host templates.
    #[serde(default = "any_object")]
    pub config: Value,
    /// The configuration properties that may appear in `hosts`.
    #[serde(default)]
    pub inputs: Vec<HostInput>,
    /// Requested origins: `https://api.example.com`, `https://{shop}.example.com` or `{base_url}`.
    pub hosts: Vec<String>,
    /// Named sets of wire rules, to be granted one by one.
    pub scopes: Vec<Scope>,
    /// What it can do.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// What it can bring.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// Secrets, besides the credential, that it opens by name through the `secrets` interface.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// How fast the system may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// What answers of the system mean where their status does not say it. The first that matches decides; the host
    /// asks, on every answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerRule>,
}

// The signature is serde's.
fn is_false(value: &bool) -> bool {
    !value
}

fn any_object() -> Value {
    serde_json::json!({ "type": "object" })
}

/// Catalogue sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Shops, payments, billing.
    Commerce,
    /// Enterprise resource planning.
    Erp,
    /// Customers, campaigns, mail.
    Marketing,
    /// Accounting.
    Finance,
    /// Everything else.
    Custom,
}

/// One way to authenticate. The host applies it; a connector never sees the credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthScheme {
    /// A key in a header, in the query or in a field of the body.
    ApiKey {
        /// Where the key goes.
        place: Placement,
        /// The name of the header, of the query parameter or of the field.
        name: String,
        /// Text before the key, for instance `Klaviyo-API-Key `.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prefix: String,
    },
    /// HTTP Basic (RFC 7617), UTF-8.
    Basic,
    /// `Authorization: Bearer <token>` (RFC 6750).
    Bearer,
    /// Tokens that the host gets and renews (RFC 6749).
    Oauth2(Box<Oauth2>),
    /// AWS Signature Version 4. The credential has the parts `access_key_id`, `secret_access_key` and, where it is a
    /// temporary one, `session_token`.
    AwsSigv4 {
        /// For instance `eu-central-1`, or `{name}` for a property of the configuration.
        region: String,
        /// For instance `s3`, or `{name}` as above.
        service: String,
        /// Sign `UNSIGNED-PAYLOAD` in place of the body's digest, for a service that takes it.
        #[serde(default, skip_serializing_if = "is_false")]
        unsigned_payload: bool,
        /// Put the signature into the query, as in a presigned URL, and not into headers.
        #[serde(default, skip_serializing_if = "is_false")]
        in_query: bool,
    },
    /// OAuth 1.0a (RFC 5849) with HMAC-SHA256. The credential has the parts `consumer_key`, `consumer_secret`, `token` and
    /// `token_secret`.
    Oauth1 {
        /// The realm of the header, or `{name}` for a property of the configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        realm: Option<String>,
        /// The realm is a NetSuite account: it is written in upper case, with `_` for `-`.
        #[serde(default, skip_serializing_if = "is_false")]
        realm_is_account: bool,
    },
}

impl AuthScheme {
    /// Its name in manifests, and wherever a scheme is chosen.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey { .. } => "api_key",
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::Oauth2(_) => "oauth2",
            Self::AwsSigv4 { .. } => "aws_sigv4",
            Self::Oauth1 { .. } => "oauth1",
        }
    }
}

/// Where an API key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// A request header.
    Header,
    /// A query parameter; the host redacts it in its logs.
    Query,
    /// A member of the JSON object that the body is.
    JsonField,
    /// A field of the form that the body is.
    FormField,
}

/// A configuration property that fills `{name}` in a host template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostInput {
    /// The property's name in the configuration.
    pub name: String,
    /// What its value may be.
    pub kind: InputKind,
    /// Used where the configuration says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// What the value of a host input may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// One label of a host name: letters, digits and hyphens; no dot, no slash.
    Label,
    /// A whole host name.
    HostName,
    /// A whole origin (`https://host[:port]`); the template is then just `{name}`.
    Origin,
}

/// A named set of wire rules. What no granted scope covers never leaves the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// For instance `invoices:read`.
    pub name: String,
    /// What it lets the connector do, for the person who grants it.
    pub title: String,
    /// The requests that it covers.
    pub rules: Vec<Rule>,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// An exact token, upper-case.
    pub method: String,
    /// A path template: `/v1/invoices/{id}` matches one segment, `/files/{path...}` one or more.
    pub path: String,
    /// One of the manifest's `hosts`, word for word; absent: any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How many requests of the `rate` it counts for; one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u32>,
}

/// Something that a connector does, on a batch of inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The name that `run` receives.
    pub name: String,
    /// For people; one line.
    pub title: String,
    /// Whether it changes the remote.
    pub effect: Effect,
    /// The scopes that it needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// JSON Schema of one input's body.
    pub input: Value,
    /// JSON Schema of one output.
    pub output: Value,
    /// How the remote recognises a repeated attempt, if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// Inputs with the outputs that they may give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// Whether an action changes the remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
}

/// How a remote recognises a repeated attempt: by a header or by a query parameter, one of the two. A write that does not
/// carry the key there counts as one that cannot be repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// The request header that carries the key, for instance `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The query parameter that carries it, for instance `requestid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

impl Idempotency {
    /// The remote finds the key in this header.
    pub fn in_header(name: &str) -> Self {
        Self { header: Some(name.to_owned()), query: None }
    }

    /// The remote finds the key in this query parameter.
    pub fn in_query(name: &str) -> Self {
        Self { header: None, query: Some(name.to_owned()) }
    }
}

/// What an answer means that says more in its headers or its body than in its status. All conditions hold together, and
/// there is at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRule {
    /// What it means.
    pub means: Meaning,
    /// The status is one of these; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// These headers have these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderIs>,
    /// These places of the body, which is JSON of at most 64 KiB, have these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<BodyIs>,
    /// The least time to wait, in milliseconds, where the answer itself does not say how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
}

/// What an answer means for the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Too fast, or too much for today: wait and ask again.
    RateLimited,
    /// The credential does not work, or no longer.
    Auth,
    /// The request was not processed: any request may be sent again.
    NotProcessed,
    /// May work later. A write without key is not repeated.
    Transient,
    /// The remote holds a conflicting state.
    Conflict,
    /// What was asked for is there already: as good as a success.
    Done,
    /// Will not work later either.
    Permanent,
}

/// A header has this value, letters of any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderIs {
    /// The header's name.
    pub name: String,
    /// The whole value.
    pub equals: String,
}

/// A place of the body has this value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyIs {
    /// A JSON pointer (RFC 6901), for instance `/errors/0/code`; the segment `*` is any item of a list.
    pub pointer: String,
    /// A text, a whole number or a truth value.
    pub equals: Value,
}

/// An input and an output that it may give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Valid against the action's input schema.
    pub input: Value,
    /// Valid against the action's output schema.
    pub output: Value,
}

/// Something that brings records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The name that `poll` or `receive` receives.
    pub name: String,
    /// For people; one line.
    pub title: String,
    /// How records arrive.
    pub kind: TriggerKind,
    /// The scopes that it needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// JSON Schema of one record's body.
    pub record: Value,
}

/// How records arrive. In JSON `"poll"`, or `{"webhook": {"scheme": {"kind": "stripe"}}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// The host asks, page by page.
    Poll,
    /// The system sends; `receive` makes records of what it sent.
    Webhook(Webhook),
}

/// How fast a system may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Sustained requests per second.
    pub per_second: u32,
    /// Requests that may go at once after a pause.
    pub burst: u32,
}
