//! Standard Webhooks, and the names that Svix gives the same three headers.

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;

use super::parts::{
    Arrived, Refused, SIGNATURES_MAX, Signed, Verified, any_fits, digest, from_base64, key_from_base64,
    seconds, to_base64,
};

const PREFIX: &[u8] = b"whsec_";

/// The key is what follows `whsec_`, in base64.
pub(super) fn key(secret: &Secret) -> Result<Secret, Refused> {
    let text = secret.expose();
    key_from_base64(text.strip_prefix(PREFIX).unwrap_or(text)).ok_or(Refused::BadSecret)
}

pub(super) fn verify(secrets: &[Secret], request: &Arrived<'_>) -> Result<Verified, Refused> {
    // One family of names in whole: a request that mixes them is not a signed one.
    let family = if request.optional("webhook-signature")?.is_some() { "webhook" } else { "svix" };
    let name = |part: &str| format!("{family}-{part}");
    let (id, time) = (request.header(&name("id"))?, request.header(&name("timestamp"))?);
    let header = request.header(&name("signature"))?;
    if id.is_empty() || id.len() > 256 {
        return Err(Refused::Malformed(name("id")));
    }
    let sent_at = seconds(time, &name("timestamp"))?;
    request.fresh(sent_at)?;
    // Other versions, for instance `v1a`, are other keys than ours.
    let mut given = Vec::new();
    for signature in header.split(' ').filter(|signature| !signature.is_empty()).take(SIGNATURES_MAX) {
        let (version, digest) =
            signature.split_once(',').ok_or_else(|| Refused::Malformed(name("signature")))?;
        if version == "v1" {
            given.push(from_base64(digest).ok_or_else(|| Refused::Malformed(name("signature")))?);
        }
    }
    let keys = secrets.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    any_fits(&keys, Sha256, &[id.as_bytes(), b".", time.as_bytes(), b".", request.body], &given)?;
    Ok(Verified { event_id: Some(id.to_owned()), id_is_signed: true, sent_at: Some(sent_at) })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>, id: &str) -> Result<Signed, Refused> {
    let time = (request.now.as_ms() / 1_000).to_string();
    let made = digest(&key(secret)?, Sha256, &[id.as_bytes(), b".", time.as_bytes(), b".", request.body])?;
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    Ok(Signed {
        headers: vec![
            header("webhook-id", id.to_owned()),
            header("webhook-timestamp", time),
            header("webhook-signature", format!("v1,{}", to_base64(&made))),
        ],
    })
}
