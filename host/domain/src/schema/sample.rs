//! Makes a value that a JSON Schema allows: plain, as empty as it may be, or as strange and large as it may be.

use regex::RegexBuilder;
use serde_json::{Map, Value, json};

/// What the texts and lists of a sample are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// The same without what is not required.
    Needed,
    /// What is not required is left out; texts and lists are as short as they may be.
    Empty,
    /// Texts hold what breaks careless code.
    Unicode,
    /// Texts and lists are as long as they may be, within reason.
    Huge,
}

const DEPTH_MAX: usize = 12;
const HUGE_TEXT_BYTES: usize = 256 << 10;
const HUGE_ITEMS: usize = 2_000;
/// Beyond the basic plane, joined, right to left, combining, quotes, markup, a null in words, and what a path could climb on.
const STRANGE: &str =
    "Zoë 👩‍👩‍👧 \u{202e}abc\u{202c} e\u{301} \"'<b>&amp;\\u0000 null/../%2e%2e?x=1#y 日本 \u{feff}";

/// A value for the schema; whoever needs it valid checks it, since no maker of samples knows every keyword.
pub fn sample(schema: &Value, kind: Kind) -> Value {
    make(schema, schema, kind, DEPTH_MAX)
}

fn make(root: &Value, schema: &Value, kind: Kind, depth_left: usize) -> Value {
    let Some(depth_left) = depth_left.checked_sub(1) else { return Value::Null };
    let Some(members) = schema.as_object() else { return Value::Null };
    if let Some(target) = members.get("$ref").and_then(Value::as_str)
        && let Some(found) = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
    {
        return make(root, found, kind, depth_left);
    }
    if let Some(value) = members.get("const") {
        return value.clone();
    }
    let first = |name: &str| members.get(name).and_then(Value::as_array).and_then(|items| items.first());
    if let Some(value) = first("enum") {
        return value.clone();
    }
    if matches!(kind, Kind::Plain | Kind::Needed)
        && let Some(value) = first("examples").or_else(|| members.get("default"))
    {
        return value.clone();
    }
    if let Some(choices) = members.get("anyOf").or_else(|| members.get("oneOf")).and_then(Value::as_array) {
        let made = choices.iter().map(|choice| make(root, choice, kind, depth_left));
        let told = made.into_iter().find(|value| !value.is_null()).unwrap_or_default();
        return merged(told, members, root, kind, depth_left);
    }
    let all = members.get("allOf").and_then(Value::as_array);
    if let Some(parts) = all {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(made) = make(root, part, kind, depth_left) {
                whole.extend(made);
            }
        }
        return merged(Value::Object(whole), members, root, kind, depth_left);
    }
    match type_of(members) {
        "object" => object(root, members, kind, depth_left),
        "array" => array(root, members, kind, depth_left),
        "string" => Value::String(text(members, kind)),
        "integer" => number(members, true),
        "number" => number(members, false),
        "boolean" => json!(false),
        _ => Value::Null,
    }
}

/// Where a schema says more beside its choices.
fn merged(chosen: Value, members: &Map<String, Value>, root: &Value, kind: Kind, depth_left: usize) -> Value {
    match chosen {
        Value::Object(mut chosen) if members.contains_key("properties") => {
            if let Value::Object(beside) = object(root, members, kind, depth_left) {
                chosen.extend(beside);
            }
            Value::Object(chosen)
        }
        chosen => chosen,
    }
}

fn type_of(members: &Map<String, Value>) -> &str {
    match members.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null")
        }
        _ if members.contains_key("properties") || members.contains_key("required") => "object",
        _ if members.contains_key("items") => "array",
        _ if members.contains_key("minLength") || members.contains_key("pattern") => "string",
        _ => "object",
    }
}

fn object(root: &Value, members: &Map<String, Value>, kind: Kind, depth_left: usize) -> Value {
    let required: Vec<&str> = members
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut made = Map::new();
    for (name, schema) in members.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if !matches!(kind, Kind::Empty | Kind::Needed) || required.contains(&name.as_str()) {
            made.insert(name.clone(), make(root, schema, kind, depth_left));
        }
    }
    for name in required {
        made.entry(name).or_insert_with(|| Value::String("sample".to_owned()));
    }
    Value::Object(made)
}

fn array(root: &Value, members: &Map<String, Value>, kind: Kind, depth_left: usize) -> Value {
    let bound = |name: &str| members.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let least = bound("minItems").unwrap_or(0);
    let most = bound("maxItems").unwrap_or(usize::MAX);
    let unique = members.get("uniqueItems").and_then(Value::as_bool) == Some(true);
    let wanted = match kind {
        Kind::Empty | Kind::Needed => least,
        Kind::Huge if !unique => HUGE_ITEMS,
        _ => 1,
    };
    let count = wanted.max(least).min(most).min(HUGE_ITEMS.max(least));
    let any = json!({"type": "string"});
    // A long list of long texts is longer than any request.
    let kind = if kind == Kind::Huge && count > 1 { Kind::Plain } else { kind };
    let item = make(root, members.get("items").unwrap_or(&any), kind, depth_left);
    Value::Array(vec![item; count])
}

