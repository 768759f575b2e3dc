//! What went wrong, for whoever called: one shape for every room below. The only place where their errors meet.

use domain::{Blame, Timestamp};

/// What to do about an error, coarsely. The server turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input is wrong.
    Invalid,
    /// Larger than it may be.
    TooLarge,
    /// It can be read, and a rule refuses it.
    Refused,
    /// No such thing, or not yours: the two look the same.
    NotFound,
    /// It collides with what is there.
    Conflict,
    /// Too much at once; later it may work.
    Busy,
    /// There is no room for one more, until something is removed.
    OverQuota,
    /// Too much at once: it may be tried again in a moment.
    TooMany,
    /// What it depends on does not work now; it is tried again by itself.
    Dependency,
    /// The token is missing or wrong.
    Unauthenticated,
    /// The token may not do this.
    Forbidden,
    /// The connector did not do its part.
    Guest,
    /// The system at the other end did not do its part.
    Remote,
    /// Lockgate did not do its part.
    Internal,
}

/// An error of the host: a stable code for programs, a sentence for people, and who has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What to do about it.
    pub kind: Kind,
    /// Stable; the API documents it.
    pub code: &'static str,
    /// Who has to act.
    pub blame: Blame,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// Before this it is not worth trying again; none where nobody knows, or time alone does not help.
    pub until: Option<Timestamp>,
}

impl Error {
    /// An error of the caller's making.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        let blame = match kind {
            Kind::Internal | Kind::Busy => Blame::Host,
            Kind::Guest => Blame::Guest,
            Kind::Remote => Blame::Remote,
            _ => Blame::Operator,
        };
        Self { kind, code, blame, message: message.into(), until: None }
    }

    /// The same answer for what is not there and for what belongs to somebody else.
    pub(crate) fn not_found(what: &str, name: &dyn std::fmt::Display) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("there is no {what} {name}"))
    }
}
