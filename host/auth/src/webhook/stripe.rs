//! Stripe: `t=...,v1=...` in one header; the key is the whole text of the secret, `whsec_` included.

use domain::Secret;
use domain::injected::HmacAlgorithm::Sha256;

use super::parts::{
    Arrived, Refused, SIGNATURES_MAX, Signed, Verified, any_fits, digest, from_hex, seconds, to_hex,
};

const HEADER: &str = "stripe-signature";

pub(super) fn verify(secrets: &[Secret], request: &Arrived<'_>) -> Result<Verified, Refused> {
    let malformed = || Refused::Malformed(HEADER.to_owned());
    let mut time = None;
    let mut given = Vec::new();
    for item in request.header(HEADER)?.split(',') {
        match item.trim().split_once('=').ok_or_else(malformed)? {
            // Of two times, two readers may each believe another.
            ("t", _) if time.is_some() => return Err(malformed()),
            ("t", text) => time = Some(text),
            ("v1", text) if given.len() < SIGNATURES_MAX => given.push(from_hex(text).ok_or_else(malformed)?),
            // Older versions are of no worth, later ones not known.
            _ => {}
        }
    }
    let time = time.ok_or_else(malformed)?;
    let sent_at = seconds(time, HEADER)?;
    request.fresh(sent_at)?;
    any_fits(secrets, Sha256, &[time.as_bytes(), b".", request.body], &given)?;
    Ok(Verified { event_id: request.id_in_body("/id"), id_is_signed: true, sent_at: Some(sent_at) })
}

pub(super) fn sign(secret: &Secret, request: &Arrived<'_>) -> Result<Signed, Refused> {
    let time = (request.now.as_ms() / 1_000).to_string();
    let made = digest(secret, Sha256, &[time.as_bytes(), b".", request.body])?;
    let value = format!("t={time},v1={}", to_hex(&made));
    Ok(Signed { headers: vec![(HEADER.to_owned(), value.into_bytes())] })
}
