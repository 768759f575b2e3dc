//! What another version of a connector asks for, beside the one that a profile uses: the difference for people, and
//! whether somebody has to consent to it.
//!
//! Asking for less, or for the same in other words, needs nobody. Asking for anything that the version in use could not
//! do needs consent, also under the name of a scope that was granted: a name is not a right, its rules are.

mod adopt;
mod rights;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connector::{Connector, ConnectorRef};
use crate::ids::Digest;
use crate::manifest::{self, ConfigError};

pub use adopt::{NotAdopted, adopt};
use rights::Rights;

/// How a request changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Added,
    Widened,
    Narrowed,
    Removed,
}

/// What kind of thing is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An origin.
    Host,
    /// A named set of wire rules.
    Scope,
    /// A secret that it uses by handle.
    Secret,
    /// A way to authenticate.
    Auth,
    /// An interface of the host.
    Capability,
}

/// One thing that is requested otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub direction: Direction,
    pub subject: Subject,
    pub name: String,
    /// The rules that came, with `+`, and those that went, with `-`.
    pub lines: Vec<String>,
}

/// All that is requested otherwise, from one version to another, for the configuration of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    pub from: ConnectorRef,
    pub to: ConnectorRef,
    /// Of the component that would be used. A version never changes; this is for whoever wants to be sure.
    pub component: Digest,
    pub changes: Vec<Change>,
}

/// What another version of `old` would request for a profile with this configuration.
pub fn diff(old: &Connector, new: &Connector, config: &Value) -> Result<Diff, ConfigError> {
    let filled = manifest::config(&new.manifest, config.clone())?;
    let before = Rights::of(old, config)?;
    let after = Rights::of(new, &filled)?;
    let reference = |of: &Connector| ConnectorRef { name: of.name.clone(), version: of.version.clone() };
    Ok(Diff {
        from: reference(old),
        to: reference(new),
        component: new.digest.clone(),
        changes: before.changes(&after),
    })
}

impl Diff {
    /// Whether it lets the connector do anything that it could not ask for before.
    pub fn asks_more(&self) -> bool {
        self.changes.iter().any(|change| change.direction.is_more())
    }

    /// Stands for exactly this difference: consent to one that was shown is no consent to another.
    pub fn digest(&self) -> Digest {
        // Its own serialisation has one spelling: the lists are in order and there is no map.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    fn added(&self, subject: Subject) -> impl Iterator<Item = &str> {
        let added = move |change: &&Change| change.direction == Direction::Added && change.subject == subject;
        self.changes.iter().filter(added).map(|change| change.name.as_str())
    }
}

impl Direction {
    pub fn is_more(self) -> bool {
        matches!(self, Self::Added | Self::Widened)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Widened => "widened",
            Self::Narrowed => "narrowed",
            Self::Removed => "removed",
        }
    }
}

impl Subject {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Scope => "scope",
            Self::Secret => "secret",
            Self::Auth => "auth",
            Self::Capability => "capability",
        }
    }
}

/// For people: one line a change, its rules below it.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)?;
        if self.changes.is_empty() {
            f.write_str("\n  asks for the same")?;
        }
        for change in &self.changes {
            write!(f, "\n  {} {} {}", change.direction.as_str(), change.subject.as_str(), change.name)?;
            for line in &change.lines {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
