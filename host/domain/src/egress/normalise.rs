//! The first gate: one parse, one spelling. What is judged is byte for byte what is sent.
//!
//! Two programs that read one URL differently are the oldest way around a filter. So nothing is repaired: a URL whose
//! path is not already in its canonical form, or that hides a separator behind an encoding, is refused.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::origin::{InvalidOrigin, Origin, has_plain_port};
use super::request::Request;
use crate::denial::{Denial, Gate};

pub(super) const URL_BYTES_MAX: usize = 8 << 10;

/// Parameters that one framework or another takes for the method. No manifest can declare them: a request that is to
/// delete something is a DELETE, under a scope that says so.
const METHOD_OVERRIDES: [&str; 6] =
    ["_method", "_httpmethod", "x-http-method", "x-http-method-override", "x-method-override", "$httpmethod"];

/// The methods that a connector may use. `CONNECT` and `TRACE` are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// The text is none of the known methods, written in upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a method is one of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS, in upper case")]
pub struct UnknownMethod;

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// Whether it only reads, so that a redirect may repeat it.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        match text {
            "GET" => Ok(Self::Get),
            "HEAD" => Ok(Self::Head),
            "POST" => Ok(Self::Post),
            "PUT" => Ok(Self::Put),
            "PATCH" => Ok(Self::Patch),
            "DELETE" => Ok(Self::Delete),
            "OPTIONS" => Ok(Self::Options),
            _ => Err(UnknownMethod),
        }
    }
}

/// Method, URL and origin in the one form in which they are judged and sent.
pub(super) fn request(request: &Request) -> Result<(Method, Url, Origin), Denial> {
    let method = method(&request.method)?;
    let (url, origin) = url(&request.url)?;
    Ok((method, url, origin))
}

pub(super) fn method(text: &str) -> Result<Method, Denial> {
    text.parse().map_err(|UnknownMethod| {
        refuse("the method is not one that a connector may use", &UnknownMethod.to_string())
    })
}

/// Parses a URL once and refuses every spelling that another program could read differently.
pub(super) fn url(text: &str) -> Result<(Url, Origin), Denial> {
    if text.len() > URL_BYTES_MAX {
        return Err(refuse("the URL is longer than 8 KiB", "put data into the body"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(refuse(
            "the URL contains white space, a control character or a backslash",
            "percent-encode what belongs to the URL",
        ));
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(|| {
        refuse("the URL is not absolute", "write it as https://host/path, with a scheme and a host")
    })?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(Denial::new(Gate::Scheme, "only https and http leave the host", "use an https URL"));
    }
    if rest.contains('#') {
        return Err(refuse("the URL has a fragment", "leave it out: a fragment is never sent"));
    }
    let (target, query) = rest.split_once('?').map_or((rest, None), |(target, query)| (target, Some(query)));
    let authority_end = target.find('/').unwrap_or(target.len());
    let (authority, path) = target.split_at(authority_end);
    check_authority(authority)?;
    let path = if path.is_empty() { "/" } else { path };
    check_path(path)?;

    let url = Url::parse(text).map_err(|_| refuse("the URL cannot be parsed", "check its host and port"))?;
    let origin = Origin::of(&url).map_err(|error| match error {
        InvalidOrigin::Scheme => Denial::new(Gate::Scheme, error.to_string(), "use an https URL"),
        _ => refuse("the URL has no plain host and port", &error.to_string()),
    })?;
    if url.path() != path {
        return Err(refuse(
            "the path is not in its canonical form",
            "percent-encode every character that is not allowed in a path",
        ));
    }
    if url.as_str().len() > URL_BYTES_MAX {
        return Err(refuse("the URL is longer than 8 KiB", "put data into the body"));
    }
    if query.is_some() && overrides_method(&url) {
        return Err(refuse(
            "the query asks the remote to take the request for another method",
            "use that method itself, under a scope that covers it",
        ));
    }
    Ok((url, origin))
}

fn check_authority(authority: &str) -> Result<(), Denial> {
    if authority.contains('@') {
        return Err(refuse("the URL carries a user", "leave it out: the host adds the profile's credential"));
    }
    // The URL standard would decode percent signs and, for an empty authority, take the host from the path.
    if authority.is_empty() || authority.contains('%') {
        return Err(refuse(
            "the URL has no plain host",
            "write the host in letters, digits, hyphens and dots",
        ));
    }
    if !has_plain_port(authority) {
        return Err(refuse(
            "the URL has no plain port",
            "write a number from 1 to 65535 without leading zeros",
        ));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), Denial> {
    if path.contains(';') {
        return Err(refuse(
            "the path contains a semicolon",
            "servers disagree on path parameters: use the query",
        ));
    }
    if path.contains("//") {
        return Err(refuse("the path contains an empty segment", "write a single slash"));
    }
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(refuse("the path contains a dot segment", "write the path that is meant"));
    }
    let decoded = decode(path.as_bytes()).ok_or_else(|| {
        refuse("the path contains a broken percent-encoding", "write `%25` for a percent sign")
    })?;
    if decoded.iter().any(|byte| byte.hidden && is_separator(byte.value)) {
        return Err(refuse(
            "the path hides a slash, dot, backslash, semicolon or control character behind an encoding",
            "send it in the query or the body",
        ));
    }
    let once: Vec<u8> = decoded.into_iter().map(|byte| byte.value).collect();
    if std::str::from_utf8(&once).is_err() {
        return Err(refuse("the path is not UTF-8 when decoded", "encode text as UTF-8"));
    }
    if is_encoded_twice(&once) {
        return Err(refuse("the path is encoded twice", "encode it once"));
    }
    Ok(())
}

/// A byte of a decoded path, and whether an encoding had hidden it.
struct Decoded {
    value: u8,
    hidden: bool,
}

/// Decodes once; none where a percent sign is not followed by two hexadecimal digits.
fn decode(path: &[u8]) -> Option<Vec<Decoded>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            let value = hex(*bytes.next()?)? << 4 | hex(*bytes.next()?)?;
            decoded.push(Decoded { value, hidden: true });
        } else {
            decoded.push(Decoded { value: byte, hidden: false });
        }
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What gives a path its shape, or what a careless server cuts it at.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\' | b'.' | b';') || byte.is_ascii_control()
}

/// Whether decoding the decoded path once more would bring out a separator or a percent sign.
fn is_encoded_twice(once: &[u8]) -> bool {
    once.windows(3).any(|window| match window {
        [b'%', high, low] => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => is_separator(high << 4 | low) || (high << 4 | low) == b'%',
            _ => false,
        },
        _ => false,
    })
}

/// Frameworks that let a query parameter replace the method would carry a request past a method rule.
fn overrides_method(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| is_method_override(&name))
}

/// Whether a parameter of this name replaces the method, in a query or in a form.
pub(super) fn is_method_override(name: &str) -> bool {
    METHOD_OVERRIDES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn refuse(reason: &str, remedy: &str) -> Denial {
    Denial::new(Gate::Normalise, reason, remedy)
}

#[cfg(test)]
mod tests;
