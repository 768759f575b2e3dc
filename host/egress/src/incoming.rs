//! The answer as it is read: framed honestly, within its caps, in time.

use std::time::Duration;

use domain::egress::Response;
use domain::exchange::SendFailure;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use tokio::time::{Instant, timeout_at};

use crate::decode::{DecodeError, Decoder};
use crate::failure;
use crate::options::EgressOptions;

/// Encoded bytes that a body may have beyond its decoded cap: headers of the coding itself, no more.
const CODING_OVERHEAD_BYTES: usize = 64 << 10;

/// Refuses a head that no honest remote sends.
pub(crate) fn check_head(response: &reqwest::Response, options: &EgressOptions) -> Result<(), SendFailure> {
    if response.status().as_u16() < 200 {
        return Err(failure::bad_response("it changes the protocol"));
    }
    let headers = response.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > options.response_headers_max || bytes > options.response_header_bytes_max {
        return Err(failure::bad_response("its headers are too many or too large"));
    }
    // Two framings at once are how one answer is smuggled behind another.
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(failure::bad_response("it states its length in two ways"));
    }
    Ok(())
}

pub(crate) struct Bounds {
    /// For decoded bytes.
    pub(crate) bytes_max: usize,
    pub(crate) idle: Duration,
    pub(crate) deadline: Instant,
}

/// Reads and decodes the body. `bodyless` is what the method alone says; some statuses say it too.
pub(crate) async fn read(
    mut response: reqwest::Response,
    bodyless: bool,
    bounds: &Bounds,
) -> Result<Response, SendFailure> {
    let status = response.status().as_u16();
    let bodyless = bodyless || matches!(status, 204 | 304);
    let mut decoder =
        if bodyless { Decoder::plain(0) } else { decoder(response.headers(), bounds.bytes_max)? };
    let plain = matches!(decoder, Decoder::Plain(_));
    let wire_max =
        if plain { bounds.bytes_max } else { bounds.bytes_max.saturating_add(CODING_OVERHEAD_BYTES) };
    if !bodyless && response.content_length().is_some_and(|length| length > wire_max as u64) {
        return Err(failure::too_large(bounds.bytes_max));
    }
    let mut wire_bytes: usize = 0;
    while let Some(piece) = next(&mut response, bounds).await? {
        wire_bytes = wire_bytes.saturating_add(piece.len());
        // Members that decode to nothing would otherwise go on for ever.
        if wire_bytes > wire_max {
            return Err(failure::too_large(bounds.bytes_max));
        }
        decoder.push(&piece).map_err(|error| undecodable(error, bounds))?;
    }
    let body = if wire_bytes == 0 {
        Vec::new()
    } else {
        decoder.finish().map_err(|error| undecodable(error, bounds))?
    };
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    Ok(Response { status, headers, body })
}

async fn next(
    response: &mut reqwest::Response,
    bounds: &Bounds,
) -> Result<Option<bytes::Bytes>, SendFailure> {
    let until = bounds.deadline.min(Instant::now() + bounds.idle);
    match timeout_at(until, response.chunk()).await {
        Ok(Ok(piece)) => Ok(piece),
        Ok(Err(error)) => Err(failure::of_body(&error)),
        Err(_) => Err(failure::timeout(true, "send its answer")),
    }
}

/// The host asks for gzip or nothing; whoever answers with something else has not listened.
fn decoder(headers: &HeaderMap, bytes_max: usize) -> Result<Decoder, SendFailure> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let coding = codings.next().map_or(&b""[..], |value| value.as_bytes()).trim_ascii();
    let unknown = || failure::bad_response("its content coding is not gzip");
    if codings.next().is_some() {
        return Err(unknown());
    }
    match coding.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(Decoder::plain(bytes_max)),
        b"gzip" | b"x-gzip" => Ok(Decoder::gzip(bytes_max)),
        _ => Err(unknown()),
    }
}

fn undecodable(error: DecodeError, bounds: &Bounds) -> SendFailure {
    match error {
        DecodeError::TooLarge => failure::too_large(bounds.bytes_max),
        DecodeError::Broken => failure::bad_response("its gzip is broken or cut short"),
    }
}
