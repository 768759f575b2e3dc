//! Standard Webhooks, and the names that Svix gives the same three headers: signed with a secret that both ends have
//! (`v1`, HMAC), or with a key of which this end has the public half (`v1a`, Ed25519).

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};

use super::parts::{
    Arrived, Refused, SIGNATURES_MAX, Signed, Verified, any_fits, digest, from_base64, key_from_base64,
    seconds, to_base64,
};

const SHARED: &[u8] = b"whsec_";
const PUBLIC: &[u8] = b"whpk_";

/// What a hook holds of a sender. What is one kind of key is never tried as the other.
pub(super) enum Key {
    Shared(Secret),
    Public([u8; ED25519_PUBLIC_KEY_LEN]),
}

/// The key is what follows `whsec_` or `whpk_`, in base64; without either it is a shared one.
pub(super) fn key(secret: &Secret) -> Result<Key, Refused> {
    let text = secret.expose();
    let bytes = |text| key_from_base64(text).ok_or(Refused::BadSecret);
    match text.strip_prefix(PUBLIC) {
        Some(public) => {
            let public = <[u8; ED25519_PUBLIC_KEY_LEN]>::try_from(bytes(public)?.expose());
            public.map(Key::Public).map_err(|_| Refused::BadSecret)
        }
        None => bytes(text.strip_prefix(SHARED).unwrap_or(text)).map(Key::Shared),
    }
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
    let (mut given, mut given_by_key) = (Vec::new(), Vec::new());
    for signature in header.split(' ').filter(|signature| !signature.is_empty()).take(SIGNATURES_MAX) {
        let (version, digest) =
            signature.split_once(',').ok_or_else(|| Refused::Malformed(name("signature")))?;
        match version {
            "v1" => given.push(from_base64(digest).ok_or_else(|| Refused::Malformed(name("signature")))?),
            // To a hook with a shared secret it is another key's, whatever it is.
            "v1a" => given_by_key.extend(from_base64(digest)),
            _ => {}
        }
    }
    let (mut shared, mut public) = (Vec::new(), Vec::new());
    for secret in secrets {
        match key(secret)? {
            Key::Shared(key) => shared.push(key),
            Key::Public(key) => public.push(key),
        }
    }
    let pieces = [id.as_bytes(), b".", time.as_bytes(), b".", request.body];
    let signed = pieces.concat();
    // Nothing here is secret: whoever has the public key may see which of them fits.
    let by_key = public.iter().any(|key| {
        let key = UnparsedPublicKey::new(&ED25519, key);
        given_by_key.iter().any(|signature| key.verify(&signed, signature).is_ok())
    });
    if !by_key {
        any_fits(&shared, Sha256, &pieces, &given)?;
    }
    Ok(Verified { event_id: Some(id.to_owned()), id_is_signed: true, sent_at: Some(sent_at) })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>, id: &str) -> Result<Signed, Refused> {
    let time = (request.now.as_ms() / 1_000).to_string();
    let Key::Shared(key) = key(secret)? else { return Err(Refused::PublicOnly) };
    let made = digest(&key, Sha256, &[id.as_bytes(), b".", time.as_bytes(), b".", request.body])?;
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    Ok(Signed {
        headers: vec![
            header("webhook-id", id.to_owned()),
            header("webhook-timestamp", time),
            header("webhook-signature", format!("v1,{}", to_base64(&made))),
        ],
    })
}