fn number(members: &Map<String, Value>, whole: bool) -> Value {
    let bound = |name: &str| members.get(name).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound + 1.0));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|bound| bound - 1.0));
    let mut number = least.unwrap_or(1.0).max(if least.is_none() { 1.0 } else { f64::MIN });
    number = number.min(most.unwrap_or(f64::MAX));
    if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0) {
        number = (number / step).ceil() * step;
    }
    if whole && number.abs() < 9.0e15 { json!(number.ceil() as i64) } else { json!(number) }
}

fn text(members: &Map<String, Value>, kind: Kind) -> String {
    let bound = |name: &str| members.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (least, most) = (bound("minLength").unwrap_or(0), bound("maxLength").unwrap_or(usize::MAX));
    let of_format = match members.get("format").and_then(Value::as_str) {
        Some("email" | "idn-email") => Some("ada@example.com"),
        Some("date-time") => Some("2026-01-31T08:30:00Z"),
        Some("date") => Some("2026-01-31"),
        Some("time") => Some("08:30:00Z"),
        Some("uri" | "url" | "iri") => Some("https://example.com/a"),
        Some("hostname") => Some("example.com"),
        Some("uuid") => Some("6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
        Some("ipv4") => Some("192.0.2.1"),
        _ => None,
    };
    let pattern = members.get("pattern").and_then(Value::as_str);
    if let Some(text) = pattern.and_then(|pattern| matching(pattern, least, most, of_format)) {
        return text;
    }
    if let Some(text) = of_format {
        return text.to_owned();
    }
    let wanted = match kind {
        Kind::Plain | Kind::Needed => "sample".to_owned(),
        Kind::Empty => String::new(),
        Kind::Unicode => STRANGE.to_owned(),
        Kind::Huge => "x".repeat(most.min(HUGE_TEXT_BYTES)),
    };
    let mut text: String = wanted.chars().take(most).collect();
    let length = text.chars().count();
    text.extend(std::iter::repeat_n('x', least.saturating_sub(length).min(HUGE_TEXT_BYTES)));
    text
}

/// A text that a pattern allows, if it is of a common kind: nobody makes texts of a pattern here.
fn matching(pattern: &str, least: usize, most: usize, of_format: Option<&str>) -> Option<String> {
    let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_PROGRAM_BYTES_MAX).build().ok()?;
    let fits = |text: &String| (least..=most).contains(&text.chars().count()) && compiled.is_match(text);
    let known = of_format.into_iter().chain(COMMON).map(str::to_owned);
    let long = LENGTHS.into_iter().chain([least, most]).filter(|length| *length <= LENGTH_MAX);
    let repeated = long.flat_map(|length| ["1", "A", "a", "0"].map(|sign| sign.repeat(length)));
    known.chain(repeated).find(fits)
}

/// What patterns mostly mean.
const COMMON: [&str; 24] = [
    "sample",
    "Sample",
    "SAMPLE",
    "1",
    "2026-01-31",
    "2026-01-31T08:30:00Z",
    "08:30:00",
    "10.50",
    "EUR",
    "US",
    "en",
    "en-US",
    "1.0.0",
    "v1",
    "ada@example.com",
    "https://example.com/a",
    "example.com",
    "+15550100",
    "192.0.2.1",
    "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "#a0b1c2",
    "/sample",
    "true",
    "sample_1",
];
const LENGTHS: [usize; 18] = [2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 16, 17, 20, 24, 26, 32, 40, 64];
const LENGTH_MAX: usize = 1_000;
/// As when the schema is compiled.
const PATTERN_PROGRAM_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn samples_of_every_kind_are_valid() {
        let schema = json!({
            "type": "object",
            "properties": {
                "id": {"type": "string", "minLength": 1, "maxLength": 64},
                "email": {"type": ["string", "null"], "format": "email"},
                "amount": {"type": "number", "exclusiveMinimum": 0},
                "count": {"type": "integer", "minimum": 3, "multipleOf": 5},
                "lines": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"$ref": "#/$defs/line"}},
                "number": {"type": "string", "pattern": "^[A-Z0-9]+$", "minLength": 17, "maxLength": 17},
                "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
                "state": {"enum": ["open", "closed"]},
                "to": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"const": 7}}, "required": ["a"]}]},
            },
            "required": ["id", "lines"],
            "additionalProperties": false,
            "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}},
        });
        for kind in [Kind::Plain, Kind::Needed, Kind::Empty, Kind::Unicode, Kind::Huge] {
            let made = sample(&schema, kind);
            assert_eq!(schema::check(&schema, &made), Ok(()), "{kind:?} {}", made.to_string().len());
        }
        assert_eq!(sample(&schema, Kind::Empty), json!({"id": "x", "lines": [{"sku": ""}]}));
        assert_eq!(sample(&schema, Kind::Needed), json!({"id": "sample", "lines": [{"sku": "sample"}]}));
    }

    #[test]
    fn a_schema_that_leads_back_to_itself_ends() {
        let schema = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "required": ["a"],
            "properties": {"a": {"$ref": "#/$defs/a"}}}}});
        assert!(sample(&schema, Kind::Plain).is_object());
    }
}
