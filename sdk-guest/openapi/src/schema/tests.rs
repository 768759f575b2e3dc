//! What becomes of the schemas of a document.

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
            json!({"properties": {"example": {"type": "string", "examples": ["x"]}}}),
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
    let mut notes = Notes::default();
    assert_eq!(bundled(&document, Side::Request, "/", &mut notes, convert).unwrap(), json!({}));
    let notes = notes.into_list();
    assert!(notes[0].what.contains("other.yaml#/a") && notes[0].what.contains("anything"), "{notes:?}");
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
