//! Finds what is sensitive by its name in texts, headers and URLs, and leaves every other byte as it is.
//!
//! Replay compares bytes, so nothing is parsed and written again: `"token" : "x"` keeps its spaces. The shape is kept as
//! well: `null`, `true`, an empty text and a small number say nothing and stay, because connectors decide by them.

use std::borrow::Cow;

use super::bytes::Bytes;
use crate::egress::redact::{is_sensitive, is_sensitive_member, string_bytes, value_bytes};

pub(super) const MASK: &str = "***";
/// Shorter numbers are counts and flags.
const NUMBER_DIGITS_MIN: usize = 6;

/// A name of a query or a form without its percent-encoding.
fn decoded(name: &str) -> Cow<'_, str> {
    url::form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(name), |(name, _)| name)
}

/// A text with its sensitive members blanked.
pub(super) fn blank_json(text: &str) -> String {
    members(text, &mut |_| MASK.to_owned())
}

pub(super) fn blank_form(form: &str) -> String {
    let field = |field: &str| match field.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_sensitive_member(&decoded(name)) => {
            format!("{name}={MASK}")
        }
        _ => field.to_owned(),
    };
    form.split('&').map(field).collect::<Vec<_>>().join("&")
}

pub(super) fn blank_header(name: &str, value: &Bytes) -> Bytes {
    if is_sensitive(name) && !value.0.is_empty() { Bytes::from(MASK) } else { value.clone() }
}

/// A URL with its user information and the sensitive values of its query blanked. It may be no URL at all.
pub(super) fn blank_url(url: &str) -> String {
    let (front, fragment) = match url.split_once('#') {
        Some((front, fragment)) => (front, Some(fragment)),
        None => (url, None),
    };
    let (path, query) = match front.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (front, None),
    };
    let mut blank = without_user(path).into_owned();
    if let Some(query) = query {
        let field = |field: &str| match field.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_sensitive(&decoded(name)) => {
                format!("{name}={MASK}")
            }
            _ => field.to_owned(),
        };
        blank.push('?');
        blank.push_str(&query.split('&').map(field).collect::<Vec<_>>().join("&"));
    }
    if let Some(fragment) = fragment {
        blank.push('#');
        blank.push_str(fragment);
    }
    blank
}

fn without_user(path: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = path.split_once("://") else { return Cow::Borrowed(path) };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => Cow::Owned(format!("{scheme}://{MASK}@{host}{rest}")),
        None => Cow::Borrowed(path),
    }
}

/// Replaces each text and each long number under a sensitive name. `instead` is given what stands between the quotes, or
/// the digits, and answers with plain letters and digits.
pub(super) fn members(text: &str, instead: &mut dyn FnMut(&str) -> String) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        let (before, string) = rest.split_at(at);
        let (name, after) = string.split_at(string_bytes(string));
        written.push_str(before);
        written.push_str(name);
        rest = after;
        let Some(behind) = after.trim_start().strip_prefix(':') else { continue };
        if !is_sensitive_member(name.trim_matches('"')) {
            continue;
        }
        let value = behind.trim_start();
        let (between, _) = after.split_at(after.len() - value.len());
        let (value, after) = value.split_at(value_bytes(value));
        written.push_str(between);
        leaves(value, instead, &mut written);
        rest = after;
    }
    written.push_str(rest);
    written
}

/// Replaces every text and every long number of one value; names of members stay.
fn leaves(value: &str, instead: &mut dyn FnMut(&str) -> String, written: &mut String) {
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (string, after) = rest.split_at(string_bytes(rest));
            let inner = string.get(1..string.len().saturating_sub(1)).unwrap_or_default();
            if after.trim_start().starts_with(':') || inner.is_empty() {
                written.push_str(string);
            } else {
                written.push('"');
                written.push_str(&instead(inner));
                written.push('"');
            }
            rest = after;
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, after) = rest.split_at(end);
            if digits.len() < NUMBER_DIGITS_MIN {
                written.push_str(digits);
            } else {
                // A number stays one, so that what reads it goes on.
                written.push_str(&as_number(&instead(digits), digits.len()));
            }
            rest = after;
        } else {
            written.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
}

fn as_number(stand_in: &str, digits: usize) -> String {
    let kept: String = stand_in.chars().filter(char::is_ascii_digit).take(digits.saturating_sub(1)).collect();
    format!("9{kept:0>width$}", width = digits.saturating_sub(1))
}
