//! What every way to authenticate has in common: a secret goes in, what the wire needs comes out.

use domain::egress::{Credential, Method, Origin, Outgoing};
use domain::parts::{InvalidParts, Parts, wanted};
use domain::{Randomness, Secret, Timestamp};
use serde_json::Value;
use wit::{AuthScheme, Placement};

use crate::api_key::ApiKey;
use crate::aws_sigv4::AwsSigv4;
use crate::basic::Basic;
use crate::bearer::Bearer;
use crate::oauth1::Oauth1;

/// The longest value that is sent: common servers refuse more than 8 KiB in one header.
pub const VALUE_BYTES_MAX: usize = 8 << 10;

/// The shortest secret. A shorter text occurs by chance, so it could not be masked in what comes back without
/// shredding honest answers; and it is guessed soon.
pub const SECRET_BYTES_MIN: usize = 8;

/// What a profile holds for its scheme, and what a scheme needs beside it.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// A plain value, or the text of several parts: the scheme knows which.
    pub secret: &'a Secret,
    pub user: Option<&'a str>,
    /// The profile's configuration, for what a scheme takes from it.
    pub config: &'a Value,
    pub now: Timestamp,
    pub randomness: &'a dyn Randomness,
}

/// One way to authenticate.
pub trait Scheme: Send + Sync {
    /// What this request needs.
    fn apply(&self, given: &Given<'_>, request: Outgoing<'_>) -> Result<Credential, SchemeError>;
}

/// Why a value cannot be used with its scheme. Never carries any part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    #[error("the credential is empty; give one")]
    Empty,
    #[error(
        "the secret is shorter than {SECRET_BYTES_MIN} bytes, which can neither be masked in answers nor withstand guessing; use a longer one"
    )]
    TooShort,
    #[error("the credential is longer than a server accepts; use at most {VALUE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the credential has a line break or another control character; copy it again without it")]
    Control,
    #[error("the credential begins or ends with a space; copy it again without it")]
    OuterSpace,
    #[error("the credential has a space; a bearer token has none")]
    Space,
    #[error("the credential has characters outside ASCII, which a header cannot carry; copy it again")]
    NotAscii,
    #[error("the credential is not UTF-8 text")]
    NotText,
    #[error("basic authentication needs a user; give one with the credential")]
    NoUser,
    #[error("the user has a colon or a control character; basic authentication cannot carry it")]
    User,
    #[error("the connector's name or prefix for the key cannot be sent; its author must change the manifest")]
    Manifest,
    #[error(
        "the credential is no private key in PEM that fits the connector's algorithm; RSA of at least 2048 bits, or P-256 in PKCS #8"
    )]
    PrivateKey,
    #[error("the access key id has characters other than letters, digits and `-_.`; copy it again")]
    KeyId,
    #[error("the secret cannot be the key of a signature; set it again")]
    Key,
    #[error(transparent)]
    Parts(#[from] InvalidParts),
    #[error(
        "the configuration has no usable text {0:?}, which the scheme takes from it; set it in the profile's configuration"
    )]
    Config(String),
}

/// The scheme that a manifest names.
pub fn scheme(named: &AuthScheme) -> Box<dyn Scheme> {
    match named {
        AuthScheme::ApiKey { place, name, prefix } => {
            Box::new(ApiKey { place: *place, name: name.clone(), prefix: prefix.clone() })
        }
        AuthScheme::Basic => Box::new(Basic),
        AuthScheme::Bearer => Box::new(Bearer),
        // Its access token goes into a header like any key.
        AuthScheme::Oauth2(oauth2) => Box::new(ApiKey {
            place: Placement::Header,
            name: oauth2.header.clone(),
            prefix: oauth2.prefix.clone(),
        }),
        AuthScheme::AwsSigv4 { region, service, unsigned_payload, in_query } => Box::new(AwsSigv4 {
            region: region.clone(),
            service: service.clone(),
            unsigned_payload: *unsigned_payload,
            in_query: *in_query,
        }),
        AuthScheme::Oauth1 { realm, realm_is_account } => {
            Box::new(Oauth1 { realm: realm.clone(), realm_is_account: *realm_is_account })
        }
    }
}

