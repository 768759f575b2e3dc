//! The answer as it is read: framed honestly, within its caps, in time.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use domain::FailureCode;
use domain::egress::{Permit, Response, Wire};
use domain::exchange::SendFailure;
use http::Version;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http::response::Parts;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::decode::{DecodeError, Decoder};
use crate::failure::{self, sent};
use crate::options::EgressOptions;

/// Encoded bytes that a body may have beyond its decoded ones: headers of the coding itself, no more. Members that
/// decode to nothing would otherwise cost the host seconds for a few megabytes.
const CODING_OVERHEAD_BYTES: usize = 64 << 10;

/// A head that an honest remote may send.
#[derive(Debug)]
pub(crate) struct Head {
    parts: Parts,
    /// What method and status say: whatever the headers promise, no body belongs to this answer.
    bodyless: bool,
}

impl Head {
    pub(crate) fn check(
        parts: Parts,
        permit: &Permit<Wire>,
        options: &EgressOptions,
    ) -> Result<Self, SendFailure> {
        match parts.status.as_u16() {
            ..200 => return Err(sent(FailureCode::ProtocolSwitch)),
            // No proxy was asked, and nobody logs in to a portal here.
            407 | 511 => return Err(sent(FailureCode::ProxyAnswer)),
            600.. => return Err(sent(FailureCode::BadHead)),
            _ => {}
        }
        let headers = &parts.headers;
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers.len() > options.response_headers_max || bytes > options.response_header_bytes_max {
            return Err(sent(FailureCode::HeadTooLarge));
        }
        check_framing(headers)?;
        let bodyless =
            permit.method() == domain::egress::Method::Head || matches!(parts.status.as_u16(), 204 | 304);
        Ok(Self { parts, bodyless })
    }

    pub(crate) fn status(&self) -> u16 {
        self.parts.status.as_u16()
    }

    pub(crate) fn header(&self, name: http::header::HeaderName) -> Option<&[u8]> {
        self.parts.headers.get(name).map(|value| value.as_bytes())
    }

    /// Without its body.
    pub(crate) fn bare(&self) -> Response {
        let headers = self.parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        Response { status: self.status(), headers: headers.collect(), body: Vec::new() }
    }

    /// Whether the next answer on this connection can only begin where this one ends. A remote that promises a body
    /// where none belongs may send one.
    pub(crate) fn ends_clearly(&self) -> bool {
        let headers = &self.parts.headers;
        let chunked = headers.contains_key(TRANSFER_ENCODING);
        let length = headers.get(CONTENT_LENGTH);
        self.parts.version == Version::HTTP_11
            && match (self.bodyless, self.status()) {
                (true, 204) => !chunked && length.is_none_or(|length| length == "0"),
                (true, _) => !chunked,
                (false, _) => chunked || length.is_some(),
            }
    }
}

/// Two framings at once are how one answer is smuggled behind another, and so is one that can be read in two ways.
fn check_framing(headers: &HeaderMap) -> Result<(), SendFailure> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (codings.next(), lengths.next()) {
        (Some(_), Some(_)) => Err(sent(FailureCode::ConflictingFraming)),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => match codings.next() {
            None => Ok(()),
            Some(_) => Err(sent(FailureCode::BadFraming)),
        },
        (Some(_), None) => Err(sent(FailureCode::BadFraming)),
        (None, Some(_)) if lengths.next().is_some() => Err(sent(FailureCode::ConflictingFraming)),
        (None, Some(length)) if is_plain_number(length.as_bytes()) => Ok(()),
        (None, Some(_)) => Err(sent(FailureCode::BadFraming)),
        (None, None) => Ok(()),
    }
}

fn is_plain_number(text: &[u8]) -> bool {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits && (text.len() == 1 || text.first() != Some(&b'0'))
}

pub(crate) struct Bounds {
    /// For decoded bytes.
    pub(crate) bytes_max: usize,
    pub(crate) idle: Duration,
    pub(crate) deadline: Instant,
}

