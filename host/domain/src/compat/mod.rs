//! What changed from one version of a connector to the next, and how far its version number has to move for it.
//!
//! The question is always whether somebody who relied on the old version is still served: a flow that sends inputs, a
//! mapping that reads outputs, an operator who granted rights, a host that offers interfaces. What cannot be decided
//! counts as breaking, and says so: a wrong "compatible" is found by a customer, a wrong "breaking" by an author.

mod auth;
mod offers;
mod requests;
mod schema;
mod step;
mod world;

use semver::Version;
use serde::{Deserialize, Serialize};
use wit::Manifest;

pub use schema::{Reader, compare as compare_schemas};
pub use step::{Step, Verdict};

use crate::connector::Connector;
use crate::text::inert;

/// Changes that are told; two connectors that have nothing in common differ everywhere.
const CHANGES_MAX: usize = 2_000;
const PLACE_BYTES_MAX: usize = 500;
const WHAT_BYTES_MAX: usize = 500;

/// What a change means for those who rely on the old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something that worked may not work any more, or means something else, or nobody can tell.
    Breaking,
    /// It asks for more than before: somebody has to consent.
    Permission,
    /// It offers more; whoever used the old version notices nothing.
    Additive,
    /// Other words, or less asked for.
    Neutral,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub kind: Kind,
    /// A JSON pointer into the manifest, in which things that have a name stand under it and not under their number:
    /// `/actions/create_invoice/input/properties/amount`. Below `/world` it is about the component's imports and exports.
    pub place: String,
    /// In one line.
    pub what: String,
}

/// One version of a connector.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    pub manifest: &'a Manifest,
    /// The interfaces that the component imports, by name with version.
    pub imports: &'a [String],
    /// And those that it exports; none where nobody knows.
    pub exports: &'a [String],
}

impl<'a> From<&'a Connector> for Side<'a> {
    fn from(row: &'a Connector) -> Self {
        Self { manifest: &row.manifest, imports: &row.imports, exports: &row.exports }
    }
}

/// The version moved by less than what changed since the one before asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallStep {
    /// The version before.
    pub since: Version,
    /// The step that was made.
    pub step: Step,
    /// The smallest version that would be honest.
    pub least: Version,
}

impl SmallStep {
    /// Whether `new` says too little, beside the release before it among those that are known.
    pub fn of(new: &Connector, known: &[Connector]) -> Option<Self> {
        let before = |known: &&Connector| known.version < new.version && known.version.pre.is_empty();
        let old = known.iter().filter(before).max_by(|a, b| a.version.cmp(&b.version))?;
        let comparison = compare_kept(old.into(), new.into());
        let verdict = comparison.verdict(&old.version, &new.version);
        (!verdict.enough).then_some(Self { since: verdict.old, step: comparison.step, least: verdict.least })
    }
}

/// Everything that changed, the worst first, and what the versions say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    pub changes: Vec<Change>,
    /// How far the version has to move.
    pub step: Step,
    /// Changes beyond those listed.
    pub left_out: usize,
}

/// Compares two versions of a connector. Both manifests are checked ones.
pub fn compare(old: Side<'_>, new: Side<'_>) -> Comparison {
    let mut found = Found::default();
    names(&mut found, old.manifest, new.manifest);
    world::compare(&mut found, old, new);
    auth::compare(&mut found, old.manifest, new.manifest);
    requests::compare(&mut found, old.manifest, new.manifest);
    offers::compare(&mut found, old.manifest, new.manifest);
    found.into_comparison()
}

/// The same for versions that a host keeps: of one that was kept before its exports were, they are taken to be those of
/// the other. Every connector exports something.
pub fn compare_kept(old: Side<'_>, new: Side<'_>) -> Comparison {
    let lacks = |own: Side<'_>, other: Side<'_>| own.exports.is_empty() && !other.exports.is_empty();
    let old_side = if lacks(old, new) { Side { exports: new.exports, ..old } } else { old };
    let new_side = if lacks(new, old) { Side { exports: old.exports, ..new } } else { new };
    compare(old_side, new_side)
}

fn names(found: &mut Found, old: &Manifest, new: &Manifest) {
    if old.name != new.name {
        found.add(
            Kind::Breaking,
            "/name",
            format_args!("was {:?} and is {:?}: another connector", old.name, new.name),
        );
    }
    found.words("/title", &old.title, &new.title);
    if old.category != new.category {
        found.add(Kind::Neutral, "/category", "it is filed elsewhere");
    }
}

/// The changes that were found so far.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    left_out: usize,
}

impl Found {
    fn add(&mut self, kind: Kind, place: &str, what: impl std::fmt::Display) {
        if self.changes.len() >= CHANGES_MAX {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let (place, what) = (inert(place, PLACE_BYTES_MAX), inert(&what.to_string(), WHAT_BYTES_MAX));
        self.changes.push(Change { kind, place, what });
    }

    /// Text that only people read.
    fn words(&mut self, place: &str, old: &str, new: &str) {
        if old != new {
            self.add(Kind::Neutral, place, "said in other words");
        }
    }

    fn schemas(&mut self, place: &str, old: &serde_json::Value, new: &serde_json::Value, reader: Reader) {
        for change in compare_schemas(old, new, reader) {
            self.add(change.kind, &format!("{place}{}", change.place), change.what);
        }
    }

    fn into_comparison(mut self) -> Comparison {
        // What was left out is not known, so it may be anything.
        let step = if self.left_out > 0 { Step::Major } else { Step::of(&self.changes) };
        self.changes.sort();
        self.changes.dedup();
        Comparison { changes: self.changes, step, left_out: self.left_out }
    }
}

/// A name as a part of a JSON pointer.
fn part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Permission => "permission",
            Self::Additive => "additive",
            Self::Neutral => "neutral",
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.kind.as_str(), self.place, self.what)
    }
}

#[cfg(test)]
mod tests;