/// Whether a credential can be used, to be asked before it is stored: it is tried on a request that is never sent.
pub fn check_credential(
    named: &AuthScheme,
    user: Option<&str>,
    config: &Value,
    secret: &Secret,
) -> Result<(), SchemeError> {
    // What is stored is not what is sent: it gets the token that is.
    if let AuthScheme::Oauth2(oauth2) = named {
        return crate::oauth::check_secret(oauth2, secret).and_then(|()| check_secret(secret));
    }
    let origin: Origin = EXAMPLE.parse().map_err(|_| SchemeError::Manifest)?;
    let url = EXAMPLE.parse().map_err(|_| SchemeError::Manifest)?;
    let request = Outgoing { method: Method::Post, url: &url, origin: &origin, headers: &[], body: b"{}" };
    let given = Given { secret, user, config, now: Timestamp::from_ms(0), randomness: &Never };
    scheme(named).apply(&given, request)?;
    let parts = wanted(named);
    if parts.is_empty() {
        return check_secret(secret);
    }
    Ok(Parts::open(secret)?.check(parts)?)
}

/// Nobody is there.
const EXAMPLE: &str = "https://host.invalid";

/// What is signed with it goes nowhere.
struct Never;

impl Randomness for Never {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Whether a secret that is only used by handle can be kept. Its bytes may be any.
pub fn check_secret(secret: &Secret) -> Result<(), SchemeError> {
    if secret.is_empty() {
        Err(SchemeError::Empty)
    } else if secret.len() < SECRET_BYTES_MIN {
        Err(SchemeError::TooShort)
    } else {
        Ok(())
    }
}

/// The secret as text that is safe in a header: one line, no space at either end.
pub(crate) fn header_text(secret: &Secret) -> Result<&str, SchemeError> {
    let text = line(secret)?;
    if text.is_ascii() { Ok(text) } else { Err(SchemeError::NotAscii) }
}

/// The secret as text of one line: what could split a request, or is a mistake in copying, is refused.
pub(crate) fn line(secret: &Secret) -> Result<&str, SchemeError> {
    if secret.is_empty() {
        return Err(SchemeError::Empty);
    }
    if secret.len() > VALUE_BYTES_MAX {
        return Err(SchemeError::TooLong);
    }
    let text = std::str::from_utf8(secret.expose()).map_err(|_| SchemeError::NotText)?;
    if text.chars().any(char::is_control) {
        return Err(SchemeError::Control);
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(SchemeError::OuterSpace);
    }
    Ok(text)
}

/// For the tests of schemes that do not look at the request.
#[cfg(test)]
pub(crate) fn applied_to_any(
    scheme: &dyn Scheme,
    user: Option<&str>,
    secret: &str,
) -> Result<Credential, SchemeError> {
    let (origin, url) = (EXAMPLE.parse().unwrap(), EXAMPLE.parse().unwrap());
    let request = Outgoing { method: Method::Get, url: &url, origin: &origin, headers: &[], body: &[] };
    let secret = &Secret::new(secret);
    let (config, now) = (&Value::Null, Timestamp::from_ms(0));
    scheme.apply(&Given { secret, user, config, now, randomness: &Never }, request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(secret: impl Into<Vec<u8>>) -> Result<(), SchemeError> {
        check_credential(&AuthScheme::Bearer, None, &Value::Null, &Secret::new(secret))
    }

    #[test]
    fn what_could_split_a_request_or_was_copied_badly_is_refused() {
        assert_eq!(bearer("pat-eu1-1234"), Ok(()));
        assert_eq!(bearer(""), Err(SchemeError::Empty));
        assert_eq!(bearer("a"), Err(SchemeError::TooShort));
        assert_eq!(bearer("1234567"), Err(SchemeError::TooShort));
        assert_eq!(bearer("12345678"), Ok(()));
        assert_eq!(check_secret(&Secret::new("1234567")), Err(SchemeError::TooShort));
        assert_eq!(
            check_secret(&Secret::new(b"\x00\n34567\xff")),
            Ok(()),
            "a key for signatures is any bytes"
        );
        assert_eq!(bearer("a".repeat(VALUE_BYTES_MAX + 1)), Err(SchemeError::TooLong));
        for control in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\u{7f}b", "a\tb", "token\n"] {
            assert_eq!(bearer(control), Err(SchemeError::Control), "{control:?}");
        }
        assert_eq!(bearer(" token"), Err(SchemeError::OuterSpace));
        assert_eq!(bearer("two words"), Err(SchemeError::Space));
        assert_eq!(bearer("tökén"), Err(SchemeError::NotAscii));
        assert_eq!(bearer(vec![0xff, 0xfe, 0xfd]), Err(SchemeError::NotText));
    }

    #[test]
    fn an_error_says_nothing_of_the_value() {
        let error = bearer("hunter2 hunter2").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
