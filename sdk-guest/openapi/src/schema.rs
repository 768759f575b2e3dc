//! Schemas of the document as JSON Schemas that stand alone: what they refer to is bundled in `$defs`, and a reference that
//! leads back to itself ends in "anything".

use std::collections::{BTreeMap, BTreeSet};

use domain::schema::Schema;
use serde_json::{Map, Value, json};

use crate::NotGenerated;
use crate::document::{Document, reference, shown};
use crate::names::snake;
use crate::project::Notes;

/// Values in the schemas of one side of one action. The host reads 64 KiB of it, which is less.
const NODES_MAX: usize = 8_000;
/// How many references behind each other are followed, tried in this order until the whole is small enough.
const FOLLOWED: [usize; 5] = [usize::MAX, 4, 2, 1, 0];
const DEPTH_MAX: usize = 96;
const EXAMPLE_CHARS_MAX: usize = 60;
/// Which side of an exchange a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Keywords that mean the same in both dialects and hold no schema.
const PLAIN: [&str; 22] = [
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "format",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
    "default",
    "title",
    "description",
    "dependentRequired",
];
/// What is for people or for other tools.
const LEFT_OUT: [&str; 13] = [
    "xml",
    "externalDocs",
    "discriminator",
    "readOnly",
    "writeOnly",
    "nullable",
    "deprecated",
    "$schema",
    "$comment",
    "contentEncoding",
    "contentMediaType",
    "$defs",
    "definitions",
];
/// Beside a reference.
const SAYS_NOTHING: [&str; 5] = ["title", "description", "summary", "example", "examples"];
const ONE: [&str; 10] = [
    "items",
    "additionalProperties",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const MANY: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];

/// Converts the schemas of one action's one side.
pub(crate) struct Bundle<'a> {
    document: &'a Document,
    side: Side,
    /// By the text of the reference.
    names: BTreeMap<String, String>,
    defs: BTreeMap<String, Value>,
    /// The names of `defs`.
    taken: BTreeSet<String>,
    /// References that are being followed.
    open: Vec<String>,
    followed_max: usize,
    left: usize,
    place: &'a str,
}

/// Has `make` convert what it needs, with as many references followed as there is room for.
pub(crate) fn bundled<'a>(
    document: &'a Document,
    side: Side,
    place: &'a str,
    notes: &mut Notes,
    make: impl Fn(&mut Bundle<'a>, &mut Notes) -> Result<Value, NotGenerated>,
) -> Result<Value, NotGenerated> {
    for followed_max in FOLLOWED {
        let mut bundle = Bundle::new(document, side, place, followed_max);
        let mut said = Notes::default();
        let schema = make(&mut bundle, &mut said)?;
        if bundle.left == 0 && followed_max > 0 {
            continue;
        }
        if followed_max < usize::MAX {
            let what = if side == Side::Request { "input" } else { "output" };
            notes.add(
                place,
                format!("the schema of its {what} is too large: what lies deep inside is left out"),
            );
        }
        said.into_list().into_iter().for_each(|note| notes.add(&note.place, note.what));
        return Ok(bundle.finish(schema));
    }
    Ok(json!({}))
}

