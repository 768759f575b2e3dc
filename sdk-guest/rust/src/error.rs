//! Why something did not succeed: the cases of the contract's `error`, which decide what the host does next.

use std::fmt;

use crate::bindings::connector::lockgate::connector::types as wire;

/// Longer messages are cut: they end in run records, which are read by people.
const MESSAGE_CHARS: usize = 1_000;

/// Why an action, a check or a poll did not succeed.
///
/// The case is what counts: the host retries, waits, degrades the profile or buries the record by it.
///
/// ```
/// use lockgate_sdk::Error;
///
/// let error = Error::invalid("the amount is negative");
/// assert_eq!(error, Error::Invalid("the amount is negative".to_owned()));
/// assert_eq!(error.to_string(), "invalid: the amount is negative");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The input is wrong: never retried, a dead letter at once.
    Invalid(String),
    /// The credentials no longer work: the profile is degraded.
    AuthRequired(String),
    /// The remote has no such thing.
    NotFound(String),
    /// The remote holds a conflicting state.
    Conflict(String),
    /// The remote asked to slow down; milliseconds to wait, if it said so.
    RateLimited(Option<u64>),
    /// The host refused a request that was needed.
    Denied(Denial),
    /// May work later.
    Transient(String),
    /// The request was sent and its outcome is unknown.
    Ambiguous(String),
    /// Will not work later either.
    Permanent(String),
}

impl Error {
    /// The input is wrong.
    ///
    /// ```
    /// # use lockgate_sdk::Error;
    /// assert!(matches!(Error::invalid("no e-mail address"), Error::Invalid(_)));
    /// ```
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// May work later.
    ///
    /// ```
    /// # use lockgate_sdk::Error;
    /// assert!(matches!(Error::transient("the export is not ready"), Error::Transient(_)));
    /// ```
    pub fn transient(message: impl Into<String>) -> Self {
        Self::Transient(message.into())
    }

    /// Will not work later either.
    ///
    /// ```
    /// # use lockgate_sdk::Error;
    /// assert!(matches!(Error::permanent("the account is closed"), Error::Permanent(_)));
    /// ```
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::Permanent(message.into())
    }

    /// An action, trigger or hook that the connector does not have.
    ///
    /// ```
    /// # use lockgate_sdk::Error;
    /// let error = Error::unknown("action", "fly");
    /// assert_eq!(error.to_string(), "permanent: this connector has no action \"fly\"");
    /// ```
    pub fn unknown(what: &str, name: &str) -> Self {
        Self::Permanent(format!("this connector has no {what} {name:?}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(message) => write!(f, "invalid: {message}"),
            Self::AuthRequired(message) => write!(f, "authentication required: {message}"),
            Self::NotFound(message) => write!(f, "not found: {message}"),
            Self::Conflict(message) => write!(f, "conflict: {message}"),
            Self::RateLimited(Some(wait_ms)) => write!(f, "rate limited: wait {wait_ms} ms"),
            Self::RateLimited(None) => write!(f, "rate limited"),
            Self::Denied(denial) => write!(f, "denied: {denial}"),
            Self::Transient(message) => write!(f, "transient: {message}"),
            Self::Ambiguous(message) => write!(f, "ambiguous: {message}"),
            Self::Permanent(message) => write!(f, "permanent: {message}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Error> for wire::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(message) => Self::Invalid(cut(message)),
            Error::AuthRequired(message) => Self::AuthRequired(cut(message)),
            Error::NotFound(message) => Self::NotFound(cut(message)),
            Error::Conflict(message) => Self::Conflict(cut(message)),
            Error::RateLimited(wait_ms) => Self::RateLimited(wait_ms),
            Error::Denied(Denial { gate, reason, remedy }) => {
                Self::Denied(wire::Denial { gate, reason, remedy })
            }
            Error::Transient(message) => Self::Transient(cut(message)),
            Error::Ambiguous(message) => Self::Ambiguous(cut(message)),
            Error::Permanent(message) => Self::Permanent(cut(message)),
        }
    }
}

fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// The host said no, and why.
///
/// ```
/// use lockgate_sdk::{Denial, Error};
///
/// let denial = Denial {
///     gate: "scope".to_owned(),
///     reason: "no granted scope covers POST /v1/invoices".to_owned(),
///     remedy: "grant `invoices:write`".to_owned(),
/// };
/// let error = Error::from(denial);
/// assert!(error.to_string().contains("grant `invoices:write`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The gate that refused, for instance `hosts` or `scope`.
    pub gate: String,
    /// What was refused, in one sentence.
    pub reason: String,
    /// The line of policy that would allow it, or what to do instead.
    pub remedy: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.reason, self.gate, self.remedy)
    }
}

impl std::error::Error for Denial {}

impl From<wire::Denial> for Denial {
    fn from(wire::Denial { gate, reason, remedy }: wire::Denial) -> Self {
        Self { gate, reason, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let wire::Error::Permanent(message) = Error::permanent("é".repeat(5_000)).into() else {
            panic!("the case changed on its way");
        };
        assert_eq!(message.chars().count(), MESSAGE_CHARS + 1);
        assert!(message.ends_with('…'));
    }

    #[test]
    fn a_denial_keeps_its_three_parts() {
        let denial = Denial { gate: "hosts".into(), reason: "not granted".into(), remedy: "grant it".into() };
        let wire::Error::Denied(denied) = Error::from(denial).into() else {
            panic!("the case changed on its way");
        };
        assert_eq!((&*denied.gate, &*denied.reason, &*denied.remedy), ("hosts", "not granted", "grant it"));
    }
}
