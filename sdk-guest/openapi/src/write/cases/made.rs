//! Values for tests: the document's examples where they are right, and otherwise ones made up from its schemas.

use domain::schema::Schema;
use domain::schema::sample::{Kind, sample};
use serde_json::{Map, Value, json};
use wit::Action;

use crate::body::Media;
use crate::operation::Operation;
use crate::parameters::{Param, Place};

/// What is larger helps nobody to see what a test is about.
const VALUE_BYTES_MAX: usize = 3_000;

/// An input that the action takes, and that can be written on the wire.
pub(super) fn input(operation: &Operation, action: &Action) -> Option<Value> {
    let (schema, compiled) = of_both(&operation.input, &action.input)?;
    let needed = members(sample(schema, Kind::Needed));
    let mut shown = needed.clone();
    for param in &operation.params {
        shown.extend(param.example.clone().map(|example| (param.input.clone(), example)));
    }
    let plain_body = || Some(members(sample(schema, Kind::Plain)).get("body")?.clone());
    let with_body = |mut input: Map<String, Value>, body: Option<Value>| {
        input.extend(body.filter(is_small).map(|body| ("body".to_owned(), body)));
        Value::Object(input)
    };
    let example = || operation.body.example.clone();
    let mut candidates = [
        with_body(shown.clone(), example().or_else(plain_body)),
        with_body(needed.clone(), example()),
        with_body(shown, None),
        with_body(needed.clone(), plain_body()),
        Value::Object(needed),
        sample(schema, Kind::Plain),
        sample(schema, Kind::Empty),
    ]
    .into_iter();
    candidates.find(|input| is_small(input) && can_be_sent(operation, input) && compiled.check(input).is_ok())
}

/// Whether another input would do.
pub(super) fn is_input(operation: &Operation, action: &Action, input: &Value) -> bool {
    let schema = of_both(&operation.input, &action.input);
    schema.is_some_and(|(_, schema)| schema.check(input).is_ok()) && can_be_sent(operation, input)
}

/// What the remote answers, and what becomes of it.
pub(super) fn reply(operation: &Operation, action: &Action) -> Option<(Value, Value)> {
    let answer = &operation.answer;
    let (schema, compiled) = of_both(&operation.output, &action.output)?;
    let fits = |value: &Value| is_small(value) && compiled.check(value).is_ok();
    let status = answer.status;
    match &answer.media {
        Media::Nothing | Media::Form(_) => Some((json!({ "status": status }), Value::Null)),
        Media::Text(_) => {
            let example = answer.example.clone().filter(Value::is_string);
            let candidates = example.into_iter().chain([sample(schema, Kind::Plain), json!("sample")]);
            let text = candidates.filter(Value::is_string).find(fits)?;
            Some((json!({ "status": status, "text": text }), text))
        }
        Media::Json(_) => {
            let json = answer.example.clone().filter(fits).or_else(|| of_schema(schema, fits))?;
            Some((json!({ "status": status, "json": json }), json))
        }
    }
}

/// A value made up from a schema: as full as it may be.
pub(super) fn of_schema(schema: &Value, fits: impl Fn(&Value) -> bool) -> Option<Value> {
    let plain = sample(schema, Kind::Plain);
    let needed = sample(schema, Kind::Needed);
    let mut some = needed.clone();
    // Of a large one, what comes first.
    if let (Value::Object(some), Value::Object(plain)) = (&mut some, &plain) {
        let mut bytes = 0;
        for (name, value) in plain {
            bytes += name.len() + value.to_string().len();
            if bytes < VALUE_BYTES_MAX / 4 {
                some.insert(name.clone(), value.clone());
            }
        }
    }
    [plain, some, needed, sample(schema, Kind::Empty), json!({}), json!([]), Value::Null]
        .into_iter()
        .find(fits)
}

/// The same with another value: a text or a number.
pub(super) fn another(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(json!(format!("{text}2"))),
        Value::Number(number) => Some(json!(number.as_i64()?.checked_add(1)?)),
        _ => None,
    }
}

/// Another result of the same kind.
pub(super) fn another_result(operation: &Operation, action: &Action, result: &Value) -> Option<Value> {
    let (_, compiled) = of_both(&operation.output, &action.output)?;
    let members = result.as_object()?;
    members.iter().find_map(|(name, value)| {
        let mut other = members.clone();
        other.insert(name.clone(), another(value)?);
        Some(Value::Object(other)).filter(|other| compiled.check(other).is_ok())
    })
}

/// The schema of the document, or the shorter one of the manifest where the first is more than a host takes.
pub(super) fn of_both<'a>(whole: &'a Value, shorter: &'a Value) -> Option<(&'a Value, Schema)> {
    let compiled = |schema: &'a Value| Some((schema, Schema::compile(schema).ok()?));
    compiled(whole).or_else(|| compiled(shorter))
}

fn is_small(value: &Value) -> bool {
    value.to_string().len() <= VALUE_BYTES_MAX
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A segment that a host sends, and headers of one line.
fn can_be_sent(operation: &Operation, input: &Value) -> bool {
    let can = |param: &Param| match (param.place, input.get(&param.input)) {
        (Place::Path, value) => match value {
            Some(Value::String(text)) => {
                !matches!(text.as_str(), "" | "." | "..") && !text.contains(['/', '\\', '{', '}'])
            }
            Some(Value::Number(_) | Value::Bool(_)) => true,
            _ => false,
        },
        (Place::Header, Some(Value::String(text))) => {
            !text.is_empty() && text.trim() == text && text.bytes().all(|byte| (b' '..0x7f).contains(&byte))
        }
        _ => true,
    };
    operation.params.iter().all(can)
}
