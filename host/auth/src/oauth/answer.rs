//! What a token endpoint said: tokens, a refusal for good, or nothing for now.

use std::collections::{BTreeMap, BTreeSet};

use domain::egress::Response;
use domain::json::{self, Bounds};
use domain::retry::asked;
use domain::{Secret, Timestamp};
use serde_json::{Map, Value};
use wit::Oauth2;

use crate::scheme::{SECRET_BYTES_MIN, VALUE_BYTES_MAX};

const BOUNDS: Bounds = Bounds { bytes: 256 << 10, depth: 16 };
const CODE_BYTES_MAX: usize = 64;
const SCOPES_MAX: usize = 256;
const SCOPE_BYTES_MAX: usize = 256;
/// What a system may say of how long a token lives: a century is for ever.
const LIFETIME_S_MAX: f64 = 3_155_760_000.0;

/// Codes after which nothing but a person helps. The last ones are Slack's.
const DEFINITIVE: [&str; 8] = [
    "invalid_grant",
    "invalid_client",
    "unauthorized_client",
    "invalid_refresh_token",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "bad_client_secret",
];

/// New tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Granted {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    /// As the answer says it.
    pub(crate) lifetime_ms: Option<u64>,
    /// None where the answer does not say: then it is as requested.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// What the manifest wants kept in the configuration, by property.
    pub(crate) saved: BTreeMap<String, Value>,
}

/// No tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoTokens {
    /// The provider said no; asking again changes nothing.
    Definitive { code: String },
    /// Later it may.
    Passing { code: String, retry_after_ms: Option<u64> },
}

/// Reads an answer. `token_member` names where the token stands.
pub(crate) fn read(scheme: &Oauth2, response: &Response, now: Timestamp) -> Result<Granted, NoTokens> {
    let status = response.status;
    let passing = |code: String| {
        let retry_after_ms = asked::wait_ms(&response.headers, status == 429, now);
        NoTokens::Passing { code, retry_after_ms }
    };
    if matches!(status, 408 | 425 | 429 | 500..=599) {
        return Err(passing(format!("http_{status}")));
    }
    let members = members(response);
    let error = members.get("error").and_then(|error| match error {
        Value::String(code) => Some(code.as_str()),
        // Some nest it.
        Value::Object(inner) => inner.get("code").or_else(|| inner.get("type")).and_then(Value::as_str),
        _ => None,
    });
    let said_no = members.get("ok") == Some(&Value::Bool(false));
    if said_no || error.is_some() || !(200..300).contains(&status) {
        let code = error.map_or_else(|| format!("http_{status}"), plain);
        return Err(if DEFINITIVE.contains(&code.as_str()) {
            NoTokens::Definitive { code }
        } else {
            passing(code)
        });
    }
    let member = scheme.exchange.as_ref().map_or("access_token", |exchange| exchange.token_member.as_str());
    let access = members.get(member).and_then(token).ok_or_else(|| passing("no_token".to_owned()))?;
    let saved = scheme.save_token.iter().filter_map(|(member, property)| {
        let value = members.get(member).filter(|value| value.is_string() || value.is_number())?;
        Some((property.clone(), value.clone()))
    });
    Ok(Granted {
        access,
        refresh: members.get("refresh_token").and_then(token),
        lifetime_ms: members.get("expires_in").and_then(seconds).map(|s| (s * 1_000.0) as u64),
        scopes: members.get("scope").or_else(|| members.get("scopes")).and_then(|it| scopes(it, scheme)),
        saved: saved.collect(),
    })
}

/// JSON, or the form that a few old systems answer with. Anything else has no members.
fn members(response: &Response) -> Map<String, Value> {
    let content_type = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let is_form =
        content_type.is_some_and(|(_, value)| value.starts_with(b"application/x-www-form-urlencoded"));
    if is_form && response.body.len() <= BOUNDS.bytes {
        let pairs = url::form_urlencoded::parse(&response.body).take(64);
        return pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
    }
    match json::parse(&response.body, BOUNDS) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// One line that a header can carry, and that can be masked in answers.
fn token(value: &Value) -> Option<Secret> {
    let text = value.as_str()?;
    let fits = (SECRET_BYTES_MIN..=VALUE_BYTES_MAX).contains(&text.len());
    (fits && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))).then(|| Secret::new(text))
}

/// A number, or the text of one.
fn seconds(value: &Value) -> Option<f64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.filter(|seconds: &f64| seconds.is_finite()).map(|seconds| seconds.clamp(0.0, LIFETIME_S_MAX))
}

/// A list, or a text of names with spaces, commas or the scheme's own sign between them.
fn scopes(value: &Value, scheme: &Oauth2) -> Option<BTreeSet<String>> {
    let separator = scheme.scope_separator.chars().next().unwrap_or(' ');
    let names: Vec<&str> = match value {
        Value::String(text) => text.split([' ', ',', separator]).collect(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let good = |name: &&str| {
        (1..=SCOPE_BYTES_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic())
    };
    Some(names.into_iter().filter(good).take(SCOPES_MAX).map(str::to_owned).collect())
}

/// A code of the remote, as far as it is one.
fn plain(code: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if code.is_empty() || code.len() > CODE_BYTES_MAX || !code.chars().all(fits) {
        return "other".to_owned();
    }
    code.to_ascii_lowercase()
}

/// A code of the callback, shown to people.
pub(crate) fn callback_code(code: &str) -> String {
    plain(code)
}
