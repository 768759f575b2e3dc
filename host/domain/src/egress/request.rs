//! What a guest asks to send, what comes back, and the credential that the host adds.

use wit::{AuthScheme, Placement};

use crate::secret::Secret;

/// A request as the guest handed it over: nothing in it has been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub timeout_ms: Option<u32>,
}

/// What the remote answered: decoded, bounded, scrubbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// A credential in the form that the wire needs. Added after the gates; the guest never sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub place: CredentialPlace,
    /// The whole header value or query value.
    pub value: Secret,
    /// What must not come back, in whatever form: the secret itself, and what it was joined to.
    pub echoes: Vec<Secret>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialPlace {
    /// The header's name, lower-case.
    Header(String),
    /// The query parameter's name.
    Query(String),
}

impl CredentialPlace {
    /// Where a scheme puts its credential.
    pub fn of(scheme: &AuthScheme) -> Self {
        match scheme {
            AuthScheme::ApiKey { place: Placement::Header, name, .. } => {
                Self::Header(name.to_ascii_lowercase())
            }
            AuthScheme::ApiKey { place: Placement::Query, name, .. } => Self::Query(name.clone()),
            AuthScheme::Basic | AuthScheme::Bearer => Self::Header("authorization".to_owned()),
        }
    }
}
