//! What is wrong with a manifest, each problem with its place and with what to do.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Schema;
use crate::text::{inert, is_hidden};

const PROBLEMS_MAX: usize = 20;
const MESSAGE_BYTES_MAX: usize = 400;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A JSON pointer into the manifest; empty for the whole.
    pub place: String,
    pub message: String,
}

/// Why a manifest is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ManifestError {
    /// The first problems, at most twenty.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl ManifestError {
    pub(super) fn one(message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { place: String::new(), message: message.into() }], more: 0 }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the manifest is not valid: ")?;
        for (i, Problem { place, message }) in self.problems.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            let colon = if place.is_empty() { "" } else { ": " };
            write!(f, "{separator}{place}{colon}{message}")?;
        }
        if self.more > 0 { write!(f, "; and {} more", self.more) } else { Ok(()) }
    }
}

/// Collects problems; those beyond the bound are only counted.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(super) fn add(&mut self, place: &str, message: impl fmt::Display) {
        if self.found.len() < PROBLEMS_MAX {
            let message = inert(&message.to_string(), MESSAGE_BYTES_MAX);
            self.found.push(Problem { place: place.to_owned(), message });
        } else {
            self.more += 1;
        }
    }

    /// Whether a list is short enough to look at its items.
    pub(super) fn at_most(&mut self, place: &str, found: usize, allowed: usize) -> bool {
        if found > allowed {
            self.add(place, format_args!("it has {found} items; at most {allowed} are allowed"));
        }
        found <= allowed
    }

    /// Compiles a schema and looks at the texts that it shows to people.
    pub(super) fn schema(&mut self, place: &str, schema: &Value) -> Option<Schema> {
        match Schema::compile(schema) {
            Ok(compiled) => {
                if shows_hidden(schema) {
                    self.add(
                        place,
                        "a title or description contains control characters or marks of writing direction",
                    );
                }
                Some(compiled)
            }
            Err(error) => {
                self.add(place, error);
                None
            }
        }
    }

    pub(super) fn into_result(self) -> Result<(), ManifestError> {
        if self.found.is_empty() {
            return Ok(());
        }
        Err(ManifestError { problems: self.found, more: self.more })
    }
}

/// The depth is bounded: the schema has been compiled.
fn shows_hidden(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().any(shows_hidden),
        Value::Object(members) => members.iter().any(|(name, member)| match member {
            Value::String(text) if name == "title" || name == "description" => {
                text.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t')
            }
            _ => shows_hidden(member),
        }),
        _ => false,
    }
}