impl<'a> Bundle<'a> {
    fn new(document: &'a Document, side: Side, place: &'a str, followed_max: usize) -> Self {
        let (names, defs, taken, open) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new(), Vec::new());
        Self { document, side, names, defs, taken, open, followed_max, left: NODES_MAX, place }
    }

    /// The schema with everything that it refers to.
    fn finish(self, mut schema: Value) -> Value {
        if let (false, Some(members)) = (self.defs.is_empty(), schema.as_object_mut()) {
            members.insert("$defs".to_owned(), json!(self.defs));
        }
        schema
    }

    pub(crate) fn convert(&mut self, schema: &Value, notes: &mut Notes) -> Result<Value, NotGenerated> {
        self.at(schema, DEPTH_MAX, notes)
    }

    fn at(&mut self, schema: &Value, depth_left: usize, notes: &mut Notes) -> Result<Value, NotGenerated> {
        self.left = self.left.saturating_sub(1);
        let Some(depth_left) = depth_left.checked_sub(1).filter(|_| self.left > 0) else {
            notes.add(self.place, "a schema is too large or too deep; a part of it is described as anything");
            return Ok(json!({}));
        };
        let Value::Object(keywords) = schema else {
            // `true` and `false` are schemas; anything else is none.
            return Ok(if schema.is_boolean() { schema.clone() } else { json!({}) });
        };
        if let Some(target) = reference(schema) {
            let referred = self.refer(target, depth_left, notes)?;
            // Beside a reference OpenAPI 3.0 ignores everything, and JSON Schema nothing.
            let beside: Map<String, Value> = keywords
                .iter()
                .filter(|(name, _)| *name != "$ref")
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if self.document.is_3_0 || !says_something(&beside) {
                return Ok(referred);
            }
            let beside = self.at(&Value::Object(beside), depth_left, notes)?;
            return Ok(json!({ "allOf": [referred, beside] }));
        }
        let mut converted = Map::new();
        for (name, value) in keywords {
            self.keyword(name, value, depth_left, &mut converted, notes)?;
        }
        self.required(keywords, &mut converted);
        example(keywords, &mut converted);
        if self.document.is_3_0 {
            of_3_0(keywords, &mut converted);
        }
        Ok(Value::Object(converted))
    }

    fn keyword(
        &mut self,
        name: &str,
        value: &Value,
        depth: usize,
        into: &mut Map<String, Value>,
        notes: &mut Notes,
    ) -> Result<(), NotGenerated> {
        let converted = match (name, value) {
            // Members of one side only are no members of the other.
            ("properties", Value::Object(properties)) => {
                let mut kept = Map::new();
                for (name, property) in properties {
                    if !self.is_of_other_side(property) {
                        kept.insert(name.clone(), self.at(property, depth, notes)?);
                    }
                }
                Value::Object(kept)
            }
            (name, Value::Object(schemas)) if NAMED.contains(&name) => {
                let mut kept = Map::new();
                for (name, schema) in schemas {
                    kept.insert(name.clone(), self.at(schema, depth, notes)?);
                }
                Value::Object(kept)
            }
            (name, Value::Array(schemas)) if MANY.contains(&name) => Value::Array(
                schemas.iter().map(|schema| self.at(schema, depth, notes)).collect::<Result<_, _>>()?,
            ),
            (name, Value::Object(_) | Value::Bool(_)) if ONE.contains(&name) => {
                self.at(value, depth, notes)?
            }
            ("pattern", Value::String(pattern)) => {
                if Schema::compile(&json!({ "pattern": pattern })).is_err() {
                    notes.add(
                        self.place,
                        format!(
                            "the pattern {:?} is not checked: it is none that takes linear time and little memory",
                            shown(pattern)
                        ),
                    );
                    return Ok(());
                }
                value.clone()
            }
            // They are written below, for the side at hand and where they are right.
            ("required" | "example" | "examples", _) => return Ok(()),
            (name, value) if PLAIN.contains(&name) => value.clone(),
            (name, _) if LEFT_OUT.contains(&name) || name.starts_with("x-") => return Ok(()),
            (name, _) => {
                notes.add(self.place, format!("the keyword {:?} of a schema is not checked", shown(name)));
                return Ok(());
            }
        };
        into.insert(name.to_owned(), converted);
        Ok(())
    }

    fn is_of_other_side(&self, property: &Value) -> bool {
        let mark = if self.side == Side::Request { "readOnly" } else { "writeOnly" };
        let marked = |schema: &Value| schema.get(mark).and_then(Value::as_bool).unwrap_or(false);
        marked(property) || self.document.resolve(property).is_ok_and(marked)
    }

    fn required(&self, from: &Map<String, Value>, into: &mut Map<String, Value>) {
        let Some(Value::Array(names)) = from.get("required") else { return };
        let declared = from.get("properties").and_then(Value::as_object);
        let kept = into.get("properties").and_then(Value::as_object);
        // A member that was left out above cannot be required; one that nobody described can.
        let stays = |name: &&Value| {
            let name = name.as_str().unwrap_or_default();
            kept.is_some_and(|kept| kept.contains_key(name))
                || declared.is_none_or(|declared| !declared.contains_key(name))
        };
        let names: Vec<Value> = names.iter().filter(stays).cloned().collect();
        if !names.is_empty() {
            into.insert("required".to_owned(), Value::Array(names));
        }
    }

    fn refer(&mut self, target: &str, depth: usize, notes: &mut Notes) -> Result<Value, NotGenerated> {
        let schema = match self.document.target(target) {
            Ok(schema) => schema,
            Err(error) => {
                notes.add(self.place, format!("{error}: it is described as anything"));
                return Ok(json!({}));
            }
        };
        if let Some(name) = self.names.get(target) {
            return Ok(json!({ "$ref": format!("#/$defs/{name}") }));
        }
        // Its type can be said without going round again, or further in.
        if self.open.len() >= self.followed_max || self.open.iter().any(|open| open == target) {
            return Ok(loose(schema));
        }
        self.open.push(target.to_owned());
        let converted = self.at(schema, depth, notes);
        self.open.pop();
        let name = self.name(target);
        self.defs.insert(name.clone(), converted?);
        Ok(json!({ "$ref": format!("#/$defs/{name}") }))
    }

    fn name(&mut self, target: &str) -> String {
        let last = target.rsplit('/').next().unwrap_or_default();
        let name = crate::names::unique(snake(last), &mut self.taken);
        self.names.insert(target.to_owned(), name.clone());
        name
    }
}