/// Reads and decodes the body.
pub(crate) async fn read(head: &Head, mut body: Incoming, bounds: &Bounds) -> Result<Response, SendFailure> {
    let mut decoder =
        if head.bodyless { Decoder::plain(0) } else { decoder(&head.parts.headers, bounds.bytes_max)? };
    let plain = matches!(decoder, Decoder::Plain(_));
    let wire_max =
        if plain { bounds.bytes_max } else { bounds.bytes_max.saturating_add(CODING_OVERHEAD_BYTES) };
    let length = body.size_hint().exact();
    if !head.bodyless && length.is_some_and(|length| length > wire_max as u64) {
        return Err(sent(FailureCode::TooLarge));
    }
    if plain && !head.bodyless {
        decoder.expect(length);
    }
    let mut wire_bytes: usize = 0;
    while let Some(piece) = next(&mut body, bounds).await? {
        wire_bytes = wire_bytes.saturating_add(piece.len());
        if wire_bytes > wire_max {
            return Err(sent(FailureCode::TooLarge));
        }
        decoder.push(&piece).map_err(undecodable)?;
        if wire_bytes > decoder.decoded_bytes().saturating_add(CODING_OVERHEAD_BYTES) {
            return Err(sent(FailureCode::BadEncoding));
        }
    }
    let body = if wire_bytes == 0 { Vec::new() } else { decoder.finish().map_err(undecodable)? };
    Ok(Response { body, ..head.bare() })
}

/// The next piece of data. Trailers end the body and are nobody's.
async fn next(body: &mut Incoming, bounds: &Bounds) -> Result<Option<Bytes>, SendFailure> {
    loop {
        let until = bounds.deadline.min(Instant::now() + bounds.idle);
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        match timeout_at(until, frame).await {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(frame))) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
            Ok(Some(Err(error))) => return Err(failure::of_body(&error)),
            Err(_) => return Err(failure::late(FailureCode::IdleTimeout, until, bounds.deadline, true)),
        }
    }
}

/// The host asks for gzip or nothing; whoever answers with something else has not listened.
fn decoder(headers: &HeaderMap, bytes_max: usize) -> Result<Decoder, SendFailure> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let coding = codings.next().map_or(&b""[..], |value| value.as_bytes()).trim_ascii();
    if codings.next().is_some() {
        return Err(sent(FailureCode::UnknownEncoding));
    }
    match coding.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(Decoder::plain(bytes_max)),
        b"gzip" | b"x-gzip" => Ok(Decoder::gzip(bytes_max)),
        _ => Err(sent(FailureCode::UnknownEncoding)),
    }
}

fn undecodable(error: DecodeError) -> SendFailure {
    sent(match error {
        DecodeError::TooLarge => FailureCode::TooLarge,
        DecodeError::TooDense => FailureCode::TooDense,
        DecodeError::Broken => FailureCode::BadEncoding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(headers: &[(&'static str, &'static str)]) -> Result<(), FailureCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        check_framing(&map).map_err(|failure| failure.code)
    }

    #[test]
    fn one_length_in_one_spelling_or_chunks() {
        for fine in [
            &[][..],
            &[("content-length", "0")],
            &[("content-length", "18446744073709551615")],
            &[("transfer-encoding", "chunked")],
            &[("transfer-encoding", "Chunked")],
        ] {
            assert_eq!(framing(fine), Ok(()), "{fine:?}");
        }
        for length in ["+5", "-5", "05", "0005", "5, 5", "5,5", "0x10", "5 ", "", "5.0", "1e3"] {
            let found = framing(&[("content-length", length)]);
            // The header's own white space is gone before anybody sees it.
            let expected = if length == "5 " { found } else { Err(FailureCode::BadFraming) };
            assert_eq!(found, expected, "{length:?}");
        }
        for coding in ["chunked, chunked", "identity", "gzip, chunked", "chunked, identity", "xchunked", ""] {
            assert_eq!(framing(&[("transfer-encoding", coding)]), Err(FailureCode::BadFraming), "{coding:?}");
        }
        for two in [
            [("content-length", "5"), ("content-length", "5")],
            [("content-length", "5"), ("content-length", "6")],
            [("content-length", "5"), ("transfer-encoding", "chunked")],
        ] {
            assert_eq!(framing(&two), Err(FailureCode::ConflictingFraming), "{two:?}");
        }
    }
}
