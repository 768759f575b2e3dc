//! What may be remembered of an exchange: bounded, printable, without secrets.

use url::Url;

use crate::text::inert;

const URL_BYTES_MAX: usize = 2 << 10;
const HEADERS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;
const VALUE_BYTES_MAX: usize = 256;
const METHOD_BYTES_MAX: usize = 16;
const MASK: &str = "***";

/// Words that make a header or a query parameter sensitive wherever they stand between hyphens and underscores.
const SENSITIVE_WORDS: [&str; 22] = [
    "apikey",
    "auth",
    "authorization",
    "authentication",
    "code",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "nonce",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "session",
    "sig",
    "signature",
    "token",
    "assertion",
];

/// Names that contain such a word and are not secret.
const HARMLESS: [&str; 6] =
    ["idempotency-key", "x-idempotency-key", "country-code", "currency-code", "status-code", "zip-code"];

/// A URL with its sensitive query values masked; `also` names more parameters, the credential's.
pub fn url(url: &Url, also: &[&str]) -> String {
    let mut shown = url.clone();
    // A judged URL has none; one that was refused may.
    if !url.username().is_empty() || url.password().is_some() {
        let masked = shown.set_username(MASK).and_then(|()| shown.set_password(None));
        if masked.is_err() {
            return MASK.to_owned();
        }
    }
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let masked = is_sensitive(&name) || also.iter().any(|also| name.eq_ignore_ascii_case(also));
                (name.into_owned(), if masked { MASK.to_owned() } else { value.into_owned() })
            })
            .collect();
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    inert(shown.as_str(), URL_BYTES_MAX)
}

/// The URL of a request that may be no URL at all.
pub fn raw_url(raw: &str) -> String {
    let start: String = raw.chars().take(URL_BYTES_MAX).collect();
    match Url::parse(&start) {
        Ok(parsed) if parsed.has_host() => url(&parsed, &[]),
        // Nobody can say where a secret begins in it, so only what stands before a query is shown.
        _ => {
            let plain = start.split(['?', '#']).next().unwrap_or_default();
            match plain.rsplit_once('@') {
                Some((_, after)) => inert(&format!("{MASK}@{after}"), URL_BYTES_MAX),
                None => inert(plain, URL_BYTES_MAX),
            }
        }
    }
}

/// Headers with sensitive values masked; `also` names one more header, the credential's, in lower case.
pub fn headers(headers: &[(String, Vec<u8>)], also: Option<&str>) -> Vec<(String, String)> {
    headers
        .iter()
        .take(HEADERS_MAX)
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let masked = is_sensitive(&name) || also == Some(name.as_str());
            let value = if masked { MASK.to_owned() } else { bytes(value) };
            (inert(&name, NAME_BYTES_MAX), value)
        })
        .collect()
}

pub(crate) fn method(raw: &str) -> String {
    inert(raw, METHOD_BYTES_MAX)
}

/// Whether a value under this name is to be taken for a secret.
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    if HARMLESS.contains(&name.as_str()) {
        return false;
    }
    let squeezed: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| SENSITIVE_WORDS.contains(&word))
        || ["apikey", "accesskey", "secret", "token", "password", "signature"]
            .iter()
            .any(|end| squeezed.ends_with(end))
}

/// The beginning of a body that is text, with the values of sensitive members masked; none of anything else.
///
/// It reads text that may be cut off, so it looks for names and does not parse: what stands under a name that says
/// nothing, or in a text within a text, is not found out.
pub fn body(bytes: &[u8], media_type: Option<&str>, bytes_max: usize) -> Option<String> {
    let start = bytes.get(..bytes_max).unwrap_or(bytes);
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // Only the last character may be cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.is_empty() || text.contains('\0') {
        return None;
    }
    let is_form = media_type.is_some_and(|kind| kind.trim().starts_with("application/x-www-form-urlencoded"));
    let masked = if is_form { masked_fields(text) } else { masked_members(text) };
    Some(inert(&masked, bytes_max))
}

fn masked_fields(form: &str) -> String {
    let field = |field: &str| match field.split_once('=') {
        Some((name, _)) if is_sensitive_member(name) => format!("{name}={MASK}"),
        _ => field.to_owned(),
    };
    form.split('&').map(field).collect::<Vec<_>>().join("&")
}

fn masked_members(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        let (before, string) = rest.split_at(at);
        let (name, after) = string.split_at(string_bytes(string));
        masked.push_str(before);
        masked.push_str(name);
        rest = after;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        if let Some(value) = value.filter(|_| is_sensitive_member(name.trim_matches('"'))) {
            masked.push_str(&format!(":\"{MASK}\""));
            rest = value.split_at(value_bytes(value)).1;
        }
    }
    masked.push_str(rest);
    masked
}

/// How long the string is that begins here, quotes included; all of it where it does not end.
pub(crate) fn string_bytes(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long the value is that begins here: a string, a list or an object whole, anything else up to what ends it.
pub(crate) fn value_bytes(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.as_bytes().first() {
            Some(b'"') => at += string_bytes(rest),
            Some(b'[' | b'{') => {
                depth += 1;
                at += 1;
            }
            Some(b']' | b'}') if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            Some(b',' | b']' | b'}') if depth == 0 => return at,
            _ => {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Names that are sensitive in a header and plain words in a body: an error has a `code`, a record has a `key`.
const PLAIN_IN_BODIES: [&str; 6] = ["auth", "code", "key", "nonce", "session", "sig"];

pub(crate) fn is_sensitive_member(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let plain = lower == last || !lower.contains("api");
    is_sensitive(&camel_apart(name)) && !(plain && PLAIN_IN_BODIES.contains(&last))
}

/// `accessToken` as `access-token`.
fn camel_apart(name: &str) -> String {
    let mut apart = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && apart.ends_with(|before: char| before.is_ascii_lowercase()) {
            apart.push('-');
        }
        apart.push(c);
    }
    apart
}

fn bytes(value: &[u8]) -> String {
    let start = value.get(..VALUE_BYTES_MAX * 4).unwrap_or(value);
    inert(&String::from_utf8_lossy(start), VALUE_BYTES_MAX)
}

#[cfg(test)]
mod tests;
