//! HubSpot, version 3: the method, the public URL, the body and the time in milliseconds.

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;

use super::parts::{
    Arrived, Refused, Signed, Verified, any_fits, digest, from_base64, milliseconds, to_base64,
};

const HEADER: &str = "x-hubspot-signature-v3";
const TIME: &str = "x-hubspot-request-timestamp";

pub(super) fn verify(secrets: &[Secret], request: &Arrived<'_>) -> Result<Verified, Refused> {
    let given = from_base64(request.header(HEADER)?);
    let given = given.ok_or_else(|| Refused::Malformed(HEADER.to_owned()))?;
    let time = request.header(TIME)?;
    let sent_at = milliseconds(time, TIME)?;
    request.fresh(sent_at)?;
    let pieces = [request.method.as_bytes(), request.uri.as_bytes(), request.body, time.as_bytes()];
    any_fits(secrets, Sha256, &pieces, &[given])?;
    // One request holds many events, so none of their names is the name of the request.
    Ok(Verified { event_id: None, id_is_signed: true, sent_at: Some(sent_at) })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>) -> Result<Signed, Refused> {
    let time = request.now.as_ms().to_string();
    let pieces = [request.method.as_bytes(), request.uri.as_bytes(), request.body, time.as_bytes()];
    let made = digest(secret, Sha256, &pieces)?;
    Ok(Signed {
        headers: vec![
            (TIME.to_owned(), time.into_bytes()),
            (HEADER.to_owned(), to_base64(&made).into_bytes()),
        ],
    })
}
