//! What a value that a schema describes looks like: its members, wherever in the schema they are said.

use serde_json::Value;

use crate::fit::pruned;

/// Parts of a schema that hold together: references, branches of `allOf`, the one choice beside `null`.
const PARTS_MAX: usize = 64;
const DEPTH_MAX: usize = 16;

/// A schema inside another that has its definitions.
#[derive(Clone, Debug)]
pub(crate) struct Shape<'a> {
    whole: &'a Value,
    schema: &'a Value,
    parts: Vec<&'a Value>,
}

impl<'a> Shape<'a> {
    pub(crate) fn whole(schema: &'a Value) -> Self {
        Self::of(schema, schema)
    }

    fn of(whole: &'a Value, schema: &'a Value) -> Self {
        let mut parts = Vec::new();
        gather(whole, schema, DEPTH_MAX, &mut parts);
        Self { whole, schema, parts }
    }

    /// A member of an object.
    pub(crate) fn property(&self, name: &str) -> Option<Self> {
        let mut found = self.parts.iter().filter_map(|part| part.get("properties")?.get(name));
        found.next().map(|schema| Self::of(self.whole, schema))
    }

    /// The names of all members that are described.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        let properties = self.parts.iter().filter_map(|part| part.get("properties")?.as_object());
        let mut names: Vec<&str> =
            properties.flat_map(|members| members.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What a list consists of.
    pub(crate) fn item(&self) -> Option<Self> {
        let mut found = self.parts.iter().filter_map(|part| part.get("items"));
        found.next().filter(|item| item.is_object()).map(|schema| Self::of(self.whole, schema))
    }

    /// The member of a member, as in `paging/next`.
    pub(crate) fn at(&self, path: &str) -> Option<Self> {
        let mut shape = self.clone();
        for name in path.split('/') {
            shape = shape.property(name)?;
        }
        Some(shape)
    }

    /// Whether a value may be of this type; where nothing is said of types, it is not expected.
    pub(crate) fn may_be(&self, kind: &str) -> bool {
        let says = |schema: &Value| match schema.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(many)) => many.iter().any(|one| one == kind),
            _ => false,
        };
        let choices = |part: &'a Value| {
            let lists = ["anyOf", "oneOf"].into_iter().filter_map(|name| part.get(name)?.as_array());
            lists.flatten().any(|choice| {
                let mut parts = Vec::new();
                gather(self.whole, choice, DEPTH_MAX, &mut parts);
                parts.into_iter().any(says)
            })
        };
        self.parts.iter().any(|part| says(part) || choices(part))
    }

    /// The schema by itself, with the definitions that it needs.
    pub(crate) fn alone(&self) -> Value {
        // A reference and nothing else is what it refers to.
        let refers = |schema: &Value| {
            schema.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("$ref"))
        };
        let said = self.parts.iter().find(|part| !refers(part)).filter(|_| refers(self.schema));
        let mut schema = said.map_or(self.schema, |said| said).clone();
        if let (Some(members), Some(defs)) = (schema.as_object_mut(), self.whole.get("$defs")) {
            members.insert("$defs".to_owned(), defs.clone());
        }
        pruned(&schema)
    }
}

fn gather<'a>(whole: &'a Value, schema: &'a Value, depth_left: usize, parts: &mut Vec<&'a Value>) {
    let Some(depth_left) = depth_left.checked_sub(1).filter(|_| parts.len() < PARTS_MAX) else { return };
    parts.push(schema);
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    if let Some(found) = target.and_then(|pointer| whole.pointer(pointer)) {
        gather(whole, found, depth_left, parts);
    }
    for branch in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        gather(whole, branch, depth_left, parts);
    }
    for name in ["anyOf", "oneOf"] {
        let choices = schema.get(name).and_then(Value::as_array).into_iter().flatten();
        let mut choices = choices.filter(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
        if let (Some(one), None) = (choices.next(), choices.next()) {
            gather(whole, one, depth_left, parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_found_in_every_branch_that_holds() {
        let schema = json!({
            "allOf": [
                {"properties": {"data": {"type": "array", "items": {"$ref": "#/$defs/pet"}}}},
                {"$ref": "#/$defs/paged"},
            ],
            "$defs": {
                "pet": {"allOf": [{"$ref": "#/$defs/named"}, {"properties": {"id": {"type": "integer"}}}]},
                "named": {"properties": {"name": {"type": "string"}}},
                "paged": {"properties": {"next": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "links": {"oneOf": [{"$ref": "#/$defs/links"}, {"type": "null"}]}}},
                "links": {"properties": {"next": {"type": ["string", "null"]}}},
                "other": {"type": "string"},
            },
        });
        let shape = Shape::whole(&schema);
        assert_eq!(shape.names(), ["data", "links", "next"]);
        assert!(shape.at("next").unwrap().may_be("string"));
        assert!(shape.at("links/next").unwrap().may_be("string"));
        assert!(!shape.at("links").unwrap().may_be("string"));
        let record = shape.property("data").unwrap().item().unwrap();
        assert_eq!(record.names(), ["id", "name"]);
        let alone = record.alone();
        assert_eq!(alone["$defs"].as_object().unwrap().len(), 1, "{alone}");
    }

    #[test]
    fn a_schema_that_leads_back_to_itself_has_an_end() {
        let schema = json!({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "properties": {"x": {}}}}});
        assert_eq!(Shape::whole(&schema).names(), ["x"]);
    }
}
