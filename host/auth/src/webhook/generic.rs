//! Whatever else is signed with a keyed digest, as the manifest describes it.

use domain::Secret;
use domain::hook::{Part, parts};
use domain::injected::HmacAlgorithm;
use wit::{HmacWebhook, WebhookAlgorithm, WebhookEncoding, WebhookEventId, WebhookTimeUnit};

use super::parts::{
    Arrived, Refused, Signed, Verified, any_fits, digest, from_base64, from_hex, milliseconds, seconds,
    to_base64, to_hex,
};

pub(super) fn verify(
    scheme: &HmacWebhook,
    secrets: &[Secret],
    request: &Arrived<'_>,
) -> Result<Verified, Refused> {
    let malformed = || Refused::Malformed(scheme.header.clone());
    let text = request.header(&scheme.header)?.strip_prefix(scheme.prefix.as_str()).ok_or_else(malformed)?;
    let given = match scheme.encoding {
        WebhookEncoding::Hex => from_hex(text),
        WebhookEncoding::Base64 => from_base64(text),
    };
    let given = given.ok_or_else(malformed)?;
    let mut time = "";
    let mut sent_at = None;
    if let Some(timestamp) = &scheme.timestamp {
        time = request.header(&timestamp.header)?;
        let at = match timestamp.unit {
            WebhookTimeUnit::Seconds => seconds(time, &timestamp.header)?,
            WebhookTimeUnit::Milliseconds => milliseconds(time, &timestamp.header)?,
        };
        request.fresh(at)?;
        sent_at = Some(at);
    }
    let signed = signed(scheme, request, time)?;
    any_fits(secrets, algorithm(scheme), &slices(&signed), &[given])?;
    let (event_id, id_is_signed) = match &scheme.event_id {
        Some(WebhookEventId::Header(name)) => (request.id_in_header(name), false),
        Some(WebhookEventId::Pointer(pointer)) => (request.id_in_body(pointer), true),
        None => (None, false),
    };
    Ok(Verified { event_id, id_is_signed, sent_at })
}

pub(super) fn sign(
    scheme: &HmacWebhook,
    secret: &Secret,
    request: &Arrived<'_>,
    id: &str,
) -> Result<Signed, Refused> {
    let now_ms = request.now.as_ms();
    let mut headers = Vec::new();
    let mut time = String::new();
    if let Some(timestamp) = &scheme.timestamp {
        time = match timestamp.unit {
            WebhookTimeUnit::Seconds => (now_ms / 1_000).to_string(),
            WebhookTimeUnit::Milliseconds => now_ms.to_string(),
        };
        headers.push((timestamp.header.clone(), time.clone().into_bytes()));
    }
    if let Some(WebhookEventId::Header(name)) = &scheme.event_id {
        headers.push((name.clone(), id.as_bytes().to_vec()));
    }
    let made = digest(secret, algorithm(scheme), &slices(&signed(scheme, request, &time)?))?;
    let text = match scheme.encoding {
        WebhookEncoding::Hex => to_hex(&made),
        WebhookEncoding::Base64 => to_base64(&made),
    };
    headers.push((scheme.header.clone(), format!("{}{text}", scheme.prefix).into_bytes()));
    Ok(Signed { headers })
}

fn algorithm(scheme: &HmacWebhook) -> HmacAlgorithm {
    match scheme.algorithm {
        WebhookAlgorithm::Sha256 => HmacAlgorithm::Sha256,
        WebhookAlgorithm::Sha512 => HmacAlgorithm::Sha512,
    }
}

/// What is signed, in order. Nothing of the request is read as a template.
fn signed(scheme: &HmacWebhook, request: &Arrived<'_>, time: &str) -> Result<Vec<Vec<u8>>, Refused> {
    // Admission has read it before.
    let parts = parts(&scheme.signed).map_err(|_| Refused::Malformed("signed".to_owned()))?;
    let piece = |part: Part| match part {
        Part::Text(text) => text.into_bytes(),
        Part::Timestamp => time.as_bytes().to_vec(),
        Part::Body => request.body.to_vec(),
        Part::Method => request.method.as_bytes().to_vec(),
        Part::Uri => request.uri.as_bytes().to_vec(),
    };
    Ok(parts.into_iter().map(piece).collect())
}

fn slices(pieces: &[Vec<u8>]) -> Vec<&[u8]> {
    pieces.iter().map(Vec::as_slice).collect()
}
