//! One row a change: what it means for inputs, and what for outputs.

use serde_json::{Value, json};

use super::super::Kind::{Additive, Breaking, Neutral};
use super::*;

fn kinds(old: &Value, new: &Value, reader: Reader) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = compare(old, new, reader).into_iter().map(|change| change.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

#[test]
fn each_change_means_the_opposite_to_who_sends_and_who_reads() {
    let object = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let a = || json!({"a": {"type": "string"}});
    let ab = || json!({"a": {"type": "string"}, "b": {"type": "string"}});
    let tagged =
        |name: &str| json!({"type": "object", "properties": {"kind": {"const": name}}, "required": ["kind"]});
    // old, new, for inputs, for outputs
    let table: Vec<(Value, Value, Vec<Kind>, Vec<Kind>)> = vec![
        // Properties.
        (object(a(), json!([])), object(ab(), json!([])), vec![Additive], vec![Additive]),
        (object(a(), json!([])), object(ab(), json!(["b"])), vec![Breaking], vec![Additive]),
        (object(ab(), json!([])), object(a(), json!([])), vec![Breaking], vec![Breaking]),
        (object(a(), json!([])), object(a(), json!(["a"])), vec![Breaking], vec![Additive]),
        (object(a(), json!(["a"])), object(a(), json!([])), vec![Additive], vec![Breaking]),
        (
            json!({"type": "object", "additionalProperties": false}),
            json!({"type": "object"}),
            vec![Additive],
            vec![Breaking],
        ),
        (
            json!({"type": "object"}),
            json!({"type": "object", "additionalProperties": false}),
            vec![Breaking],
            vec![Additive],
        ),
        // Types.
        (json!({"type": "integer"}), json!({"type": "number"}), vec![Additive], vec![Breaking]),
        (json!({"type": "number"}), json!({"type": "integer"}), vec![Breaking], vec![Additive]),
        (json!({"type": "string"}), json!({"type": ["string", "null"]}), vec![Additive], vec![Breaking]),
        (
            json!({"type": "string"}),
            json!({"type": "integer"}),
            vec![Breaking, Additive],
            vec![Breaking, Additive],
        ),
        (json!(true), json!({"type": "string"}), vec![Breaking], vec![Additive]),
        (json!({"type": "string"}), json!({}), vec![Additive], vec![Breaking]),
        // Values.
        (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]}), vec![Additive], vec![Breaking]),
        (json!({"enum": ["a", "b"]}), json!({"const": "a"}), vec![Breaking], vec![Additive]),
        (json!({"type": "string"}), json!({"type": "string", "enum": ["a"]}), vec![Breaking], vec![Additive]),
        // Bounds.
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "integer", "minimum": 2}),
            vec![Breaking],
            vec![Additive],
        ),
        (
            json!({"type": "integer", "maximum": 9}),
            json!({"type": "integer", "maximum": 10}),
            vec![Additive],
            vec![Breaking],
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "maxLength": 9}),
            vec![Breaking],
            vec![Additive],
        ),
        (json!({"type": "string"}), json!({"type": "string", "minLength": 0}), vec![Neutral], vec![Neutral]),
        (json!({"multipleOf": 4}), json!({"multipleOf": 2}), vec![Additive], vec![Breaking]),
        (
            json!({"type": "array"}),
            json!({"type": "array", "uniqueItems": true}),
            vec![Breaking],
            vec![Additive],
        ),
        // What nobody can tell is breaking for both.
        (json!({"pattern": "^a"}), json!({"pattern": "^b"}), vec![Breaking], vec![Breaking]),
        (json!({"format": "date"}), json!({"format": "date-time"}), vec![Breaking], vec![Breaking]),
        (
            json!({"not": {"type": "null"}}),
            json!({"not": {"type": "string"}}),
            vec![Breaking],
            vec![Breaking],
        ),
        (json!({"multipleOf": 4}), json!({"multipleOf": 3}), vec![Breaking], vec![Breaking]),
        // Inside.
        (
            json!({"type": "array", "items": {"type": "integer"}}),
            json!({"type": "array", "items": {"type": "number"}}),
            vec![Additive],
            vec![Breaking],
        ),
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [1]}}}),
            json!({"$ref": "#/$defs/b", "$defs": {"b": {"enum": [1, 2]}}}),
            vec![Additive],
            vec![Breaking],
        ),
        // Alternatives.
        (
            json!({"type": "string"}),
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            vec![Additive],
            vec![Breaking],
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!({"type": "string"}),
            vec![Breaking],
            vec![Additive],
        ),
        (
            json!({"oneOf": [tagged("a")]}),
            json!({"oneOf": [tagged("a"), tagged("b")]}),
            vec![Additive],
            vec![Breaking],
        ),
        (
            json!({"oneOf": [{"type": "object", "required": ["a"]}]}),
            json!({"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]}),
            vec![Breaking],
            vec![Breaking],
        ),
        (
            json!({"allOf": [tagged("a")]}),
            json!({"allOf": [tagged("a"), {"required": ["b"]}]}),
            vec![Breaking],
            vec![Additive],
        ),
        // Words.
        (
            json!({"type": "string", "title": "A"}),
            json!({"type": "string", "title": "B"}),
            vec![Neutral],
            vec![Neutral],
        ),
        // A property may have the name of a keyword.
        (
            object(json!({"title": {"type": "string"}}), json!([])),
            object(json!({"title": {"type": "integer"}}), json!([])),
            vec![Breaking, Additive],
            vec![Breaking, Additive],
        ),
        // A default is what others relied on by saying nothing.
        (
            json!({"type": "integer", "default": 1}),
            json!({"type": "integer", "default": 2}),
            vec![Breaking],
            vec![Neutral],
        ),
    ];
    for (old, new, receives, gives) in table {
        assert_eq!(kinds(&old, &new, Reader::Receives), receives, "input {old} -> {new}");
        assert_eq!(kinds(&old, &new, Reader::Gives), gives, "output {old} -> {new}");
        assert_eq!(kinds(&old, &old, Reader::Gives), [], "{old}");
    }
}

#[test]
fn a_change_is_told_where_it_is() {
    let old = json!({"type": "object", "properties": {"lines": {"type": "array", "items": {"$ref": "#/$defs/l"}}},
        "$defs": {"l": {"type": "object", "properties": {"a/b": {"type": "string"}}}}});
    let new = json!({"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "object",
        "properties": {"a/b": {"type": "string", "maxLength": 3}}}}}});
    let changes = compare(&old, &new, Reader::Receives);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].place, "/properties/lines/items/properties/a~1b");
    assert_eq!(changes[0].what, "`maxLength` is 3, and was not there");
}

#[test]
fn a_schema_that_leads_back_to_itself_ends() {
    let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}}});
    let other = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}, "b": {}}}}});
    let changes = compare(&circle, &other, Reader::Gives);
    assert!(changes.iter().any(|change| change.what.contains("too deeply")), "{}", changes.len());
    let bush: Value = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object",
        "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}}}});
    let wider = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "title": "",
        "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}}}});
    assert!(compare(&bush, &wider, Reader::Gives).iter().any(|change| change.what.contains("too large")));
}
