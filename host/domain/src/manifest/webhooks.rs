//! The webhook triggers of a manifest: how their requests are signed, and which headers they may see.

use wit::{HmacWebhook, Webhook, WebhookEventId, WebhookScheme};

use super::problems::Problems;
use crate::egress::is_token;
use crate::hook::{Part, parts};

const HEADERS_MAX: usize = 16;
const NAME_BYTES_MAX: usize = 64;
const PREFIX_BYTES_MAX: usize = 32;
const POINTER_BYTES_MAX: usize = 200;

/// What the host never hands to a connector, whatever the manifest wants.
const NEVER: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "host", "forwarded"];

pub(super) fn check(problems: &mut Problems, place: &str, webhook: &Webhook) {
    let list = format!("{place}/headers");
    if problems.at_most(&list, webhook.headers.len(), HEADERS_MAX) {
        for (i, name) in webhook.headers.iter().enumerate() {
            if !is_header(name) || NEVER.iter().any(|never| name.eq_ignore_ascii_case(never)) {
                problems.add(&format!("{list}/{i}"), "it is no header that a connector may see");
            }
        }
    }
    if let WebhookScheme::Hmac(scheme) = &webhook.scheme {
        hmac(problems, &format!("{place}/scheme"), scheme);
    }
}

fn hmac(problems: &mut Problems, place: &str, scheme: &HmacWebhook) {
    let no_header = "it is no name of a header, of at most 64 characters";
    if !is_header(&scheme.header) {
        problems.add(&format!("{place}/header"), no_header);
    }
    let prefix = &scheme.prefix;
    if prefix.len() > PREFIX_BYTES_MAX || !prefix.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
        problems.add(&format!("{place}/prefix"), "a prefix has at most 32 visible ASCII characters");
    }
    let signs_time = match parts(&scheme.signed) {
        Ok(parts) => parts.contains(&Part::Timestamp),
        Err(error) => {
            problems.add(&format!("{place}/signed"), error);
            scheme.timestamp.is_some()
        }
    };
    if signs_time != scheme.timestamp.is_some() {
        problems.add(
            &format!("{place}/timestamp"),
            "a time is believed where the signature covers it: give `timestamp` and write {timestamp} in `signed`, or neither",
        );
    }
    if let Some(timestamp) = &scheme.timestamp
        && !is_header(&timestamp.header)
    {
        problems.add(&format!("{place}/timestamp/header"), no_header);
    }
    match &scheme.event_id {
        Some(WebhookEventId::Header(name)) if !is_header(name) => {
            problems.add(&format!("{place}/event_id/header"), no_header);
        }
        Some(WebhookEventId::Pointer(pointer))
            if !pointer.starts_with('/') || pointer.len() > POINTER_BYTES_MAX =>
        {
            problems.add(
                &format!("{place}/event_id/pointer"),
                "write a JSON pointer to one member, as in /event/id",
            );
        }
        _ => {}
    }
}

fn is_header(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && is_token(name)
}
