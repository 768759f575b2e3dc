//! `lockgate new --openapi`: the sources of a connector from an OpenAPI document, in place of the example.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_openapi::{NotGenerated, Note};
use scaffold::{File, Language, Project};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{files, screen, show};

/// Larger documents are refused by the generator, with a reason.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
/// Kinds of losses that a person is shown, and places of each; the README has all of them.
const SHOWN_MAX: usize = 20;
const PLACES_SHOWN_MAX: usize = 3;

/// What came of a document.
pub(crate) struct Generated {
    pub(crate) files: Vec<File>,
    actions: usize,
    triggers: usize,
    notes: Vec<Note>,
}

/// The sources for `project`, of those operations that `only` names.
pub(crate) fn generate(project: &Project, document: &Path, only: &[String]) -> Result<Generated, Failure> {
    if project.language() != Language::Rust {
        return Err(Failure::Usage(
            "a connector of an OpenAPI document is written in Rust; leave --lang out".to_owned(),
        ));
    }
    let bytes = files::read(document, DOCUMENT_BYTES_MAX)?;
    let generated =
        lockgate_openapi::generate(project.name(), &bytes, only).map_err(|error| match error {
            NotGenerated::NoOperation { .. }
            | NotGenerated::TooMany { .. }
            | NotGenerated::LargeManifest { .. } => Failure::Usage(error.to_string()),
            error => anyhow::Error::new(error).context(format!("{}", document.display())).into(),
        })?;
    let file = |file: lockgate_openapi::File| File { path: file.path, bytes: file.text.into_bytes() };
    Ok(Generated {
        files: generated.files.into_iter().map(file).collect(),
        actions: generated.manifest.actions.len(),
        triggers: generated.manifest.triggers.len(),
        notes: generated.notes,
    })
}

impl Generated {
    /// For programs.
    pub(crate) fn told(&self) -> Value {
        let notes: Vec<Value> =
            self.notes.iter().map(|note| json!({ "place": note.place, "what": note.what })).collect();
        json!({ "actions": self.actions, "triggers": self.triggers, "not_carried_over": notes })
    }

    /// For people: what was made, and what was not.
    pub(crate) fn say(&self) {
        screen::note(&format!("{} actions, {} triggers", self.actions, self.triggers));
        if self.notes.is_empty() {
            return;
        }
        screen::note("\nnot carried over:");
        let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for note in &self.notes {
            places.entry(&note.what).or_default().push(&note.place);
        }
        // What concerns the least comes first: it is the most particular.
        let mut kinds: Vec<(&str, Vec<&str>)> = places.into_iter().collect();
        kinds.sort_by_key(|(_, places)| places.len());
        for (what, places) in kinds.iter().take(SHOWN_MAX) {
            screen::note(&format!("  {}: {}", show::inert(what), show::inert(&some(places))));
        }
        let more = kinds.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            screen::note(&format!("  and {more} more"));
        }
        screen::note("README.md has all of it");
    }
}

/// The first places, and how many more there are.
fn some(places: &[&str]) -> String {
    let shown = places.iter().take(PLACES_SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    match places.len().saturating_sub(PLACES_SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
