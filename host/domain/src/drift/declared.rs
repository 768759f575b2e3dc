//! A declared schema, and what differs from it in one value.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Difference, Severity};
use crate::schema::{InvalidSchema, Schema};
use crate::text::inert;

/// Differences of one value that are told; a value of another kind altogether differs everywhere.
const DIFFERENCES_MAX: usize = 20;
/// Schemas times members that are looked at for what nobody declared. A record takes a few dozen.
const LOOKS_MAX: usize = 50_000;
const PLACE_BYTES_MAX: usize = 300;
/// The keywords whose schemas also describe the value itself.
const BRANCHES: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const CONDITIONS: [&str; 3] = ["if", "then", "else"];

/// What a connector says that it gives.
#[derive(Clone, Debug)]
pub struct Declared {
    schema: Schema,
    root: Value,
}

impl Declared {
    /// None where the schema takes anything: nothing differs from that.
    pub fn of(schema: &Value) -> Result<Option<Self>, InvalidSchema> {
        let anything = schema.as_bool() == Some(true) || schema.as_object().is_some_and(Map::is_empty);
        if anything {
            return Ok(None);
        }
        Ok(Some(Self { schema: Schema::compile(schema)?, root: schema.clone() }))
    }

    /// The differences in order of their place, each once.
    pub fn compare(&self, value: &Value) -> Vec<Difference> {
        let mut found: BTreeSet<Difference> = self.schema.differences(value).into_iter().collect();
        let mut look = Look { root: &self.root, left: LOOKS_MAX, found: &mut found };
        look.at(&[&self.root], value, "");
        found.into_iter().rev().take(DIFFERENCES_MAX).collect()
    }
}

/// Looks for members that no schema names. A schema that names none says nothing of them.
struct Look<'a> {
    root: &'a Value,
    left: usize,
    found: &'a mut BTreeSet<Difference>,
}

impl<'a> Look<'a> {
    fn at(&mut self, schemas: &[&'a Value], value: &Value, place: &str) {
        let mut all = Vec::new();
        for schema in schemas {
            self.spread(schema, &mut all);
        }
        self.left = self.left.saturating_sub(all.len());
        if all.is_empty() || self.left == 0 {
            return;
        }
        match value {
            Value::Object(members) => self.members(&all, members, place),
            Value::Array(items) => {
                let of_items: Vec<&Value> = all.iter().filter_map(|schema| schema.get("items")).collect();
                let place = format!("{place}/*");
                for item in items {
                    self.at(&of_items, item, &place);
                }
            }
            _ => {}
        }
    }

    fn members(&mut self, schemas: &[&'a Map<String, Value>], members: &Map<String, Value>, place: &str) {
        let properties: Vec<&'a Map<String, Value>> =
            schemas.iter().filter_map(|schema| schema.get("properties").and_then(Value::as_object)).collect();
        // Names by pattern, or a schema for all others: whatever comes is declared.
        let open = schemas.iter().any(|schema| {
            schema.contains_key("patternProperties")
                || schema.get("additionalProperties").is_some_and(Value::is_object)
        });
        for (name, member) in members {
            self.left = self.left.saturating_sub(schemas.len());
            if self.left == 0 || self.found.len() >= DIFFERENCES_MAX.saturating_mul(2) {
                return;
            }
            let place =
                inert(&format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), PLACE_BYTES_MAX);
            let of_member: Vec<&Value> =
                properties.iter().filter_map(|properties| properties.get(name)).collect();
            if of_member.is_empty() {
                if !properties.is_empty() && !open {
                    let what = format!("not declared; {} came", kind_of(member));
                    self.found.insert(Difference { severity: Severity::Additive, place, what });
                }
            } else {
                self.at(&of_member, member, &place);
            }
        }
    }

    /// The schema with all that it refers to and combines. Admission has made sure that no reference leads back.
    fn spread(&self, schema: &'a Value, all: &mut Vec<&'a Map<String, Value>>) {
        let Some(members) = schema.as_object() else { return };
        all.push(members);
        if let Some(Value::String(target)) = members.get("$ref")
            && let Some(target) = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
        {
            self.spread(target, all);
        }
        for branch in BRANCHES {
            for schema in members.get(branch).and_then(Value::as_array).into_iter().flatten() {
                self.spread(schema, all);
            }
        }
        for condition in CONDITIONS {
            if let Some(schema) = members.get(condition) {
                self.spread(schema, all);
            }
        }
    }
}

/// The JSON name of a value's type.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deal() -> Value {
        json!({
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "amount": {"type": ["string", "null"]},
                "stage": {"enum": ["open", "won"]},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                "contact": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"email": {"type": "string"}}}]},
            },
            "required": ["id", "amount"],
            "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}},
        })
    }

    fn compared(value: &Value) -> Vec<(Severity, String)> {
        let differences = Declared::of(&deal()).unwrap().unwrap().compare(value);
        differences.into_iter().map(|one| (one.severity, one.to_string())).collect()
    }

    #[test]
    fn what_is_as_declared_does_not_differ() {
        let value =
            json!({"id": "1", "amount": null, "stage": "won", "lines": [{"sku": "a"}], "contact": null});
        assert_eq!(compared(&value), []);
        assert!(Declared::of(&json!(true)).unwrap().is_none());
    }

    #[test]
    fn a_member_that_nobody_declared_is_additive_wherever_it_is() {
        let value = json!({
            "id": "1", "amount": "2", "region": "eu",
            "lines": [{"sku": "a", "tax": 7}, {"sku": "b", "tax": 19}],
            "contact": {"email": "a@example.com", "phone": null},
        });
        let additive = |text: &str| (Severity::Additive, text.to_owned());
        let mut found = compared(&value);
        found.sort();
        assert_eq!(
            found,
            [
                additive("/contact/phone: not declared; null came"),
                additive("/lines/*/tax: not declared; a number came"),
                additive("/region: not declared; a string came"),
            ]
        );
    }

    #[test]
    fn a_member_that_is_gone_or_of_another_kind_is_breaking_and_its_value_is_not_told() {
        let value = json!({"id": 99_123, "stage": "lost-99123", "lines": [{"sku": "a"}, {}]});
        let found = compared(&value);
        assert!(found.iter().all(|(severity, _)| *severity == Severity::Breaking), "{found:?}");
        let places: Vec<&str> =
            found.iter().map(|(_, text)| text.split(':').next().unwrap_or_default()).collect();
        for place in ["/id", "/amount", "/stage", "/lines/*/sku"] {
            assert!(places.contains(&place), "{place} {found:?}");
        }
        assert!(!format!("{found:?}").contains("99123"), "{found:?}");
    }

    #[test]
    fn a_schema_that_forbids_what_is_new_makes_it_additive_still() {
        let schema = json!({"type": "object", "properties": {"id": {}}, "additionalProperties": false});
        let found = Declared::of(&schema).unwrap().unwrap().compare(&json!({"id": 1, "new": {}}));
        let found: Vec<_> = found.iter().map(|one| (one.severity, one.place.as_str())).collect();
        assert_eq!(found, [(Severity::Additive, "/new")]);
    }

    #[test]
    fn breaking_differences_come_first_and_a_foreign_value_gives_a_bounded_number() {
        let many: Map<String, Value> = (0..9_999).map(|n| (format!("m{n}"), json!(n))).collect();
        let found = Declared::of(&deal()).unwrap().unwrap().compare(&Value::Object(many));
        assert!(found.len() <= DIFFERENCES_MAX);
        assert_eq!(found.first().map(|one| one.severity), Some(Severity::Breaking));
    }
}
