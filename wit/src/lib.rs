//! The contract between a host and a connector: the WIT package `lockgate:connector` and the manifest.
//!
//! The interfaces are in `v0/*.wit`; `README.md` states how they may grow. This crate carries what WIT does not:
//! the manifest, which `describe` returns as JSON so that it can gain fields without a new package version.
#![warn(missing_docs)]

mod manifest;
mod oauth2;
mod webhook;

pub use manifest::{
    Action, AnswerRule, AuthScheme, BodyIs, Category, Effect, Example, HeaderIs, HostInput, Idempotency,
    InputKind, Manifest, Meaning, Placement, Rate, Rule, Scope, Trigger, TriggerKind,
};
pub use webhook::{
    HmacWebhook, Webhook, WebhookAlgorithm, WebhookEncoding, WebhookEventId, WebhookScheme, WebhookTimeUnit,
    WebhookTimestamp,
};

pub use oauth2::{Assertion, AssertionAlg, BodyEncoding, ClientAuth, Oauth2, Oauth2Grant, TokenExchange};

/// The WIT package that this crate describes, with its version.
pub const PACKAGE: &str = "lockgate:connector@0.1.0";
