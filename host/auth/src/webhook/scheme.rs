//! From the scheme of a manifest to the file that knows it.

use domain::Secret;
use wit::{Webhook, WebhookScheme};

use super::parts::{Arrived, Refused, Signed, Verified};
use super::{generic, github, hubspot, quickbooks, shopify, slack, standard, stripe};

/// Judges a request. Every secret that is good is tried; none is good: nothing passes.
pub fn verify(
    scheme: &WebhookScheme,
    secrets: &[Secret],
    request: &Arrived<'_>,
) -> Result<Verified, Refused> {
    match scheme {
        WebhookScheme::StandardWebhooks => standard::verify(secrets, request),
        WebhookScheme::Stripe => stripe::verify(secrets, request),
        WebhookScheme::Github => github::verify(secrets, request),
        WebhookScheme::Slack => slack::verify(secrets, request),
        WebhookScheme::Shopify => shopify::verify(secrets, request),
        WebhookScheme::Hubspot => hubspot::verify(secrets, request),
        WebhookScheme::Quickbooks => quickbooks::verify(secrets, request),
        WebhookScheme::Hmac(scheme) => generic::verify(scheme, secrets, request),
    }
}

/// The headers that make a sample a signed one. `id` names its event where the scheme says it in a header.
pub fn sign(
    scheme: &WebhookScheme,
    secret: &Secret,
    request: &Arrived<'_>,
    id: &str,
) -> Result<Signed, Refused> {
    match scheme {
        WebhookScheme::StandardWebhooks => standard::sign(secret, request, id),
        WebhookScheme::Stripe => stripe::sign(secret, request),
        WebhookScheme::Github => github::sign(secret, request, id),
        WebhookScheme::Slack => slack::sign(secret, request),
        WebhookScheme::Shopify => shopify::sign(secret, request, id),
        WebhookScheme::Hubspot => hubspot::sign(secret, request),
        WebhookScheme::Quickbooks => quickbooks::sign(secret, request),
        WebhookScheme::Hmac(scheme) => generic::sign(scheme, secret, request, id),
    }
}

/// Whether a text can be the secret of a hook with this scheme.
pub fn secret_fits(scheme: &WebhookScheme, secret: &Secret) -> Result<(), Refused> {
    if secret.is_empty() {
        return Err(Refused::BadSecret);
    }
    match scheme {
        WebhookScheme::StandardWebhooks => standard::key(secret).map(drop),
        _ => Ok(()),
    }
}

/// The names of headers that tell a connector what an event is; never one with a signature or a credential in it.
pub fn kept_headers(webhook: &Webhook) -> Vec<String> {
    let of_scheme: &[&str] = match &webhook.scheme {
        WebhookScheme::StandardWebhooks => &["webhook-id", "webhook-timestamp", "svix-id", "svix-timestamp"],
        WebhookScheme::Stripe | WebhookScheme::Hubspot | WebhookScheme::Quickbooks => &[],
        WebhookScheme::Github => &[
            "x-github-event",
            "x-github-delivery",
            "x-github-hook-id",
            "x-github-hook-installation-target-id",
            "x-github-hook-installation-target-type",
        ],
        WebhookScheme::Slack => &["x-slack-request-timestamp", "x-slack-retry-num", "x-slack-retry-reason"],
        WebhookScheme::Shopify => &[
            "x-shopify-topic",
            "x-shopify-sub-topic",
            "x-shopify-shop-domain",
            "x-shopify-api-version",
            "x-shopify-webhook-id",
            "x-shopify-event-id",
            "x-shopify-triggered-at",
        ],
        WebhookScheme::Hmac(_) => &[],
    };
    let mut names: Vec<String> =
        ["content-type"].iter().chain(of_scheme).map(|name| (*name).to_owned()).collect();
    if let WebhookScheme::Hmac(scheme) = &webhook.scheme {
        if let Some(timestamp) = &scheme.timestamp {
            names.push(timestamp.header.to_ascii_lowercase());
        }
        if let Some(wit::WebhookEventId::Header(name)) = &scheme.event_id {
            names.push(name.to_ascii_lowercase());
        }
    }
    names.extend(webhook.headers.iter().map(|name| name.to_ascii_lowercase()));
    names
}
