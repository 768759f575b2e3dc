//! Slack: `v0:` with the time and the body. Events name themselves in the body; commands and forms do not.

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;

use super::parts::{Arrived, Refused, Signed, Verified, any_fits, digest, from_hex, seconds, to_hex};

const HEADER: &str = "x-slack-signature";
const TIME: &str = "x-slack-request-timestamp";
const PREFIX: &str = "v0=";

pub(super) fn verify(secrets: &[Secret], request: &Arrived<'_>) -> Result<Verified, Refused> {
    let given = request.header(HEADER)?.strip_prefix(PREFIX).and_then(from_hex);
    let given = given.ok_or_else(|| Refused::Malformed(HEADER.to_owned()))?;
    let time = request.header(TIME)?;
    let sent_at = seconds(time, TIME)?;
    request.fresh(sent_at)?;
    any_fits(secrets, Sha256, &[b"v0:", time.as_bytes(), b":", request.body], &[given])?;
    Ok(Verified { event_id: request.id_in_body("/event_id"), id_is_signed: true, sent_at: Some(sent_at) })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>) -> Result<Signed, Refused> {
    let time = (request.now.as_ms() / 1_000).to_string();
    let made = digest(secret, Sha256, &[b"v0:", time.as_bytes(), b":", request.body])?;
    Ok(Signed {
        headers: vec![
            (TIME.to_owned(), time.into_bytes()),
            (HEADER.to_owned(), format!("{PREFIX}{}", to_hex(&made)).into_bytes()),
        ],
    })
}
