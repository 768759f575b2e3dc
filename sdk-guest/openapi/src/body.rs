//! Bodies: what is sent, and what comes back.

use serde_json::{Value, json};

use crate::NotGenerated;
use crate::document::{Document, shown};
use crate::parameters::Style;
use crate::project::Notes;

/// How a body is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Media {
    Nothing,
    Json(String),
    Form(Vec<(String, Style)>),
    Text(String),
}

/// A body with its schema, as the document has it.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) media: Media,
    pub(crate) schemas: Vec<Value>,
    pub(crate) is_required: bool,
    /// What the document shows; nobody has looked whether it is right.
    pub(crate) example: Option<Value>,
    /// Of an answer: the status that it comes with.
    pub(crate) status: u16,
}

impl Body {
    fn nothing() -> Self {
        Self { media: Media::Nothing, schemas: Vec::new(), is_required: false, example: None, status: 204 }
    }
}

/// What is sent. The error is why the operation cannot be carried out at all.
pub(crate) fn request(
    document: &Document,
    operation: &Value,
    method: &str,
    place: &str,
    notes: &mut Notes,
) -> Result<Result<Body, String>, NotGenerated> {
    let Some(body) = operation.get("requestBody") else { return Ok(Ok(Body::nothing())) };
    let body = document.resolve(body)?;
    let is_required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
    if matches!(method, "GET" | "HEAD" | "OPTIONS") {
        // Whoever generates documents often writes an empty one everywhere.
        if is_required || says_something(document, body)? {
            notes.add(place, format!("the body of a {method} means nothing, and none is sent"));
        }
        return Ok(Ok(Body::nothing()));
    }
    let Some((name, media, content)) = best(document, body.get("content"), true)? else {
        let kinds = kinds(body.get("content"));
        if is_required {
            return Ok(Err(format!("its body is sent as {kinds}, which is not supported")));
        }
        if !kinds.is_empty() {
            notes.add(place, format!("its body, sent as {kinds}, is not supported and left out"));
        }
        return Ok(Ok(Body::nothing()));
    };
    let media = match media {
        Media::Form(_) => Media::Form(styles(content.get("encoding"), place, notes)),
        Media::Json(_) => Media::Json(name),
        Media::Text(_) => Media::Text(name),
        Media::Nothing => Media::Nothing,
    };
    let schema = content.get("schema").cloned().unwrap_or_else(|| json!({}));
    let example = example(document, content);
    Ok(Ok(Body { media, schemas: vec![schema], is_required, example, status: 0 }))
}

