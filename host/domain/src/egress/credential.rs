//! The credential as the host adds it: what it may look at, where its parts go, and what must not come back.

use std::fmt;

use url::Url;
use wit::{AuthScheme, Placement};

use super::normalise::Method;
use super::origin::Origin;
use super::permit::Wire;
use crate::secret::Secret;

/// A request as it will be written, before its credential: what a signature can cover.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    pub method: Method,
    /// What is sent, byte for byte.
    pub url: &'a Url,
    pub origin: &'a Origin,
    /// Those of the connector, names in lower case. What the host adds by itself is not among them: it is not signed.
    pub headers: &'a [(String, Vec<u8>)],
    pub body: &'a [u8],
}

impl<'a> Outgoing<'a> {
    pub fn new(wire: &'a Wire, body: &'a [u8]) -> Self {
        Self { method: wire.method(), url: wire.url(), origin: wire.origin(), headers: wire.headers(), body }
    }
}

/// A credential in the form that the wire needs. Added after the gates; the guest never sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What is set in the request, each in a place of `CredentialPlace::of` the scheme.
    pub placed: Vec<Placed>,
    /// What must not come back, in whatever form, beside the values: the secret itself, and what it was joined to.
    pub echoes: Vec<Secret>,
    /// Which stored credential it was made of, for whoever is told that the remote refused it. It is no secret.
    pub version: u64,
    /// The statuses of an answer that may say that the remote refused it. With none of these nobody is asked, and the
    /// body of the request is not kept for a second try.
    pub refused_with: Vec<u16>,
}

/// One value in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub place: CredentialPlace,
    /// The whole header value, query value or text of the field.
    pub value: Secret,
    /// Neither secret nor derived from a secret, as a date or a digest of the body is: it may be logged, and it is not
    /// masked in what comes back.
    pub open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialPlace {
    /// The header's name, lower-case.
    Header(String),
    /// The query parameter's name.
    Query(String),
    /// A member of the object that the body is.
    JsonField(String),
    /// A field of the form that the body is.
    FormField(String),
}

impl Credential {
    /// One secret value in one place.
    pub fn one(place: CredentialPlace, value: Secret, echoes: Vec<Secret>) -> Self {
        Self::of(vec![Placed::secret(place, value)], echoes)
    }

    pub fn of(placed: Vec<Placed>, echoes: Vec<Secret>) -> Self {
        Self { placed, echoes, version: 0, refused_with: Vec::new() }
    }

    /// Everything that must not come back.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let values = self.placed.iter().filter(|placed| !placed.open).map(|placed| &placed.value);
        self.echoes.iter().chain(values)
    }
}

impl Placed {
    pub fn secret(place: CredentialPlace, value: Secret) -> Self {
        Self { place, value, open: false }
    }

    pub fn open(place: CredentialPlace, value: &str) -> Self {
        Self { place, value: Secret::new(value), open: true }
    }
}

impl CredentialPlace {
    fn header(name: &str) -> Self {
        Self::Header(name.to_owned())
    }

    fn query(name: &str) -> Self {
        Self::Query(name.to_owned())
    }

    /// Where a scheme may put its credential. The guest may put nothing there.
    pub fn of(scheme: &AuthScheme) -> Vec<Self> {
        match scheme {
            AuthScheme::ApiKey { place, name, .. } => vec![match place {
                Placement::Header => Self::Header(name.to_ascii_lowercase()),
                Placement::Query => Self::Query(name.clone()),
                Placement::JsonField => Self::JsonField(name.clone()),
                Placement::FormField => Self::FormField(name.clone()),
            }],
            AuthScheme::Oauth2(oauth2) => vec![Self::Header(oauth2.header.to_ascii_lowercase())],
            AuthScheme::Basic | AuthScheme::Bearer => vec![Self::header("authorization")],
            AuthScheme::AwsSigv4 { .. } => {
                let headers = AWS_HEADERS.iter().map(|name| Self::header(name));
                headers.chain(AWS_PARAMETERS.iter().map(|name| Self::query(name))).collect()
            }
            AuthScheme::Oauth1 { .. } => {
                let parameters = OAUTH1_PARAMETERS.iter().map(|name| Self::query(name));
                [Self::header("authorization")].into_iter().chain(parameters).collect()
            }
        }
    }
}

/// Both ways to carry a signature belong to the host, so that a connector cannot make a remote look at the other one.
const AWS_HEADERS: [&str; 4] =
    ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
const AWS_PARAMETERS: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
];
const OAUTH1_PARAMETERS: [&str; 7] = [
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
    "oauth_version",
];

impl fmt::Display for CredentialPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header {name}"),
            Self::Query(name) => write!(f, "the query parameter {name}"),
            Self::JsonField(name) => write!(f, "the field {name} of the JSON body"),
            Self::FormField(name) => write!(f, "the field {name} of the form"),
        }
    }
}
