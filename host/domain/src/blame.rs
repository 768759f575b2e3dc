//! Who has to act on a failure.

use serde::{Deserialize, Serialize};

/// On every failure, so that an operator knows whom to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The connector's code.
    Guest,
    /// Lockgate or its machine.
    Host,
    /// The system at the other end.
    Remote,
    /// Configuration, credentials or policy.
    Operator,
}

impl Blame {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
            Self::Remote => "remote",
            Self::Operator => "operator",
        }
    }
}
