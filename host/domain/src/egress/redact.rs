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
const HARMLESS: [&str; 5] = ["idempotency-key", "country-code", "currency-code", "status-code", "zip-code"];

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

fn bytes(value: &[u8]) -> String {
    let start = value.get(..VALUE_BYTES_MAX * 4).unwrap_or(value);
    inert(&String::from_utf8_lossy(start), VALUE_BYTES_MAX)
}

#[cfg(test)]
mod tests;
