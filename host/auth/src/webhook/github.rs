//! GitHub: the body alone is signed, so only the memory of past events stops a repetition.

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;

use super::parts::{Arrived, Refused, Signed, Verified, any_fits, digest, from_hex, to_hex};

const HEADER: &str = "x-hub-signature-256";
const PREFIX: &str = "sha256=";
const DELIVERY: &str = "x-github-delivery";

pub(super) fn verify(secrets: &[Secret], request: &Arrived<'_>) -> Result<Verified, Refused> {
    let given = request.header(HEADER)?.strip_prefix(PREFIX).and_then(from_hex);
    let given = given.ok_or_else(|| Refused::Malformed(HEADER.to_owned()))?;
    any_fits(secrets, Sha256, &[request.body], &[given])?;
    Ok(Verified { event_id: request.id_in_header(DELIVERY), id_is_signed: false, sent_at: None })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>, id: &str) -> Result<Signed, Refused> {
    let made = digest(secret, Sha256, &[request.body])?;
    let value = format!("{PREFIX}{}", to_hex(&made));
    Ok(Signed {
        headers: vec![
            (HEADER.to_owned(), value.into_bytes()),
            (DELIVERY.to_owned(), id.as_bytes().to_vec()),
            ("x-github-event".to_owned(), b"ping".to_vec()),
        ],
    })
}
