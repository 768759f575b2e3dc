//! Checks of the description itself: nothing is called for them.

use domain::schema::sample::{Kind, sample};
use domain::schema::{self, Schema};
use serde_json::Value;

use crate::material::Material;
use crate::report::Verdict;

pub(super) fn deterministic(material: &Material<'_>) -> Verdict {
    let fickle = material.stand.admission().fickle.iter();
    let messages = fickle.map(|difference| {
        format!(
            "two descriptions of the same component differ: {difference}; a manifest is the same always, so it holds \
             no time, no chance and nothing of the environment"
        )
    });
    Verdict::of("describe.deterministic", messages.collect())
}

/// Admission has compiled every schema. Beyond that: one that no value can meet is of no use.
pub(super) fn schemas(material: &Material<'_>) -> Verdict {
    let manifest = material.manifest();
    let of_actions = manifest.actions.iter().enumerate().flat_map(|(at, action)| {
        [(format!("/actions/{at}/input"), &action.input), (format!("/actions/{at}/output"), &action.output)]
    });
    let of_triggers = manifest
        .triggers
        .iter()
        .enumerate()
        .map(|(at, trigger)| (format!("/triggers/{at}/record"), &trigger.record));
    let all = of_actions.chain(of_triggers).chain([("/config".to_owned(), &manifest.config)]);
    let messages = all.filter_map(|(place, schema)| {
        if let Err(error) = Schema::compile(schema) {
            return Some(format!("{place}: {error}"));
        }
        contradiction(schema).map(|said| format!("{place}: {said}, so that no value can meet it"))
    });
    Verdict::of("describe.schemas", messages.collect())
}

/// What can be seen without trying every value: a required member that may not be there, bounds that cross, a default that
/// the schema itself refuses.
fn contradiction(schema: &Value) -> Option<String> {
    let members = schema.as_object()?;
    let number = |name: &str| members.get(name).and_then(Value::as_f64);
    for (least, most) in [("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum")] {
        if let (Some(low), Some(high)) = (number(least), number(most))
            && low > high
        {
            return Some(format!("`{least}` is larger than `{most}`"));
        }
    }
    let properties = members.get("properties").and_then(Value::as_object);
    if members.get("additionalProperties") == Some(&Value::Bool(false))
        && !members.contains_key("patternProperties")
        && let Some(required) = members.get("required").and_then(Value::as_array)
    {
        let known = |name: &str| properties.is_some_and(|properties| properties.contains_key(name));
        let missing = required.iter().filter_map(Value::as_str).find(|name| !known(name));
        if let Some(name) = missing {
            return Some(format!("{name:?} is required, and no additional property may be there"));
        }
    }
    if schema == &Value::Bool(false) || members.get("not").is_some_and(|not| not == &Value::Bool(true)) {
        return Some("it refuses everything".to_owned());
    }
    for (name, property) in properties.into_iter().flatten() {
        if let Some(found) = contradiction(property) {
            return Some(format!("in {name:?}, {found}"));
        }
        if let Some(default) = property.get("default")
            && !property.to_string().contains("\"$ref\"")
            && schema::check(property, default).is_err()
        {
            return Some(format!("the default of {name:?} is not allowed by its own schema"));
        }
    }
    members.get("items").and_then(contradiction)
}

pub(super) fn examples(material: &Material<'_>) -> Verdict {
    let mut messages = Vec::new();
    let mut some = false;
    for action in &material.manifest().actions {
        for (at, example) in action.examples.iter().enumerate() {
            some = true;
            let sides =
                [("input", &action.input, &example.input), ("output", &action.output, &example.output)];
            for (side, schema, value) in sides {
                if let Err(problems) = schema::check(schema, value) {
                    messages.push(format!(
                        "the {side} of example {at} of {} breaks the schema: {}; mend the example or the schema",
                        action.name,
                        problems.join("; ")
                    ));
                }
            }
        }
    }
    if !some {
        let known = material.manifest().actions.first();
        let Some(action) = known else {
            return Verdict::skipped("describe.examples", "the connector has no action");
        };
        let input = sample(&action.input, Kind::Plain);
        return Verdict::skipped(
            "describe.examples",
            format!(
                "no action has an example; add `examples` to the manifest, as {{\"input\": {input}, \"output\": ...}} for {}",
                action.name
            ),
        );
    }
    Verdict::of("describe.examples", messages)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_that_contradicts_itself_is_seen() {
        for (schema, said) in [
            (json!({"minLength": 3, "maxLength": 2}), "`minLength`"),
            (
                json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {"b": {}}}),
                "\"a\" is required",
            ),
            (json!({"properties": {"a": {"type": "string", "default": 1}}}), "default of \"a\""),
            (json!({"type": "array", "items": {"minimum": 2, "maximum": 1}}), "`minimum`"),
        ] {
            let found = contradiction(&schema).unwrap_or_default();
            assert!(found.contains(said), "{schema}: {found}");
        }
        assert_eq!(contradiction(&json!({"type": "object", "properties": {"a": {"default": null}}})), None);
    }
}
