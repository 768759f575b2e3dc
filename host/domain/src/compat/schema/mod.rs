//! Two JSON Schemas of the same thing: who relied on the old one, and what the new one means for them.
//!
//! A schema that describes what a connector *receives* may only take more: others send what the old one asked for. One
//! that describes what it *gives* may only promise more: others read what the old one promised. Keywords are compared one
//! by one; where that does not decide the question, the change is breaking and says "cannot tell".

mod branches;
mod keywords;
mod members;

use serde_json::{Map, Value};

use super::{Change, Kind};
use crate::text::inert;

/// Pairs of schemas that are compared, references followed.
const PAIRS_MAX: usize = 20_000;
const DEPTH_MAX: usize = 64;
const WHAT_BYTES_MAX: usize = 300;
/// What says nothing about values.
const WORDS: [&str; 10] = [
    "title",
    "description",
    "examples",
    "example",
    "$comment",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$schema",
    "externalDocs",
];

/// Which side the connector is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The connector reads it: an input, a configuration.
    Receives,
    /// Others read it: an output, a record.
    Gives,
}

/// What changed between two schemas, with places inside them.
pub fn compare(old: &Value, new: &Value, reader: Reader) -> Vec<Change> {
    if old == new {
        return Vec::new();
    }
    let mut walk = Walk { old, new, reader, left: PAIRS_MAX, found: Vec::new() };
    walk.pair(old, new, "", DEPTH_MAX);
    if walk.left == 0 {
        walk.add(Kind::Breaking, "", "cannot tell: the schemas are too large to be compared");
    }
    if walk.found.is_empty() {
        walk.add(Kind::Neutral, "", "described in other words");
    }
    walk.found
}

/// How the set of values that fit changed in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// More values fit.
    Wider,
    /// Fewer values fit.
    Narrower,
    /// Nobody can tell.
    Unknown,
}

struct Walk<'a> {
    old: &'a Value,
    new: &'a Value,
    reader: Reader,
    left: usize,
    found: Vec<Change>,
}

impl<'a> Walk<'a> {
    fn add(&mut self, kind: Kind, place: &str, what: impl std::fmt::Display) {
        let what = inert(&what.to_string(), WHAT_BYTES_MAX);
        self.found.push(Change { kind, place: place.to_owned(), what });
    }

    fn fits(&mut self, fit: Fit, place: &str, what: impl std::fmt::Display) {
        match (fit, self.reader) {
            (Fit::Unknown, _) => self.add(Kind::Breaking, place, format_args!("cannot tell: {what}")),
            (Fit::Wider, Reader::Receives) | (Fit::Narrower, Reader::Gives) => {
                self.add(Kind::Additive, place, what);
            }
            (Fit::Narrower, Reader::Receives) | (Fit::Wider, Reader::Gives) => {
                self.add(Kind::Breaking, place, what);
            }
        }
    }

    /// Compares two schemas that describe the same place of a value.
    fn pair(&mut self, old: &'a Value, new: &'a Value, place: &str, depth_left: usize) {
        let Some(depth_left) = depth_left.checked_sub(1) else {
            return self.fits(Fit::Unknown, place, "the schemas nest too deeply to be compared");
        };
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let (Some(old), Some(new)) = (follow(self.old, old), follow(self.new, new)) else {
            return self.fits(
                Fit::Unknown,
                place,
                "a reference leads nowhere, in a circle, or has something beside it",
            );
        };
        match (Shape::of(old), Shape::of(new)) {
            (Shape::Anything, Shape::Anything) | (Shape::Nothing, Shape::Nothing) => {}
            (Shape::Anything, _) => self.fits(Fit::Narrower, place, "was anything, and is described now"),
            (_, Shape::Anything) => self.fits(Fit::Wider, place, "was described, and is anything now"),
            (Shape::Nothing, _) => self.fits(Fit::Wider, place, "was forbidden"),
            (_, Shape::Nothing) => self.fits(Fit::Narrower, place, "is forbidden now"),
            (Shape::Keywords(old), Shape::Keywords(new)) => self.keywords(old, new, place, depth_left),
        }
    }

    fn keywords(
        &mut self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        place: &str,
        depth: usize,
    ) {
        if self.as_branches(old, new, place, depth) {
            return;
        }
        // Where no value of the one type can be of the other, nothing else is worth saying.
        if !self.types(old, new, place) {
            return;
        }
        self.values(old, new, place);
        self.bounds(old, new, place);
        self.members(old, new, place, depth);
        self.items(old, new, place, depth);
        self.branches(old, new, place, depth);
        self.others(old, new, place);
    }
}

/// What a schema says at all.
enum Shape<'a> {
    Anything,
    Nothing,
    Keywords(&'a Map<String, Value>),
}

impl<'a> Shape<'a> {
    fn of(schema: &'a Value) -> Self {
        match schema {
            Value::Bool(false) => Self::Nothing,
            Value::Object(keywords) if keywords.keys().any(|name| !is_words(name) && !is_store(name)) => {
                Self::Keywords(keywords)
            }
            _ => Self::Anything,
        }
    }
}

fn is_words(name: &str) -> bool {
    WORDS.contains(&name) || name.starts_with("x-")
}

/// Where schemas are kept that are used elsewhere by reference.
fn is_store(name: &str) -> bool {
    matches!(name, "$defs" | "definitions")
}

/// The schema behind references. None where there is none, or where a reference is one condition of several.
fn follow<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX {
        let Some(Value::String(target)) = schema.get("$ref") else { return Some(schema) };
        let alone = schema.as_object()?.keys().all(|name| name == "$ref" || is_words(name) || is_store(name));
        schema = root.pointer(target.strip_prefix('#')?).filter(|_| alone)?;
    }
    None
}

#[cfg(test)]
mod tests;
