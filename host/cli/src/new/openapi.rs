//! `lockgate new --openapi`: the sources of a connector from an OpenAPI document, in place of the example.

use std::path::Path;

use lockgate_openapi::{NotGenerated, Note};
use scaffold::{File, Language, Project};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{files, screen, show};

/// Larger documents are refused by the generator, with a reason.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
/// Notes that a person is shown; the README has all of them.
const SHOWN_MAX: usize = 20;

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
            NotGenerated::NoOperation { .. } => Failure::Usage(error.to_string()),
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
        for note in self.notes.iter().take(SHOWN_MAX) {
            screen::note(&format!("  {}: {}", show::inert(&note.place), show::inert(&note.what)));
        }
        let more = self.notes.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            screen::note(&format!("  and {more} more, all in README.md"));
        }
    }
}
