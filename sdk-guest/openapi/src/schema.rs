//! Schemas of the document as JSON Schemas that stand alone: what they refer to is bundled in `$defs`, and a reference that
//! leads back to itself ends in "anything".

use std::collections::BTreeMap;

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
const LEFT_OUT: [&str; 15] = [
    "example",
    "examples",
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
        let (names, defs, open) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { document, side, names, defs, open, followed_max, left: NODES_MAX, place }
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
                    if !self.is_of_other_side(property)? {
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
                            "the pattern {:?} is not checked: it is none of a kind that takes linear time",
                            shown(pattern)
                        ),
                    );
                    return Ok(());
                }
                value.clone()
            }
            // It is written below, for the side at hand.
            ("required", _) => return Ok(()),
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

    fn is_of_other_side(&self, property: &Value) -> Result<bool, NotGenerated> {
        let resolved = self.document.resolve(property)?;
        let mark = if self.side == Side::Request { "readOnly" } else { "writeOnly" };
        let marked = |schema: &Value| schema.get(mark).and_then(Value::as_bool).unwrap_or(false);
        Ok(marked(resolved) || marked(property))
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
        let schema = self.document.target(target)?;
        if let Some(name) = self.names.get(target) {
            return Ok(json!({ "$ref": format!("#/$defs/{name}") }));
        }
        // Its type can be said without going round again, or further in.
        if self.open.len() >= self.followed_max || self.open.iter().any(|open| open == target) {
            return Ok(loose(schema));
        }
        let document = self.document;
        self.open.push(target.to_owned());
        let converted = self.at(document.target(target)?, depth, notes);
        self.open.pop();
        let name = self.name(target);
        self.defs.insert(name.clone(), converted?);
        Ok(json!({ "$ref": format!("#/$defs/{name}") }))
    }

    fn name(&mut self, target: &str) -> String {
        let last = target.rsplit('/').next().unwrap_or_default();
        let mut taken = self.defs.keys().cloned().collect();
        let name = crate::names::unique(snake(last), &mut taken);
        self.names.insert(target.to_owned(), name.clone());
        name
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
        let says_nothing =
            LEFT_OUT.contains(&name.as_str()) || matches!(name.as_str(), "title" | "description" | "summary");
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
mod tests {
    use super::*;

    fn converted(version: &str, schemas: Value, side: Side) -> (Value, usize) {
        let document = json!({"openapi": version, "components": {"schemas": schemas}});
        let document = Document::read(document.to_string().as_bytes()).unwrap();
        let mut notes = Notes::default();
        let root = document.get("/components/schemas/Root").unwrap();
        let schema =
            bundled(&document, side, "/x", &mut notes, |bundle, notes| bundle.convert(root, notes)).unwrap();
        Schema::compile(&schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
        (schema, notes.into_list().len())
    }

    #[test]
    fn words_of_openapi_3_0_become_those_of_json_schema() {
        for (old, new) in [
            (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
            (
                json!({"type": "string", "nullable": true, "enum": ["a"]}),
                json!({"type": ["string", "null"], "enum": ["a", null]}),
            ),
            (
                json!({"type": "integer", "minimum": 0, "exclusiveMinimum": true}),
                json!({"type": "integer", "exclusiveMinimum": 0}),
            ),
            (
                json!({"type": "integer", "maximum": 9, "exclusiveMaximum": false}),
                json!({"type": "integer", "maximum": 9}),
            ),
            (
                json!({"allOf": [{"type": "object"}], "nullable": true}),
                json!({"anyOf": [{"allOf": [{"type": "object"}]}, {"type": "null"}]}),
            ),
            (
                json!({"type": "object", "example": {"a": 1}, "xml": {}, "x-a": 1, "discriminator": {}}),
                json!({"type": "object"}),
            ),
            // A property may have the name of a keyword.
            (
                json!({"properties": {"example": {"type": "string", "example": "x"}}}),
                json!({"properties": {"example": {"type": "string"}}}),
            ),
        ] {
            assert_eq!(converted("3.0.3", json!({"Root": old}), Side::Request), (new, 0), "{old}");
        }
        let kept = json!({"type": ["string", "null"], "exclusiveMinimum": 3});
        assert_eq!(converted("3.1.0", json!({"Root": kept}), Side::Request).0, kept);
    }

    #[test]
    fn what_only_one_side_writes_is_no_part_of_the_other() {
        let pet = json!({"type": "object", "required": ["id", "name", "secret", "other"],
            "properties": {"id": {"readOnly": true}, "name": {}, "secret": {"writeOnly": true}}});
        let (request, _) = converted("3.0.3", json!({"Root": pet}), Side::Request);
        assert_eq!(request["required"], json!(["name", "secret", "other"]));
        assert!(request["properties"].get("id").is_none());
        let (response, _) = converted("3.0.3", json!({"Root": pet}), Side::Response);
        assert_eq!(response["required"], json!(["id", "name", "other"]));
    }

    #[test]
    fn references_are_bundled_and_circles_end() {
        let (schema, notes) = converted(
            "3.1.0",
            json!({
                "Root": {"type": "object", "properties": {"pet": {"$ref": "#/components/schemas/Pet"}, "pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}},
                "Pet": {"type": "object", "properties": {"parent": {"$ref": "#/components/schemas/Pet"}, "tag": {"$ref": "#/components/schemas/a~1b"}}},
                "a/b": {"type": "string"},
            }),
            Side::Response,
        );
        assert_eq!(notes, 0);
        assert_eq!(schema["properties"]["pet"], json!({"$ref": "#/$defs/pet"}));
        assert_eq!(schema["$defs"]["pet"]["properties"]["parent"], json!({"type": "object"}));
        assert_eq!(schema["$defs"].as_object().unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_checked_is_said() {
        let (schema, notes) = converted(
            "3.1.0",
            json!({"Root": {"type": "string", "pattern": "^(?=x)", "$anchor": "a"}}),
            Side::Request,
        );
        assert_eq!((schema, notes), (json!({"type": "string"}), 2));
        let document = Document::read(br#"{"openapi": "3.1.0", "a": {"$ref": "other.yaml#/a"}}"#).unwrap();
        let convert =
            |bundle: &mut Bundle<'_>, notes: &mut Notes| bundle.convert(document.get("/a").unwrap(), notes);
        let error = bundled(&document, Side::Request, "/", &mut Notes::default(), convert).unwrap_err();
        assert!(error.to_string().contains("other.yaml#/a"), "{error}");
    }

    #[test]
    fn what_is_too_large_is_cut_from_the_inside() {
        let wide = |of: &str| {
            let property = |n: usize| {
                (
                    format!("p{n}"),
                    json!({"allOf": [{"$ref": format!("#/components/schemas/{of}")}, {"title": "x"}]}),
                )
            };
            json!({"type": "object", "properties": (0..400).map(property).collect::<Map<String, Value>>()})
        };
        let mut schemas = Map::new();
        for n in 0..30 {
            schemas.insert(format!("S{n}"), wide(&format!("S{}", n + 1)));
        }
        schemas.insert("S30".to_owned(), json!({"type": "string"}));
        schemas.insert(
            "Root".to_owned(),
            json!({"type": "object", "properties": {"s": {"$ref": "#/components/schemas/S0"}}}),
        );
        let document = json!({"openapi": "3.1.0", "components": {"schemas": schemas}});
        let document = Document::read(document.to_string().as_bytes()).unwrap();
        let root = document.get("/components/schemas/Root").unwrap();
        let mut notes = Notes::default();
        let schema =
            bundled(&document, Side::Response, "/x", &mut notes, |bundle, notes| bundle.convert(root, notes))
                .unwrap();
        assert_eq!(schema["$defs"].as_object().map(Map::len), Some(4));
        assert!(notes.into_list()[0].what.contains("deep inside"));
    }
}
