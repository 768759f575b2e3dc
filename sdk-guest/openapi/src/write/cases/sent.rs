//! What an input looks like on the wire, as far as a test file can say it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::body::Media;
use crate::operation::Operation;
use crate::parameters::{Param, Place, Style};

/// The path with the input's values in their places.
pub(super) fn path(operation: &Operation, input: &Value) -> String {
    let mut path = operation.path.clone();
    for param in operation.params.iter().filter(|param| param.place == Place::Path) {
        let value = input.get(&param.input).and_then(|value| written(param, value)).unwrap_or_default();
        path = path.replace(&format!("{{{}}}", param.name), &encoded(&value));
    }
    path
}

/// Query, headers and body. What has a form that a test file cannot ask for is left out.
pub(super) fn parts(operation: &Operation, input: &Value, key: &str) -> Vec<(&'static str, Value)> {
    let (mut query, mut headers) = (Map::new(), Map::new());
    for param in &operation.params {
        let value = input.get(&param.input).filter(|value| !value.is_null());
        let Some(text) = value.and_then(|value| written(param, value)) else { continue };
        match param.place {
            Place::Path => {}
            Place::Query => {
                query.insert(param.name.clone(), json!(text));
            }
            Place::Header => {
                headers.insert(param.name.clone(), json!(text));
            }
        }
    }
    headers.extend(operation.idempotency.iter().map(|name| (name.clone(), json!(key))));
    let mut parts = Vec::new();
    if !query.is_empty() {
        parts.push(("query", Value::Object(query)));
    }
    if !headers.is_empty() {
        parts.push(("headers", Value::Object(headers)));
    }
    parts.extend(input.get("body").and_then(|body| of_body(&operation.body.media, body)));
    parts
}

fn of_body(media: &Media, body: &Value) -> Option<(&'static str, Value)> {
    match media {
        Media::Nothing => None,
        Media::Json(_) => Some(("json_exactly", body.clone())),
        Media::Text(_) => Some(("text", json!(text(body)?))),
        Media::Form(styles) => {
            let is_plain = |name: &str| styles.iter().all(|(field, _)| field != name);
            let fields = body.as_object()?.iter().filter(|(name, _)| is_plain(name));
            let fields: Map<String, Value> =
                fields.filter_map(|(name, value)| Some((name.clone(), json!(text(value)?)))).collect();
            (!fields.is_empty()).then_some(("form", Value::Object(fields)))
        }
    }
}

/// As one text. None for what is several, or none.
fn written(param: &Param, value: &Value) -> Option<String> {
    let joined = |separator: &str| {
        let items = value.as_array()?.iter().map(text).collect::<Option<Vec<String>>>()?;
        Some(items.join(separator))
    };
    match (param.style, value) {
        (Style::Json, _) => Some(value.to_string()),
        (Style::Commas, Value::Array(_)) => joined(","),
        (Style::Spaces, Value::Array(_)) => joined(" "),
        (Style::Pipes, Value::Array(_)) => joined("|"),
        (Style::Repeated, Value::Array(items)) => items.first().and_then(text),
        _ => text(value),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Test files compare segments decoded: more than has to be may be encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
