//! Versions of a connector as a profile sees them: the difference in what they ask for, and the consent to it.

use domain::consent as rules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ConnectorRef;
use super::words::{Direction, Subject};

/// What another version of a profile's connector asks for, beside the one that it uses.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    /// The version in use.
    pub from: ConnectorRef,
    /// The other.
    pub to: ConnectorRef,
    /// Whether it needs consent: anything is added or widened.
    pub asks_more: bool,
    /// Stands for exactly this difference; consent names it.
    pub digest: String,
    /// What is more comes first.
    pub changes: Vec<Change>,
}

/// One thing that is asked for otherwise.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// More or less.
    pub direction: Direction,
    /// Of what.
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// Rules that came, with `+`, and that went, with `-`.
    pub lines: Vec<String>,
}

/// The highest version above the one that a profile uses.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Update {
    /// Which one.
    pub version: String,
    /// What it takes to use it.
    pub state: UpdateState,
    /// Why it does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What it takes to use a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateState {
    /// `POST .../upgrade`: it asks for no more.
    Ready,
    /// `POST .../consent`: it asks for more.
    PendingConsent,
    /// The profile's configuration does not fit it.
    DoesNotFit,
}

/// To a version that asks for no more.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Upgrade {
    /// This version; the highest unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Agreement to exactly one difference. What it adds is granted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The version.
    pub version: String,
    /// The digest of the difference that was shown.
    pub diff: String,
}

// === impl ===

impl From<rules::Diff> for Diff {
    fn from(diff: rules::Diff) -> Self {
        let changes = |change: rules::Change| Change {
            direction: change.direction.into(),
            subject: change.subject.into(),
            name: change.name,
            lines: change.lines,
        };
        Self {
            asks_more: diff.asks_more(),
            digest: diff.digest().to_string(),
            from: diff.from.into(),
            to: diff.to.into(),
            changes: diff.changes.into_iter().map(changes).collect(),
        }
    }
}

impl From<lockgate::Update> for Update {
    fn from(update: lockgate::Update) -> Self {
        let (state, reason) = match update.state {
            lockgate::UpdateState::Ready => (UpdateState::Ready, None),
            lockgate::UpdateState::PendingConsent => (UpdateState::PendingConsent, None),
            lockgate::UpdateState::DoesNotFit(reason) => (UpdateState::DoesNotFit, Some(reason)),
        };
        Self { version: update.version.to_string(), state, reason }
    }
}
