//! The types of events: words that stay, because programs at the other end decide by them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum EventKind {
            $($(#[$doc])* $name),+
        }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word),+
                }
            }
        }
    };
}

kinds! {
    ProfileStatusChanged = "profile.status_changed",
    /// It ends within a fortnight.
    CredentialExpiring = "credential.expiring",
    CredentialExpired = "credential.expired",
    CredentialRotationDue = "credential.rotation_due",
    CredentialRotated = "credential.rotated",
    RunFailed = "run.failed",
    RunBlocked = "run.blocked",
    /// All those of one run together.
    DeadLetterCreated = "dead_letter.created",
    ConnectorVersionRolledBack = "connector.version_rolled_back",
    /// It failed for too long.
    SubscriptionDisabled = "event_subscription.disabled",
    /// Somebody wants to see one arrive.
    SubscriptionTest = "event_subscription.test",
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no event type {0:?}; use one of {list}", list = list())]
pub struct UnknownKind(String);

fn list() -> String {
    EventKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let shown = || UnknownKind(text.chars().take(80).collect());
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(shown)
    }
}

impl TryFrom<String> for EventKind {
    type Error = UnknownKind;

    fn try_from(text: String) -> Result<Self, UnknownKind> {
        text.parse()
    }
}

impl From<EventKind> for String {
    fn from(kind: EventKind) -> Self {
        kind.as_str().to_owned()
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
