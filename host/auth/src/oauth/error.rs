//! Why there is no token, or no consent. Never carries any part of a secret, nor a text of the remote.

use domain::Denial;
use domain::profile::CredentialReason;
use store::StoreError;

use crate::scheme::SchemeError;

#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    #[error("there is no such profile any more")]
    NoProfile,
    #[error("the profile does not authenticate with OAuth 2")]
    NotOauth,
    #[error(
        "nobody has to consent to this profile: it gets its tokens by itself; check it with `lockgate profiles check`"
    )]
    NoConsent,
    #[error("nobody has consented yet; begin with `lockgate profiles connect`")]
    NotConnected,
    #[error("the client's secret or key is missing; set it with `lockgate profiles credential`")]
    NoSecret,
    #[error("too many consents are under way; wait until some have ended, or are over after ten minutes")]
    Busy,
    #[error("the link is not, or no longer, good: it works once and for ten minutes; ask for a new one")]
    Gone,
    #[error(
        "the answer came to another browser than the one that opened the link; ask for a new link and stay in one browser"
    )]
    OtherBrowser,
    #[error("the answer of the provider is not one to this request; ask for a new link")]
    BadCallback,
    #[error(
        "the answer names another provider than the connector does; ask for a new link, and find out who sent it"
    )]
    WrongIssuer,
    #[error("the provider did not consent ({0}); ask for a new link when the reason is gone")]
    Declined(String),
    #[error("the token endpoint may not be reached: {0}")]
    Denied(Denial),
    #[error("the token endpoint refused: {code}")]
    Refused { reason: CredentialReason, code: String },
    #[error("the token endpoint gave no token now ({code}); try again")]
    Unavailable { code: String, retry_after_ms: Option<u64> },
    #[error("the connector's OAuth 2 does not fit the profile's configuration: {0}")]
    Config(String),
    #[error("{0}")]
    Secret(#[from] SchemeError),
    #[error("this host cannot reach a token endpoint: it was built without a network")]
    NoNetwork,
    #[error("another credential was set meanwhile")]
    Overtaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OauthError {
    /// Stable: programs and people decide by it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProfile => "not_found",
            Self::NotOauth => "not_oauth",
            Self::NoConsent => "no_consent_wanted",
            Self::NotConnected => "not_connected",
            Self::NoSecret => "client_secret_missing",
            Self::Busy => "too_many_hand_offs",
            Self::Gone => "handoff_expired",
            Self::OtherBrowser => "other_browser",
            Self::BadCallback => "bad_callback",
            Self::WrongIssuer => "wrong_issuer",
            Self::Declined(_) => "consent_declined",
            Self::Denied(_) => "denied",
            Self::Refused { .. } => "token_refused",
            Self::Unavailable { .. } => "token_unavailable",
            Self::Config(_) => "invalid_config",
            Self::Secret(_) => "invalid_credential",
            Self::NoNetwork => "no_network",
            Self::Overtaken => "contended",
            Self::Store(error) => error.code(),
        }
    }
}
