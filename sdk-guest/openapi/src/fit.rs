//! Makes schemas small enough for a manifest, step by step, and says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::schema::Schema;
use serde_json::{Map, Value, json};

use crate::schema::loose;

/// How much of a schema is kept; the first is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Level(usize);

/// So many references are followed from the outside at each level beyond the second.
const FOLLOWED: [usize; 5] = [4, 2, 1, 0, 0];
const WORDS: [&str; 2] = ["description", "title"];

impl Level {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..=FOLLOWED.len() + 1).map(Self)
    }

    /// What a reader has to know.
    pub(crate) fn told(self) -> Option<&'static str> {
        match self.0 {
            0 => None,
            1 => Some("their descriptions are left out"),
            n if n <= FOLLOWED.len() => Some("descriptions and what lies deep inside are left out"),
            _ => Some("only the names of members are kept"),
        }
    }

    /// The schema at this level.
    pub(crate) fn of(self, schema: &Value) -> Value {
        match self.0 {
            0 => schema.clone(),
            1 => without_words(schema, true),
            n if n <= FOLLOWED.len() => {
                let followed = FOLLOWED.get(n - 2).copied().unwrap_or_default();
                without_words(&shallow(schema, followed), true)
            }
            _ => outline(schema),
        }
    }
}

/// The schema at the least level, from `from` on, at which the host takes it.
pub(crate) fn fitted(schema: &Value, from: Level) -> (Value, Level) {
    for level in Level::all().filter(|level| *level >= from) {
        let schema = level.of(schema);
        if Schema::compile(&schema).is_ok() {
            return (schema, level);
        }
    }
    (json!({}), Level(FOLLOWED.len() + 1))
}

/// `properties` and their like hold names, of which any may be a word.
fn without_words(value: &Value, is_schema: bool) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .iter()
                .filter(|(name, value)| !(is_schema && WORDS.contains(&name.as_str()) && value.is_string()));
            let names = |name: &str| {
                is_schema && matches!(name, "properties" | "patternProperties" | "$defs" | "dependentSchemas")
            };
            Value::Object(
                kept.map(|(name, value)| (name.clone(), without_words(value, !names(name)))).collect(),
            )
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| without_words(item, is_schema)).collect())
        }
        value => value.clone(),
    }
}

/// Definitions that are further away than so many references become their type.
fn shallow(schema: &Value, followed: usize) -> Value {
    let Some(defs) = schema.get("$defs").and_then(Value::as_object) else { return schema.clone() };
    let mut near: BTreeSet<String> = BTreeSet::new();
    let mut waiting: VecDeque<(String, usize)> = VecDeque::new();
    let mut root = schema.clone();
    if let Some(members) = root.as_object_mut() {
        members.remove("$defs");
    }
    let mut found = BTreeSet::new();
    names(&root, &mut found);
    waiting.extend(found.into_iter().map(|name| (name, 1)));
    while let Some((name, distance)) = waiting.pop_front() {
        if distance > followed || !near.insert(name.clone()) {
            continue;
        }
        let mut found = BTreeSet::new();
        if let Some(definition) = defs.get(&name) {
            names(definition, &mut found);
        }
        waiting.extend(found.into_iter().map(|name| (name, distance + 1)));
    }
    let mut cut = cut(&root, &near, defs);
    let kept: BTreeMap<&String, Value> = defs
        .iter()
        .filter(|(name, _)| near.contains(*name))
        .map(|(name, definition)| (name, self::cut(definition, &near, defs)))
        .collect();
    if let (false, Some(members)) = (kept.is_empty(), cut.as_object_mut()) {
        members.insert("$defs".to_owned(), json!(kept));
    }
    cut
}

fn referred(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn names(value: &Value, into: &mut BTreeSet<String>) {
    if let Some(name) = referred(value) {
        into.insert(name.to_owned());
    }
    match value {
        Value::Object(members) => members.values().for_each(|member| names(member, into)),
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

fn cut(value: &Value, near: &BTreeSet<String>, defs: &Map<String, Value>) -> Value {
    if let Some(name) = referred(value).filter(|name| !near.contains(*name)) {
        return defs.get(name).map(loose).unwrap_or_else(|| json!({}));
    }
    match value {
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, member)| (name.clone(), cut(member, near, defs))).collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(|item| cut(item, near, defs)).collect()),
        value => value.clone(),
    }
}

/// The names of an object's members, and which are needed.
fn outline(schema: &Value) -> Value {
    let mut outline = loose(schema);
    let Some(members) = outline.as_object_mut() else { return json!({}) };
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let properties: Map<String, Value> =
            properties.iter().map(|(name, _)| (name.clone(), json!({}))).collect();
        members.insert("properties".to_owned(), Value::Object(properties));
    }
    if let Some(required) = schema.get("required") {
        members.insert("required".to_owned(), required.clone());
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_keeps_less_and_all_are_schemas() {
        let schema = json!({"type": "object", "description": "words", "required": ["description"],
            "properties": {"description": {"$ref": "#/$defs/a", }, "b": {"type": "string", "title": "B"}},
            "$defs": {"a": {"type": "object", "properties": {"b": {"$ref": "#/$defs/b"}}}, "b": {"type": "array", "items": {"$ref": "#/$defs/c"}},
                "c": {"type": "string", "enum": ["x"]}}});
        let sizes: Vec<usize> = Level::all().map(|level| level.of(&schema).to_string().len()).collect();
        assert!(sizes.is_sorted_by(|more, less| more >= less), "{sizes:?}");
        for level in Level::all() {
            let smaller = level.of(&schema);
            Schema::compile(&smaller).unwrap_or_else(|error| panic!("{error}: {smaller}"));
            assert!(smaller["properties"].get("description").is_some(), "a property is no word: {smaller}");
            assert_eq!(smaller["required"], json!(["description"]));
        }
        assert_eq!(fitted(&schema, Level(0)), (schema, Level(0)));
    }

    #[test]
    fn what_the_host_would_refuse_is_made_smaller_until_it_does_not() {
        let wide = |of: &str| {
            let properties: Map<String, Value> =
                (0..200).map(|n| (format!("p{n}"), json!({"$ref": format!("#/$defs/{of}")}))).collect();
            json!({"type": "object", "properties": properties})
        };
        let schema = json!({"$ref": "#/$defs/a", "$defs": {"a": wide("b"), "b": wide("c"), "c": wide("d"), "d": {"type": "string"}}});
        assert!(Schema::compile(&schema).is_err());
        let (fitted, level) = fitted(&schema, Level(0));
        assert!(level > Level(0) && level.told().is_some());
        Schema::compile(&fitted).unwrap();
    }
}
