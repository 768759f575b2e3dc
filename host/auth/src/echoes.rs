//! The forms in which a remote may send a secret back: what `egress` removes from every response.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use domain::Secret;

/// Shorter texts occur by chance, and removing them would shred honest responses.
const ECHO_BYTES_MIN: usize = 8;

/// Every form of every secret, each once, longest first, so that a form is removed before a part of it is.
pub(crate) fn echoes(secrets: &[&Secret]) -> Vec<Secret> {
    let mut forms: Vec<Secret> = Vec::new();
    for form in secrets.iter().flat_map(|secret| forms_of(secret)) {
        if form.len() >= ECHO_BYTES_MIN && !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

fn forms_of(secret: &Secret) -> Vec<Secret> {
    let bytes = secret.expose();
    let mut forms = vec![secret.clone()];
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        forms.push(Secret::new(engine.encode(bytes)));
    }
    for (digits, space) in [(UPPER, "%20"), (LOWER, "%20"), (UPPER, "+")] {
        forms.push(percent_encoded(bytes, digits, space));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        forms.extend([json_escaped(text, false), json_escaped(text, true)]);
    }
    forms
}

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

/// As in a query or in a form, where a space is a plus.
fn percent_encoded(bytes: &[u8], digits: &[u8; 16], space: &str) -> Secret {
    let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or(b'0');
    // As large as it can become, so that growing leaves no copies behind.
    let mut encoded = Vec::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte),
            b' ' => encoded.extend_from_slice(space.as_bytes()),
            _ => encoded.extend([b'%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    Secret::new(encoded)
}

/// As inside a JSON string; some writers escape the slash too.
fn json_escaped(text: &str, slash: bool) -> Secret {
    let quoted = Secret::new(serde_json::Value::from(text).to_string());
    let bytes = quoted.expose();
    let inner = bytes.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(bytes);
    let mut escaped = Vec::with_capacity(inner.len() * 2);
    for &byte in inner {
        if slash && byte == b'/' {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    Secret::new(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_there_each_once() {
        let found = echoes(&[&Secret::new("k/\"+ \u{e4}~xyz")]);
        for form in [
            "k/\"+ \u{e4}~xyz",
            "ay8iKyDDpH54eXo=",
            "ay8iKyDDpH54eXo",
            "k%2F%22%2B%20%C3%A4~xyz",
            "k%2f%22%2b%20%c3%a4~xyz",
            "k%2F%22%2B+%C3%A4~xyz",
            "k/\\\"+ \u{e4}~xyz",
            "k\\/\\\"+ \u{e4}~xyz",
        ] {
            assert!(found.contains(&Secret::new(form)), "{form}");
        }
        let plain = echoes(&[&Secret::new("plainkey1")]);
        let raw = plain.iter().filter(|form| **form == Secret::new("plainkey1")).count();
        assert_eq!(raw, 1);
    }

    #[test]
    fn a_short_secret_is_not_removed_from_every_text() {
        let found = echoes(&[&Secret::new("word")]);
        assert!(found.iter().all(|form| form.len() >= ECHO_BYTES_MIN));
        assert!(!found.contains(&Secret::new("word")));
    }

    #[test]
    fn a_longer_form_comes_before_its_parts() {
        let found = echoes(&[&Secret::new("a key of some length")]);
        assert!(found.is_sorted_by_key(|form| std::cmp::Reverse(form.len())));
    }
}