/// Whether any content of a body has members.
fn says_something(document: &Document, body: &Value) -> Result<bool, NotGenerated> {
    for content in
        body.get("content").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values)
    {
        let Some(schema) = content.get("schema") else { continue };
        let properties = document.resolve(schema)?.get("properties").and_then(Value::as_object);
        if properties.is_some_and(|properties| !properties.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the document shows: of the content, of a name, or of the schema.
fn example(document: &Document, content: &Value) -> Option<Value> {
    let named = || {
        let first = content.get("examples")?.as_object()?.values().next()?;
        document.resolve(first).ok()?.get("value")
    };
    let of_schema = || {
        let schema = document.resolve(content.get("schema")?).ok()?;
        schema.get("example").or_else(|| schema.get("examples")?.as_array()?.first())
    };
    content.get("example").or_else(named).or_else(of_schema).cloned()
}

/// What comes back when it went well.
pub(crate) fn response(
    document: &Document,
    operation: &Value,
    place: &str,
    notes: &mut Notes,
) -> Result<Body, NotGenerated> {
    let Some(responses) = operation.get("responses").and_then(Value::as_object) else {
        return Ok(Body::nothing());
    };
    let good = |status: &str| status.starts_with('2') && status.len() == 3;
    let mut found: Vec<(&str, &Value)> = responses
        .iter()
        .filter(|(status, _)| good(status))
        .map(|(status, response)| (status.as_str(), response))
        .collect();
    if found.is_empty() {
        found.extend(responses.get("default").map(|response| ("200", response)));
    }
    let mut body = Body::nothing();
    for (status, response) in found {
        // `2XX` is any of them.
        let status: u16 = status.parse().unwrap_or(200);
        let response = document.resolve(response)?;
        match best(document, response.get("content"), false)? {
            Some((name, media, content)) => {
                let media = match media {
                    Media::Text(_) => Media::Text(name),
                    _ => Media::Json(name),
                };
                match (&body.media, &media) {
                    (Media::Nothing, _) => {
                        body.media = media;
                        body.status = status;
                        body.example = example(document, content);
                    }
                    (Media::Json(_), Media::Json(_)) | (Media::Text(_), Media::Text(_)) => {}
                    _ => {
                        notes.add(place, "its answers are of several kinds; one that is no JSON is an error");
                        continue;
                    }
                }
                let schema = content.get("schema").cloned().unwrap_or_else(|| json!({}));
                if !body.schemas.contains(&schema) {
                    body.schemas.push(schema);
                }
            }
            None => {
                let kinds = kinds(response.get("content"));
                if !kinds.is_empty() {
                    notes.add(place, format!("its answer, {kinds}, is not handed on"));
                }
                let nothing = json!({ "type": "null" });
                if body.schemas.is_empty() {
                    body.status = status;
                }
                if !body.schemas.contains(&nothing) {
                    body.schemas.push(nothing);
                }
            }
        }
    }
    Ok(body)
}

/// The kind of content that is understood best.
fn best<'a>(
    document: &'a Document,
    content: Option<&'a Value>,
    is_request: bool,
) -> Result<Option<(String, Media, &'a Value)>, NotGenerated> {
    let mut found: Option<(usize, String, Media, &Value)> = None;
    for (name, content) in content.and_then(Value::as_object).into_iter().flatten() {
        let plain = name.split(';').next().unwrap_or(name).trim().to_ascii_lowercase();
        let (rank, media) = match plain.as_str() {
            "application/json" => (0, Media::Json(String::new())),
            "*/*" | "application/*" => (3, Media::Json(String::new())),
            // Of the ways to write a change down, the one that looks like the thing itself.
            "application/merge-patch+json" => (0, Media::Json(String::new())),
            json if json.ends_with("+json") || json.ends_with("/json") => (1, Media::Json(String::new())),
            "application/x-www-form-urlencoded" if is_request => (2, Media::Form(Vec::new())),
            // Several texts in one are none.
            text if text.starts_with("text/") && text != "text/event-stream" => {
                (4, Media::Text(String::new()))
            }
            xml if xml.ends_with("/xml") || xml.ends_with("+xml") => (5, Media::Text(String::new())),
            _ => continue,
        };
        let name = if plain.contains('*') { "application/json".to_owned() } else { shown(name) };
        if found.as_ref().is_none_or(|(best, ..)| rank < *best) {
            found = Some((rank, name, media, document.resolve(content)?));
        }
    }
    Ok(found.map(|(_, name, media, content)| (name, media, content)))
}

fn kinds(content: Option<&Value>) -> String {
    let names = content.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| shown(name));
    names.collect::<Vec<_>>().join(", ")
}

/// Fields of a form that are written in a way of their own.
fn styles(encoding: Option<&Value>, place: &str, notes: &mut Notes) -> Vec<(String, Style)> {
    let mut styles = Vec::new();
    for (name, encoding) in encoding.and_then(Value::as_object).into_iter().flatten() {
        let explode = encoding.get("explode").and_then(Value::as_bool);
        let style = match (encoding.get("style").and_then(Value::as_str), explode) {
            (Some("deepObject"), _) => Style::Brackets,
            (Some("spaceDelimited"), _) => Style::Spaces,
            (Some("pipeDelimited"), _) => Style::Pipes,
            (Some("form") | None, Some(false)) => Style::Commas,
            (Some("form"), _) => continue,
            (None, _) => {
                let media = encoding.get("contentType").and_then(Value::as_str).unwrap_or_default();
                if media.contains("json") {
                    Style::Json
                } else {
                    continue;
                }
            }
            (Some(other), _) => {
                notes.add(
                    place,
                    format!("the style {:?} of the field {:?} is not supported", shown(other), shown(name)),
                );
                continue;
            }
        };
        styles.push((name.clone(), style));
    }
    styles
}
