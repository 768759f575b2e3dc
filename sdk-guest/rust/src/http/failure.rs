//! How an exchange failed, and what that means for the one who asked.

use std::fmt;

use crate::{Denial, Error};

/// Why there is no response.
///
/// `?` turns it into an [`Error`] of the right class.
///
/// ```
/// use lockgate_sdk::http::{Failure, FailureKind, Request, SendError, with_transport};
/// use lockgate_sdk::Error;
///
/// let cut_off = || Err(SendError::Failed(Failure::new(FailureKind::Timeout, true, "no answer in 10 s")));
///
/// // Reading again does no harm: it may work later.
/// let read = with_transport(move |_| cut_off(), || Request::get("https://a.example/orders").send());
/// assert!(matches!(read.map_err(Error::from), Err(Error::Transient(_))));
///
/// // Whether the order exists now, nobody knows.
/// let write = with_transport(move |_| cut_off(), || Request::post("https://a.example/orders").send());
/// assert!(matches!(write.map_err(Error::from), Err(Error::Ambiguous(_))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The host refused the request: it was not sent.
    Denied(Denial),
    /// The exchange did not complete.
    Failed(Failure),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => denial.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for SendError {}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Denied(denial) => Self::Denied(denial),
            SendError::Failed(failure) => failure.into(),
        }
    }
}

/// An exchange that did not complete.
///
/// ```
/// use lockgate_sdk::Error;
/// use lockgate_sdk::http::{Failure, FailureKind};
///
/// let refused = Failure::new(FailureKind::Connect, false, "connection refused");
/// assert!(matches!(Error::from(refused), Error::Transient(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, coarsely.
    pub kind: FailureKind,
    /// Whether the remote may have received the request.
    pub sent: bool,
    /// For people.
    pub message: String,
    repeatable: bool,
}

impl Failure {
    /// A failure, for a native transport to answer with.
    ///
    /// ```
    /// use lockgate_sdk::http::{Failure, FailureKind};
    ///
    /// assert!(Failure::new(FailureKind::Timeout, true, "no answer in 10 s").sent);
    /// ```
    pub fn new(kind: FailureKind, sent: bool, message: impl Into<String>) -> Self {
        Self { kind, sent, message: message.into(), repeatable: false }
    }

    pub(super) fn settled(self, repeatable: bool) -> Self {
        Self { repeatable, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let message = failure.to_string();
        match failure.kind {
            // The size of an answer does not change by asking again. Whether a name or a certificate does, only the host
            // can tell apart, and it does not try again where it cannot help.
            FailureKind::TooLarge => Self::Permanent(message),
            _ if !failure.sent || failure.repeatable => Self::Transient(message),
            _ => Self::Ambiguous(message),
        }
    }
}

/// How an exchange failed. Coarse on purpose: a connector cannot map the host's network with it.
///
/// ```
/// use lockgate_sdk::http::FailureKind;
///
/// assert_eq!(FailureKind::Tls.to_string(), "no trusted connection");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The name does not resolve.
    Name,
    /// No connection.
    Connect,
    /// No trusted connection: certificate, name or version.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer is larger than the host allows.
    TooLarge,
    /// The answer is not valid HTTP or its encoding is broken.
    BadResponse,
    /// Anything else.
    Other,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the name does not resolve",
            Self::Connect => "no connection",
            Self::Tls => "no trusted connection",
            Self::Timeout => "no answer in time",
            Self::TooLarge => "the answer is too large",
            Self::BadResponse => "the answer is broken",
            Self::Other => "the exchange failed",
        })
    }
}
