//! What every scheme works with: the request, its headers read strictly, and digests compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use domain::hook::TOLERANCE_MS;
use domain::injected::HmacAlgorithm;
use domain::{Secret, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha512};

/// More signatures in one header than any sender has secrets.
pub(super) const SIGNATURES_MAX: usize = 16;
const EVENT_ID_BYTES_MAX: usize = 256;
const BODY_DEPTH_MAX: usize = 64;

/// A request as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// In capitals.
    pub method: &'a str,
    /// The whole public URL, as the sender knows it.
    pub uri: &'a str,
    pub headers: &'a [(String, Vec<u8>)],
    pub body: &'a [u8],
    pub now: Timestamp,
}

/// A request whose signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The sender's own name of the event.
    pub event_id: Option<String>,
    /// Whether the signature covers that name: one that it does not cover may have been changed on the way.
    pub id_is_signed: bool,
    /// When it was sent, where the signature says so.
    pub sent_at: Option<Timestamp>,
}

/// Headers that make a request a signed one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Which check failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the header {0} is missing")]
    Missing(String),
    #[error("the header {0} is given more than once")]
    Twice(String),
    #[error("the header {0} is not written as the scheme says")]
    Malformed(String),
    #[error("the request was sent {0} s ago, which is too long")]
    TooOld(u64),
    #[error("the request says that it was sent {0} s from now; look at the clocks")]
    TooNew(u64),
    #[error("no signature fits; the secret differs, or the request was changed on its way")]
    NoMatch,
    #[error("the hook's secret cannot be used with its scheme; set it again")]
    BadSecret,
    #[error(
        "the hook has the public half of the sender's key and can sign nothing with it; let the sender send a test"
    )]
    PublicOnly,
}

impl Refused {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "signature_missing",
            Self::Twice(_) => "header_twice",
            Self::Malformed(_) => "signature_malformed",
            Self::TooOld(_) => "too_old",
            Self::TooNew(_) => "too_new",
            Self::NoMatch => "signature_wrong",
            Self::BadSecret | Self::PublicOnly => "secret_unusable",
        }
    }
}

impl Arrived<'_> {
    /// A header that stands there once, in visible ASCII.
    pub(super) fn header(&self, name: &str) -> Result<&str, Refused> {
        self.optional(name)?.ok_or_else(|| Refused::Missing(name.to_owned()))
    }

    pub(super) fn optional(&self, name: &str) -> Result<Option<&str>, Refused> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let Some((_, value)) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            // Two readers may each believe another one.
            return Err(Refused::Twice(name.to_owned()));
        }
        match std::str::from_utf8(value) {
            Ok(text) if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => Ok(Some(text)),
            _ => Err(Refused::Malformed(name.to_owned())),
        }
    }

    /// The name of an event in a header that the signature does not cover; an odd one counts as none.
    pub(super) fn id_in_header(&self, name: &str) -> Option<String> {
        let id = self.optional(name).ok().flatten()?;
        fits_as_id(id).then(|| id.to_owned())
    }

    /// The name of an event in the body.
    pub(super) fn id_in_body(&self, pointer: &str) -> Option<String> {
        let bounds = domain::json::Bounds { bytes: self.body.len(), depth: BODY_DEPTH_MAX };
        let body = domain::json::parse(self.body, bounds).ok()?;
        let id = match body.pointer(pointer)? {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => return None,
        };
        fits_as_id(&id).then_some(id)
    }

    /// Whether a time that the request claims is near enough.
    pub(super) fn fresh(&self, sent_at: Timestamp) -> Result<(), Refused> {
        let (ago_ms, ahead_ms) = (self.now.ms_since(sent_at), sent_at.ms_since(self.now));
        if ago_ms > TOLERANCE_MS {
            return Err(Refused::TooOld(ago_ms / 1_000));
        }
        if ahead_ms > TOLERANCE_MS {
            return Err(Refused::TooNew(ahead_ms / 1_000));
        }
        Ok(())
    }
}

fn fits_as_id(text: &str) -> bool {
    (1..=EVENT_ID_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Digits alone: no sign, no space, no fraction. Sixteen of them reach far beyond any year that matters.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    let plain = (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Seconds since 1970.
pub(super) fn seconds(text: &str, header: &str) -> Result<Timestamp, Refused> {
    let at = whole_number(text).and_then(|seconds| seconds.checked_mul(1_000));
    at.map(Timestamp::from_ms).ok_or_else(|| Refused::Malformed(header.to_owned()))
}

pub(super) fn milliseconds(text: &str, header: &str) -> Result<Timestamp, Refused> {
    whole_number(text).map(Timestamp::from_ms).ok_or_else(|| Refused::Malformed(header.to_owned()))
}

/// Whether one of these digests of the pieces, under one of the keys, is the right one. Compared in constant time, and
/// every pair is compared whatever the ones before came to.
pub(super) fn any_fits(
    keys: &[Secret],
    algorithm: HmacAlgorithm,
    pieces: &[&[u8]],
    given: &[Vec<u8>],
) -> Result<(), Refused> {
    let mut fits = false;
    for key in keys {
        for digest in given {
            fits |= one_fits(key, algorithm, pieces, digest);
        }
    }
    if fits { Ok(()) } else { Err(Refused::NoMatch) }
}

fn one_fits(key: &Secret, algorithm: HmacAlgorithm, pieces: &[&[u8]], digest: &[u8]) -> bool {
    match algorithm {
        HmacAlgorithm::Sha256 => Hmac::<Sha256>::new_from_slice(key.expose()).is_ok_and(|mut mac| {
            pieces.iter().for_each(|piece| mac.update(piece));
            mac.verify_slice(digest).is_ok()
        }),
        HmacAlgorithm::Sha512 => Hmac::<Sha512>::new_from_slice(key.expose()).is_ok_and(|mut mac| {
            pieces.iter().for_each(|piece| mac.update(piece));
            mac.verify_slice(digest).is_ok()
        }),
    }
}

/// The digest of the pieces, for a sample that the host sends to itself.
pub(super) fn digest(key: &Secret, algorithm: HmacAlgorithm, pieces: &[&[u8]]) -> Result<Vec<u8>, Refused> {
    crate::mac::hmac(key, algorithm, &pieces.concat()).map_err(|_| Refused::BadSecret)
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = text.as_bytes().chunks(2);
    if text.is_empty() || text.len() > 256 {
        return None;
    }
    pairs
        .map(|pair| if let &[high, low] = pair { Some(nibble(high)? << 4 | nibble(low)?) } else { None })
        .collect()
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 256 { None } else { STANDARD.decode(text).ok() }
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A key that is written in base64, with or without its padding.
pub(super) fn key_from_base64(text: &[u8]) -> Option<Secret> {
    let bytes = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?;
    (!bytes.is_empty()).then(|| Secret::new(bytes))
}