/// A short example, if it is of the type that it is an example of: those of documents often are not.
fn example(from: &Map<String, Value>, into: &mut Map<String, Value>) {
    let several = || from.get("examples").and_then(Value::as_array).and_then(|all| all.first());
    let Some(example) = from.get("example").or_else(several) else { return };
    let kind = match example {
        Value::String(text) if text.chars().count() <= EXAMPLE_CHARS_MAX => "string",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        _ => return,
    };
    let said = into.get("type").and_then(Value::as_str).unwrap_or_default();
    let fits = said == kind || (said == "number" && kind == "integer");
    let listed = into.get("enum").and_then(Value::as_array).is_none_or(|values| values.contains(example));
    if fits && listed {
        into.insert("examples".to_owned(), json!([example]));
    }
}

/// Its type and nothing else.
pub(crate) fn loose(schema: &Value) -> Value {
    match schema.get("type") {
        Some(kind) => json!({ "type": kind }),
        None => json!({}),
    }
}

fn says_something(keywords: &Map<String, Value>) -> bool {
    keywords.keys().any(|name| {
        let says_nothing = LEFT_OUT.contains(&name.as_str()) || SAYS_NOTHING.contains(&name.as_str());
        !says_nothing && !name.starts_with("x-")
    })
}

/// The words in which OpenAPI 3.0 differs from JSON Schema.
fn of_3_0(from: &Map<String, Value>, into: &mut Map<String, Value>) {
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(Value::Bool(exclusive)) = from.get(flag) {
            into.remove(flag);
            if let (true, Some(value)) = (*exclusive, from.get(bound)) {
                into.remove(bound);
                into.insert(flag.to_owned(), value.clone());
            }
        }
    }
    if from.get("type").and_then(Value::as_str) == Some("file") {
        into.remove("type");
    }
    if from.get("nullable").and_then(Value::as_bool) != Some(true) {
        return;
    }
    if let Some(Value::Array(values)) = into.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match into.get("type").cloned() {
        Some(Value::String(kind)) => {
            into.insert("type".to_owned(), json!([kind, "null"]));
        }
        // It is combined of others, none of which takes null.
        _ if MANY.iter().any(|name| into.contains_key(*name)) => {
            let whole = Value::Object(std::mem::take(into));
            into.insert("anyOf".to_owned(), json!([whole, {"type": "null"}]));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
