//! How a system that sends webhooks signs them, so that the host can tell its requests from everybody else's.

use serde::{Deserialize, Serialize};

/// What arrives at a webhook trigger. The host verifies the signature before the connector is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// How a request is signed.
    pub scheme: WebhookScheme,
    /// Headers that `receive` wants to see besides those that the scheme names, for instance `X-Shop-Region`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}

/// How a request is signed. All of them prove that the sender knows the hook's secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookScheme {
    /// Standard Webhooks, and Svix, which it came from: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// `Stripe-Signature: t=...,v1=...`.
    Stripe,
    /// `X-Hub-Signature-256: sha256=...`.
    Github,
    /// `X-Slack-Signature: v0=...`; the host answers `url_verification` by itself.
    Slack,
    /// `X-Shopify-Hmac-Sha256`.
    Shopify,
    /// `X-HubSpot-Signature-v3`, over the method, the public URL and the body.
    Hubspot,
    /// `intuit-signature`.
    Quickbooks,
    /// Any other keyed digest in a header.
    Hmac(HmacWebhook),
}

/// A keyed digest in a header, over a text that the scheme describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacWebhook {
    /// The header that carries the signature.
    pub header: String,
    /// Text before the signature, for instance `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The digest.
    #[serde(default)]
    pub algorithm: WebhookAlgorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: WebhookEncoding,
    /// What is signed: text with `{body}`, and `{timestamp}`, `{method}` or `{uri}` where the sender signs them too.
    #[serde(default = "body_alone")]
    pub signed: String,
    /// Where the time of the request stands. Without one, only the memory of past events stops a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<WebhookTimestamp>,
    /// Where the sender's own name of the event stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<WebhookEventId>,
}

fn body_alone() -> String {
    "{body}".to_owned()
}

/// The digest under a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookAlgorithm {
    /// HMAC with SHA-256.
    #[default]
    Sha256,
    /// HMAC with SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEncoding {
    /// Hexadecimal, in either case.
    #[default]
    Hex,
    /// Base64 of RFC 4648, with padding.
    Base64,
}

/// The header with the time at which a request was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTimestamp {
    /// Its name.
    pub header: String,
    /// What its number counts.
    #[serde(default)]
    pub unit: WebhookTimeUnit,
}

/// What the number of a timestamp counts, since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookTimeUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// Where the sender's own name of an event stands: the same for every attempt to send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEventId {
    /// A header.
    Header(String),
    /// A place in the JSON body, as a JSON pointer (RFC 6901).
    Pointer(String),
}
