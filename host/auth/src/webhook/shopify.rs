//! Shopify: the body alone is signed, with the app's secret; the event's name stands in a header.

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;

use super::parts::{Arrived, Refused, Signed, Verified, any_fits, digest, from_base64, to_base64};

const HEADER: &str = "x-shopify-hmac-sha256";
const ID: &str = "x-shopify-webhook-id";

pub(super) fn verify(secrets: &[Secret], request: &Arrived<'_>) -> Result<Verified, Refused> {
    let given = from_base64(request.header(HEADER)?);
    let given = given.ok_or_else(|| Refused::Malformed(HEADER.to_owned()))?;
    any_fits(secrets, Sha256, &[request.body], &[given])?;
    Ok(Verified { event_id: request.id_in_header(ID), id_is_signed: false, sent_at: None })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>, id: &str) -> Result<Signed, Refused> {
    let made = digest(secret, Sha256, &[request.body])?;
    Ok(Signed {
        headers: vec![
            (HEADER.to_owned(), to_base64(&made).into_bytes()),
            (ID.to_owned(), id.as_bytes().to_vec()),
        ],
    })
}
