//! Makes schemas small enough for a manifest, step by step, and says so.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use domain::schema::Schema;
use serde_json::{Map, Value, json};

use crate::schema::{Side, loose};

/// How much of a schema is kept; the first is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Level(usize);

/// So many references are followed from the outside at each level beyond the second.
const FOLLOWED: [usize; 5] = [4, 2, 1, 0, 0];
const WORDS: [&str; 3] = ["description", "title", "examples"];
/// What goes in has to be known to be written; what comes out can also be seen.
const OUTPUT_WEIGHT: usize = 3;

impl Level {
    pub(crate) const WHOLE: Self = Self(0);

    fn all() -> impl Iterator<Item = Self> {
        (0..=FOLLOWED.len() + 2).map(Self)
    }

    /// The next, which keeps less. The members of an input are never given up.
    fn next(self, side: Side) -> Option<Self> {
        let last = if side == Side::Request { FOLLOWED.len() + 1 } else { FOLLOWED.len() + 2 };
        (self.0 < last).then_some(Self(self.0 + 1))
    }

    /// What a reader has to know.
    pub(crate) fn told(self) -> Option<&'static str> {
        match self.0 {
            0 => None,
            1 => Some("descriptions and examples are left out"),
            n if n <= FOLLOWED.len() => Some("descriptions and what lies deep inside are left out"),
            n if n == FOLLOWED.len() + 1 => Some("only the names of members are kept"),
            _ => Some("only its type is kept"),
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
            n if n == FOLLOWED.len() + 1 => outline(schema),
            _ => loose(schema),
        }
    }
}

/// The schemas, each at the first level at which they have room together: the largest is made shorter until they have.
pub(crate) fn together(wanted: &[(&Value, Side)], bytes_max: usize) -> Vec<(Value, Level)> {
    let mut all: Vec<(Value, Level)> =
        wanted.iter().map(|(schema, _)| fitted(schema, Level::WHOLE)).collect();
    let bytes = |schema: &Value| schema.to_string().len();
    let weight = |bytes: usize, side: Side| if side == Side::Request { bytes } else { bytes * OUTPUT_WEIGHT };
    let mut total: usize = all.iter().map(|(schema, _)| bytes(schema)).sum();
    let sized = all.iter().zip(wanted).enumerate();
    let mut largest: BinaryHeap<(usize, usize)> =
        sized.map(|(at, ((schema, _), (_, side)))| (weight(bytes(schema), *side), at)).collect();
    while total > bytes_max {
        let Some((_, at)) = largest.pop() else { break };
        let (Some((schema, level)), Some((whole, side))) = (all.get_mut(at), wanted.get(at)) else {
            continue;
        };
        let Some(next) = level.next(*side) else { continue };
        let before = bytes(schema);
        (*schema, *level) = (next.of(whole), next);
        let after = bytes(schema);
        total = (total + after).saturating_sub(before);
        largest.push((weight(after, *side), at));
    }
    all
}

/// The schema at the least level, from `from` on, at which the host takes it.
pub(crate) fn fitted(schema: &Value, from: Level) -> (Value, Level) {
    for level in Level::all().filter(|level| *level >= from) {
        let schema = level.of(schema);
        if Schema::compile(&schema).is_ok() {
            return (schema, level);
        }
    }
    (json!({}), Level(FOLLOWED.len() + 2))
}

/// Without definitions that nothing refers to.
pub(crate) fn pruned(schema: &Value) -> Value {
    shallow(schema, usize::MAX)
}

/// `properties` and their like hold names, of which any may be a word.
fn without_words(value: &Value, is_schema: bool) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .iter()
                .filter(|(name, value)| !(is_schema && WORDS.contains(&name.as_str()) && !value.is_object()));
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
            if level.next(Side::Request).is_some() {
                assert!(
                    smaller["properties"].get("description").is_some(),
                    "a property is no word: {smaller}"
                );
                assert_eq!(smaller["required"], json!(["description"]));
            }
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

    #[test]
    fn the_largest_makes_room_and_inputs_keep_their_members() {
        let wide = |count: usize| {
            let properties: Map<String, Value> = (0..count)
                .map(|n| (format!("p{n}"), json!({"type": "string", "description": "many words ".repeat(5)})))
                .collect();
            json!({"type": "object", "properties": properties})
        };
        let (large, small) = (wide(100), wide(3));
        let wanted = [(&large, Side::Response), (&small, Side::Request), (&large, Side::Request)];
        let all = together(&wanted, 6_000);
        let levels: Vec<Level> = all.iter().map(|(_, level)| *level).collect();
        assert!(levels[0] > Level::WHOLE && levels[1] == Level::WHOLE, "{levels:?}");
        assert!(all.iter().map(|(schema, _)| schema.to_string().len()).sum::<usize>() <= 6_000, "{levels:?}");
        // Even where nothing is enough.
        let all = together(&wanted, 10);
        assert_eq!(all[0].0, json!({"type": "object"}));
        assert_eq!(all[2].0["properties"].as_object().unwrap().len(), 100);
    }
}
