//! Schemas that a hostile connector might bring.

use serde_json::json;

use super::*;

#[test]
fn an_instance_is_checked_and_its_values_are_not_repeated() {
    let schema = json!({
        "type": "object",
        "required": ["id"],
        "properties": { "id": { "type": "string" }, "lines": { "type": "array", "items": { "$ref": "#/$defs/line" } } },
        "$defs": { "line": { "type": "object", "properties": { "amount": { "type": "integer" } } } },
    });
    assert_eq!(check(&schema, &json!({ "id": "a", "lines": [{ "amount": 1 }] })), Ok(()));
    let errors = check(&schema, &json!({ "lines": [{ "amount": "hunter2" }] })).unwrap_err().join("\n");
    assert!(errors.contains("/lines/0/amount") && errors.contains("id"), "{errors}");
    assert!(!errors.contains("hunter2"), "{errors}");
}

#[test]
fn errors_are_bounded_in_number_and_length() {
    let schema = json!({ "type": "array", "items": { "type": "integer" } });
    let errors = check(&schema, &json!(vec!["x".repeat(10_000); 1_000])).unwrap_err();
    assert_eq!(errors.len(), ERRORS_MAX);
    assert!(errors.iter().all(|error| error.len() <= ERROR_BYTES_MAX + 3));
}

#[test]
fn a_reference_stays_inside() {
    for target in
        ["https://example.com/s.json", "file:///etc/passwd", "other.json", "#", "#name", "#/$defs/absent", ""]
    {
        let schema = json!({ "properties": { "a": { "$ref": target } }, "$defs": {} });
        assert_eq!(Schema::compile(&schema).unwrap_err(), InvalidSchema::Reference, "{target}");
    }
    for schema in [
        json!({ "$id": "https://example.com/x" }),
        json!({ "properties": { "a": { "$id": "https://example.com/x" } } }),
        json!({ "$dynamicRef": "#x" }),
        json!({ "$anchor": "x" }),
    ] {
        assert!(matches!(Schema::compile(&schema), Err(InvalidSchema::Keyword(_))), "{schema}");
    }
    for draft in ["https://example.com/unknown", "http://json-schema.org/draft-04/schema#"] {
        assert_eq!(
            Schema::compile(&json!({ "not": { "$schema": draft } })).unwrap_err(),
            InvalidSchema::Draft
        );
    }
    assert!(Schema::compile(&json!({ "$schema": "https://json-schema.org/draft/2020-12/schema" })).is_ok());
    assert!(Schema::compile(&json!({ "$schema": "http://json-schema.org/draft-07/schema#" })).is_ok());
}

#[test]
fn a_property_may_be_named_like_a_keyword() {
    let schema = json!({ "properties": { "$ref": { "type": "string" }, "id": { "type": "string" }, "pattern": true }, "default": { "id": "x" } });
    assert_eq!(check(&schema, &json!({ "$ref": "x", "id": "y" })), Ok(()));
}

#[test]
fn a_schema_that_would_run_away_is_refused() {
    for schema in [
        json!({ "$defs": { "a": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" }),
        json!({ "$defs": { "a": { "allOf": [{ "$ref": "#/$defs/b" }] }, "b": { "allOf": [{ "$ref": "#/$defs/a" }] } } }),
        json!({ "$defs": { "node": { "properties": { "next": { "$ref": "#/$defs/node" } } } } }),
    ] {
        assert_eq!(Schema::compile(&schema).unwrap_err(), InvalidSchema::TooDeep, "{schema}");
    }

    // Each definition refers twice to the next: 2^20 when followed.
    let mut defs = serde_json::Map::new();
    for i in 0..20 {
        let next = json!({ "$ref": format!("#/$defs/d{}", i + 1) });
        defs.insert(format!("d{i}"), json!({ "allOf": [next, next] }));
    }
    defs.insert("d20".into(), json!(true));
    let doubling = json!({ "$defs": defs, "$ref": "#/$defs/d0" });
    let refused = Schema::compile(&doubling).unwrap_err();
    assert!(matches!(refused, InvalidSchema::TooLarge | InvalidSchema::TooDeep), "{refused}");

    let mut text = String::from("true");
    for _ in 0..100 {
        text = format!("{{\"not\":{text}}}");
    }
    assert_eq!(Schema::compile(&serde_json::from_str(&text).unwrap()).unwrap_err(), InvalidSchema::TooDeep);
}

#[test]
fn a_pattern_is_bounded_and_takes_linear_time() {
    assert!(Schema::compile(&json!({ "pattern": "a".repeat(2_000) })).is_err());
    assert!(Schema::compile(&json!({ "pattern": "(((a{100}){100}){100}){100}" })).is_err());
    assert!(Schema::compile(&json!({ "pattern": "(a+)\\1" })).is_err(), "needs a backtracking engine");
    let schema = Schema::compile(&json!({ "pattern": "^(a+)+$" })).unwrap();
    assert!(schema.check(&json!(format!("{}b", "a".repeat(100_000)))).is_err());
}

#[test]
fn a_schema_is_bounded_and_must_be_one() {
    assert_eq!(Schema::compile(&json!({ "title": "x".repeat(70_000) })).unwrap_err(), InvalidSchema::TooLong);
    for schema in
        [json!(7), json!("x"), json!([]), json!(null), json!({ "type": "strnig" }), json!({ "required": 1 })]
    {
        assert!(matches!(Schema::compile(&schema), Err(InvalidSchema::Schema(_))), "{schema}");
    }
}

#[test]
fn common_patterns_are_accepted() {
    for pattern in [
        "^[A-Za-z0-9_-]{1,64}$",
        "^\\d{4}-\\d{2}-\\d{2}$",
        "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
        "^[A-Z]{3}$",
        "^in_\\w+$",
        "^https://[a-z0-9.-]+(/.*)?$",
        "^\\p{L}+$",
    ] {
        assert!(Schema::compile(&json!({ "pattern": pattern })).is_ok(), "{pattern}");
    }
}

#[test]
fn a_value_that_would_take_too_long_is_refused_unseen() {
    let many: Vec<Value> = (0..1_000).map(|i| json!({ "minimum": -i })).collect();
    let schema = Schema::compile(&json!({ "items": { "allOf": many } })).unwrap();
    assert_eq!(schema.check(&json!(vec![1; 1_000])), Ok(()));
    assert_eq!(schema.check(&json!(vec![1; 200_000])), Err(vec![format!("/: {TOO_MUCH}")]));

    let patterns: Vec<Value> = (0..100).map(|i| json!({ "pattern": format!("a{{{i}}}") })).collect();
    let schema = Schema::compile(&json!({ "allOf": patterns })).unwrap();
    assert_eq!(schema.check(&json!("a".repeat(1_000))), Ok(()));
    assert_eq!(schema.check(&json!("a".repeat(1_000_000))), Err(vec![format!("/: {TOO_MUCH}")]));
}
