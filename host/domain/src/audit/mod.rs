//! What happened, to what, by whom: the entries of the audit chains, and how a chain is continued and verified.
//!
//! A verb that changes something says so with a [`Happening`], and the store turns it into an [`Entry`] in the very
//! commit that makes the change. **To audit a new verb**: add its words to [`Verb`], make a `Happening`, and commit
//! through `store::Change` (in `lockgate`: `Tenant::change`, `Host::change`). The rows that people decide about can be
//! written through nothing else.
//!
//! An entry has the names of the fields that changed and never a value: names are `&'static str` here, so what a
//! caller sent cannot become one.

mod encode;
mod verb;
mod verify;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::connector::ConnectorRef;
use crate::ids::{
    DeadLetterId, Digest, EntryDigest, FlowName, HookId, ProfileName, ReplayJobId, RunId, SecretName,
    SubscriptionName, TenantId, TokenId,
};
use crate::injected::Timestamp;
use crate::text::inert;

pub use verb::Verb;
pub use verify::{Break, Verifier, Wrong};

/// The outcome of what was done as it was meant.
pub const COMPLETED: &str = "completed";

const NAME_BYTES_MAX: usize = 256;
const CODE_CHARS_MAX: usize = 64;

/// Whose history: each has its own numbers and its own key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// What concerns one tenant.
    Tenant(TenantId),
    /// What concerns the host: the tokens.
    Host,
}

/// Who caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever holds this API token.
    Token(TokenId),
    /// The program that embeds the host.
    Library,
    /// The schedule of a flow.
    Schedule,
    /// The host by itself.
    Host,
}

/// What it was done to: a noun, and a name that no caller can make long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    pub noun: String,
    pub name: String,
}

/// What is to become an entry; its number and its digest follow from the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    at: Timestamp,
    actor: Actor,
    verb: Verb,
    subject: Subject,
    changed: Vec<&'static str>,
    outcome: String,
}

/// One entry of a chain. It holds words, not the types of today, so that it can be verified by every later version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1, without gaps.
    pub number: u64,
    pub at: Timestamp,
    /// `token:ID`, `library`, `schedule` or `host`.
    pub actor: String,
    /// What happened, as `profile.granted`.
    pub verb: String,
    pub subject: Subject,
    /// Names of fields, never their values.
    pub changed: Vec<String>,
    /// `completed`, or the code of the failure.
    pub outcome: String,
    /// The digest of the entry before; none for the first.
    pub previous: Option<EntryDigest>,
    /// Keyed, over everything above and the name of the chain.
    pub digest: EntryDigest,
}

/// Where a chain ends. Noted elsewhere, it proves later that nothing up to it was changed or taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub number: u64,
    pub digest: EntryDigest,
}

/// A chain's keyed digest of some bytes.
pub type Keyed<'a> = &'a dyn Fn(&[u8]) -> EntryDigest;

// === impl Chain, Actor ===

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(tenant) => write!(f, "tenant:{tenant}"),
            Self::Host => f.write_str("host"),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(f, "token:{id}"),
            Self::Library => f.write_str("library"),
            Self::Schedule => f.write_str("schedule"),
            Self::Host => f.write_str("host"),
        }
    }
}

impl FromStr for Actor {
    type Err = crate::ids::InvalidId;

    /// As it was written: for work that somebody began and that ends later.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "library" => Self::Library,
            "schedule" => Self::Schedule,
            "host" => Self::Host,
            token => Self::Token(token.strip_prefix("token:").unwrap_or(token).parse()?),
        })
    }
}

// === impl Subject ===

impl Subject {
    pub fn connector(of: &ConnectorRef) -> Self {
        Self::new("connector", &of.to_string())
    }

    /// A component that has no name yet.
    pub fn component(digest: &Digest) -> Self {
        Self::new("component", digest.as_str())
    }

    /// The tenant's own, of which there is one list.
    pub fn signers() -> Self {
        Self::new("policy", "signers")
    }

    pub fn profile(name: &ProfileName) -> Self {
        Self::new("profile", name.as_str())
    }

    pub fn secret(profile: &ProfileName, name: &SecretName) -> Self {
        Self::new("secret", &format!("{profile}/{name}"))
    }

    pub fn action(profile: &ProfileName, action: &str) -> Self {
        Self::new("action", &format!("{profile}/{action}"))
    }

    pub fn flow(name: &FlowName) -> Self {
        Self::new("flow", name.as_str())
    }

    pub fn hook(id: &HookId) -> Self {
        Self::new("hook", id.as_str())
    }

    pub fn run(flow: &FlowName, id: &RunId) -> Self {
        Self::new("run", &format!("{flow}/{id}"))
    }

    pub fn dead_letter(id: &DeadLetterId) -> Self {
        Self::new("dead_letter", id.as_str())
    }

    pub fn subscription(name: &SubscriptionName) -> Self {
        Self::new("event_subscription", name.as_str())
    }

    /// Those of one tenant, many at once.
    pub fn dead_letters(tenant: &TenantId) -> Self {
        Self::new("dead_letters", tenant.as_str())
    }

    pub fn replay_job(id: &ReplayJobId) -> Self {
        Self::new("replay", id.as_str())
    }

    pub fn token(id: &TokenId) -> Self {
        Self::new("token", id.as_str())
    }

    pub fn tenant(id: &TenantId) -> Self {
        Self::new("tenant", id.as_str())
    }

    fn new(noun: &str, name: &str) -> Self {
        Self { noun: noun.to_owned(), name: inert(name, NAME_BYTES_MAX) }
    }
}

// === impl Happening ===

impl Happening {
    /// Something that was done as it was meant.
    pub fn new(at: Timestamp, actor: Actor, verb: Verb, subject: Subject) -> Self {
        Self { at, actor, verb, subject, changed: Vec::new(), outcome: COMPLETED.to_owned() }
    }

    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The names of the fields that it changed.
    #[must_use]
    pub fn changing(mut self, fields: &[&'static str]) -> Self {
        self.changed = fields.to_vec();
        self
    }

    /// It was tried and failed with this code. A text that is no code of ours is not kept.
    #[must_use]
    pub fn failed(mut self, code: &str) -> Self {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let ours = !code.is_empty() && code.len() <= CODE_CHARS_MAX && code.chars().all(plain);
        self.outcome = if ours && code != COMPLETED { code.to_owned() } else { "other".to_owned() };
        self
    }
}

// === impl Entry, Head ===

impl Entry {
    /// The entry that follows `head` in its chain.
    pub fn following(head: Option<&Head>, chain: &Chain, happening: Happening, keyed: Keyed<'_>) -> Self {
        let Happening { at, actor, verb, subject, changed, outcome } = happening;
        let mut entry = Self {
            number: head.map_or(0, |head| head.number).saturating_add(1),
            at,
            actor: actor.to_string(),
            verb: verb.as_str().to_owned(),
            subject,
            changed: changed.into_iter().map(str::to_owned).collect(),
            outcome,
            previous: head.map(|head| head.digest.clone()),
            digest: EntryDigest::from_bytes([0; 32]),
        };
        entry.digest = keyed(&entry.encoded(chain));
        entry
    }

    /// The head of a chain that ends with this entry.
    pub fn as_head(&self) -> Head {
        Head { number: self.number, digest: self.digest.clone() }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.digest)
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a head is written as NUMBER:DIGEST, as `lockgate audit verify` prints it".to_owned();
        let (number, digest) = text.split_once(':').ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        if number == 0 {
            return Err(wrong());
        }
        Ok(Self { number, digest: digest.parse().map_err(|_| wrong())? })
    }
}

#[cfg(test)]
mod tests;
