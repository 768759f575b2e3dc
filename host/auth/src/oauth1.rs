//! OAuth 1.0a (RFC 5849) with HMAC-SHA256, as NetSuite's token-based authentication asks for it.
//!
//! The signature covers method, URL, query and the fields of a form. A body of another kind is not covered by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use domain::egress::{Credential, CredentialPlace, Outgoing};
use domain::injected::HmacAlgorithm;
use domain::parts::{InvalidParts, Parts};

use crate::encoded::{Pair, encoded, pairs};
use crate::filled::filled;
use crate::mac;
use crate::scheme::{Given, SECRET_BYTES_MIN, Scheme, SchemeError, VALUE_BYTES_MAX, line};

const METHOD: &str = "HMAC-SHA256";
const FORM: &[u8] = b"application/x-www-form-urlencoded";
const REALM_BYTES_MAX: usize = 128;
const NONCE_BYTES: usize = 16;

pub(crate) struct Oauth1 {
    pub(crate) realm: Option<String>,
    pub(crate) realm_is_account: bool,
}

/// The four parts of a credential, as text.
struct Keys<'a> {
    consumer: &'a str,
    consumer_secret: &'a str,
    token: Option<(&'a str, &'a str)>,
}

impl Scheme for Oauth1 {
    fn apply(&self, given: &Given<'_>, request: Outgoing<'_>) -> Result<Credential, SchemeError> {
        let parts = Parts::open(given.secret)?;
        let keys = Keys::of(&parts)?;
        let mut nonce = [0; NONCE_BYTES];
        given.randomness.fill(&mut nonce);
        let seconds = given.now.as_ms().div_euclid(1_000);
        let protocol = keys.protocol(&mac::hex(&nonce), seconds);
        let signature = keys.sign(&base_string(request, &protocol))?;

        let mut fields: Vec<String> = Vec::new();
        if let Some(realm) = self.realm(given)? {
            fields.push(format!("realm=\"{realm}\""));
        }
        let last = ("oauth_signature", signature.clone());
        let signed = protocol.iter().chain([&last]);
        fields.extend(signed.map(|(name, value)| format!("{name}=\"{}\"", encoded(value.bytes()))));
        let value = Secret::new(format!("OAuth {}", fields.join(", ")));
        if value.len() > VALUE_BYTES_MAX {
            return Err(SchemeError::TooLong);
        }
        let place = CredentialPlace::Header("authorization".to_owned());
        Ok(Credential::one(place, value, keys.echoes(signature)))
    }
}

impl Oauth1 {
    /// It stands between quotes in a header.
    fn realm(&self, given: &Given<'_>) -> Result<Option<String>, SchemeError> {
        let Some(named) = &self.realm else { return Ok(None) };
        let mut realm = filled(named, given.config)?;
        if self.realm_is_account {
            realm = realm.to_ascii_uppercase().replace('-', "_");
        }
        let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if realm.len() > REALM_BYTES_MAX || !realm.bytes().all(plain) {
            return Err(SchemeError::Config(named.trim_matches(['{', '}']).to_owned()));
        }
        Ok(Some(realm))
    }
}

impl<'a> Keys<'a> {
    fn of(parts: &'a Parts) -> Result<Self, SchemeError> {
        let secret = |name: &'static str| {
            let part = parts.need(name)?;
            if part.len() < SECRET_BYTES_MIN { Err(SchemeError::TooShort) } else { line(part) }
        };
        let token = match parts.get("token") {
            Some(token) => Some((line(token)?, secret("token_secret")?)),
            None if parts.get("token_secret").is_some() => return Err(InvalidParts::Missing("token").into()),
            None => None,
        };
        let consumer = line(parts.need("consumer_key")?)?;
        Ok(Self { consumer, consumer_secret: secret("consumer_secret")?, token })
    }

    /// What goes into the header and is signed with the rest, in the order of the names.
    fn protocol(&self, nonce: &str, seconds: i64) -> Vec<(&'static str, String)> {
        let mut protocol = vec![
            ("oauth_consumer_key", self.consumer.to_owned()),
            ("oauth_nonce", nonce.to_owned()),
            ("oauth_signature_method", METHOD.to_owned()),
            ("oauth_timestamp", seconds.to_string()),
        ];
        protocol.extend(self.token.map(|(token, _)| ("oauth_token", token.to_owned())));
        protocol.push(("oauth_version", "1.0".to_owned()));
        protocol
    }

    fn sign(&self, base: &str) -> Result<String, SchemeError> {
        let token_secret = self.token.map(|(_, secret)| secret).unwrap_or_default();
        let key = format!("{}&{}", encoded(self.consumer_secret.bytes()), encoded(token_secret.bytes()));
        let digest = mac::hmac(&Secret::new(key), HmacAlgorithm::Sha256, base.as_bytes());
        Ok(STANDARD.encode(digest.map_err(|_| SchemeError::Key)?))
    }

    /// The two keys are names rather than secrets; they are masked where they are long enough to be told from chance.
    fn echoes(&self, signature: String) -> Vec<Secret> {
        let (token, token_secret) = self.token.unzip();
        let all = [Some(self.consumer), Some(self.consumer_secret), token, token_secret, Some(&signature)];
        let long = all.into_iter().flatten().filter(|echo| echo.len() >= SECRET_BYTES_MIN);
        long.map(Secret::new).collect()
    }
}

/// RFC 5849, section 3.4.1.
fn base_string(request: Outgoing<'_>, protocol: &[(&'static str, String)]) -> String {
    let mut all: Vec<Pair> = pairs(request.url.query().unwrap_or_default().as_bytes());
    let is_form = request.headers.iter().any(|(name, value)| {
        let named = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        name == "content-type" && named.eq_ignore_ascii_case(FORM)
    });
    if is_form {
        all.extend(pairs(request.body));
    }
    all.extend(protocol.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())));
    let mut all: Vec<(String, String)> =
        all.into_iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    all.sort_unstable();
    let all: Vec<String> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let origin = request.origin;
    let url = format!("{}://{}{}", origin.scheme().as_str(), origin.authority(), request.url.path());
    let parameters = all.join("&");
    format!("{}&{}&{}", request.method.as_str(), encoded(url.bytes()), encoded(parameters.bytes()))
}

#[cfg(test)]
mod tests;
