//! What a room is handed instead of reaching for it: time, chance, names, credentials, artefacts.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use jiff::Timestamp as Instant;
use serde::{Deserialize, Serialize};

use crate::denial::Denial;
use crate::egress::{Credential, Outgoing, Response};
use crate::ids::{ProfileKey, SecretName};
use crate::profile::CredentialReason;

/// A value that comes later; the room that implements the trait decides what drives it.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z; RFC 3339 where it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    pub const fn as_ms(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        let ms = if ms > i64::MAX as u64 { i64::MAX } else { ms as i64 };
        Self(self.0.saturating_add(ms))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Instant::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<Instant>() {
            Ok(instant) => Ok(Self(instant.as_millisecond())),
            Err(_) => Err("a time must be written as in 2026-11-22T08:30:00.000Z".to_owned()),
        }
    }
}

/// The wall clock.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes, fit for keys.
pub trait Randomness: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Name resolution. An implementation answers with every address it was given, in order.
pub trait Resolver: Send + Sync {
    fn resolve<'a>(&'a self, host: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>>;
}

/// The name does not resolve now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("the name does not exist")]
    NotFound,
    #[error("the name could not be resolved in time")]
    Unavailable,
}

/// Sealed secrets in use: the only way from a profile to what its requests need.
pub trait Credentials: Send + Sync {
    /// The credential of this profile in the form that this request needs, if it is bound to the request's origin.
    fn credential<'a>(
        &'a self,
        of: &'a ProfileKey,
        request: Outgoing<'a>,
    ) -> Later<'a, Result<Option<Credential>, CredentialError>>;

    /// The remote gave one of the statuses of `Credential::refused_with` to a request with the credential of that
    /// version. Where the answer does say that the credential was refused and there is another one now, the same request
    /// is sent once more with it. The answer's body is masked, and cut to its beginning.
    fn refused<'a>(&'a self, of: &'a ProfileKey, version: u64, answer: &'a Response) -> Later<'a, Renewal> {
        let _ = (of, version, answer);
        Box::pin(std::future::ready(Renewal::None))
    }

    /// Whether the profile holds a secret that its connector may use by handle.
    fn holds<'a>(
        &'a self,
        of: &'a ProfileKey,
        name: &'a SecretName,
    ) -> Later<'a, Result<bool, CredentialError>>;

    fn hmac<'a>(
        &'a self,
        of: &'a ProfileKey,
        name: &'a SecretName,
        algorithm: HmacAlgorithm,
        data: &'a [u8],
    ) -> Later<'a, Result<Vec<u8>, CredentialError>>;

    /// Sixteen hexadecimal characters that change with the secret.
    fn fingerprint<'a>(
        &'a self,
        of: &'a ProfileKey,
        name: &'a SecretName,
    ) -> Later<'a, Result<String, CredentialError>>;
}

/// What became of a credential that a remote refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// It was not refused, or there is no other: the answer stands.
    None,
    /// There is another one now.
    Renewed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacAlgorithm {
    Sha256,
    Sha512,
}

/// Why a credential cannot be used. Never carries any part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error(
        "the profile holds no secret named {0}; set it with `lockgate profiles credential` or `lockgate profiles secret`"
    )]
    Missing(SecretName),
    #[error("the secret {0} cannot be used with this scheme; set it again")]
    Unusable(SecretName),
    #[error(
        "the stored row of the secret {name} is not the one that was written last ({code}): it was moved, changed or put back; set it again, and find out who writes to the database"
    )]
    Tampered {
        name: SecretName,
        /// `secret_rolled_back` or `secret_damaged`.
        code: &'static str,
    },
    #[error("the secret store cannot be read")]
    Store,
    #[error("nobody has consented yet; begin with `lockgate profiles connect`")]
    NotConnected,
    #[error("the provider no longer accepts the profile's authorisation ({}, {code}); renew it with `lockgate profiles connect`, or set the credential again", reason.as_str())]
    Refused {
        reason: CredentialReason,
        /// The provider's or ours.
        code: String,
    },
    #[error("no access token could be had now ({code}); it is tried again by itself")]
    Unavailable {
        /// Why.
        code: String,
        /// The endpoint is left alone until then.
        retry_at: Option<Timestamp>,
    },
    #[error("the token endpoint may not be reached: {0}")]
    Denied(Box<Denial>),
}

/// Compiled code, kept between runs of the host. Both ways are best effort: a lost artefact is compiled again.
/// What is loaded is what was kept: an implementation authenticates it.
pub trait Artefacts: Send + Sync {
    fn load(&self, key: &str) -> Option<Vec<u8>>;
    fn keep(&self, key: &str, artefact: &[u8]);
}
