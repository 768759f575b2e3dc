//! The request of an operation, made from an input.

use lockgate_sdk::http::{Request, segment};
use lockgate_sdk::{Error, Value};

use crate::operation::{Answer, Body, Operation, Param, Place, Style};

/// Builds the request; `key` is the same for every attempt at this input.
pub fn build(operation: &Operation, config: &Value, input: &Value, key: &str) -> Result<Request, Error> {
    built(operation, config, input, key, None)
}

/// The same with a query that the remote gave, in place of one made from the input.
pub fn build_with_query(
    operation: &Operation,
    config: &Value,
    input: &Value,
    query: &str,
) -> Result<Request, Error> {
    built(operation, config, input, "", Some(query))
}

fn built(
    operation: &Operation,
    config: &Value,
    input: &Value,
    key: &str,
    given_query: Option<&str>,
) -> Result<Request, Error> {
    let mut path = operation.path.to_owned();
    let mut query = Vec::new();
    let mut headers = Vec::new();
    for param in operation.params {
        let Some(value) = input.get(param.input).filter(|value| !value.is_null()) else { continue };
        match param.place {
            Place::Path => {
                // What stands in its place is encoded, so it cannot be taken for another parameter.
                path = path.replace(&format!("{{{}}}", param.name), &in_path(value)?);
            }
            Place::Query => pairs(param.name, value, param.style, &mut query),
            Place::Header => headers.push((param.name, joined(value, ","))),
        }
    }
    if let Some((_, missing)) = path.split_once('{') {
        let name = missing.split('}').next().unwrap_or(missing);
        return Err(Error::invalid(format!("the input has no {:?}", input_of(operation.params, name))));
    }
    let mut url = format!("{}{path}", server(operation, config)?);
    if let Some(given) = given_query {
        query.clear();
        // What the path itself asks for is in the remote's query too.
        url.truncate(url.find('?').unwrap_or(url.len()));
        url.push('?');
        url.push_str(given);
    }
    let mut request = Request::new(operation.method, url);
    for (name, value) in &query {
        request = request.query(name, value);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if let Answer::Json(media) | Answer::Text(media) = operation.answer {
        request = request.header("accept", media);
    }
    if let Some(name) = operation.idempotency {
        request = request.idempotency_key(name, key);
    }
    Ok(with_body(request, &operation.body, input.get("body")))
}

fn with_body(request: Request, body: &Body, value: Option<&Value>) -> Request {
    let Some(value) = value else { return request };
    match body {
        Body::Nothing => request,
        Body::Json(media) => request.header("content-type", *media).body(value.to_string()),
        Body::Text(media) => request.header("content-type", *media).body(text(value)),
        Body::Form(styles) => {
            let mut fields = Vec::new();
            for (name, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
            {
                let chosen = styles.iter().find(|(field, _)| field == name).map(|(_, style)| *style);
                // Forms have no form for an object of their own.
                let plain = if value.is_object() { Style::Json } else { Style::Repeated };
                pairs(name, value, chosen.unwrap_or(plain), &mut fields);
            }
            request.form(&fields)
        }
    }
}

/// Origin and base path, with the profile's configuration filled in.
fn server(operation: &Operation, config: &Value) -> Result<String, Error> {
    let mut server = operation.server.to_owned();
    for (name, value) in config.as_object().into_iter().flatten() {
        if let Value::String(value) = value {
            server = server.replace(&format!("{{{name}}}"), value.trim_end_matches('/'));
        }
    }
    match server.split_once('{') {
        None => Ok(server),
        Some(_) => Err(Error::permanent(format!("the configuration does not say all of {server}"))),
    }
}

fn input_of<'a>(params: &[Param], name: &'a str) -> &'a str {
    params.iter().find(|param| param.name == name).map_or(name, |param| param.input)
}

/// One segment: lists and objects as the API's parts between commas.
fn in_path(value: &Value) -> Result<String, Error> {
    let parts: Result<Vec<String>, Error> = flat(value).iter().map(|part| segment(part)).collect();
    Ok(parts?.join(","))
}

/// A parameter of a query, or a field of a form.
fn pairs(name: &str, value: &Value, style: Style, into: &mut Vec<(String, String)>) {
    let one = |text: String| (name.to_owned(), text);
    match (style, value) {
        (Style::Json, _) => into.push(one(value.to_string())),
        (Style::Commas, _) => into.push(one(joined(value, ","))),
        (Style::Spaces, _) => into.push(one(joined(value, " "))),
        (Style::Pipes, _) => into.push(one(joined(value, "|"))),
        (Style::Brackets, Value::Object(members)) => {
            for (key, value) in members {
                pairs(&format!("{name}[{key}]"), value, style, into);
            }
        }
        (Style::Brackets, Value::Array(items)) => {
            for (index, value) in items.iter().enumerate() {
                pairs(&format!("{name}[{index}]"), value, style, into);
            }
        }
        (Style::Repeated, Value::Array(items)) => into.extend(items.iter().map(text).map(one)),
        (Style::Repeated, Value::Object(members)) => {
            into.extend(members.iter().map(|(key, value)| (key.clone(), text(value))));
        }
        _ => into.push(one(text(value))),
    }
}

fn joined(value: &Value, separator: &str) -> String {
    flat(value).join(separator)
}

/// The parts of a list, or the names and values of an object.
fn flat(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| [name.clone(), text(value)]).collect()
        }
        value => vec![text(value)],
    }
}

/// Text as it is; everything else as JSON writes it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
