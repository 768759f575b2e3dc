//! Parameters of an operation: where each goes, how it is written, and which member of the input fills it.

use std::collections::BTreeSet;

use domain::egress::{is_token, refused_header};
use serde_json::Value;

use crate::NotGenerated;
use crate::document::{Document, shown};
use crate::names::unique;
use crate::project::Notes;

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// How a list or an object is written; the names are those of the generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Repeated,
    Commas,
    Spaces,
    Pipes,
    Brackets,
    Json,
}

#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) place: Place,
    pub(crate) name: String,
    /// The member of the input.
    pub(crate) input: String,
    pub(crate) style: Style,
    pub(crate) is_required: bool,
    pub(crate) schema: Value,
    pub(crate) description: Option<String>,
    /// What the document shows; nobody has looked whether it is right.
    pub(crate) example: Option<Value>,
}

/// What the parameters of an operation come to.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) list: Vec<Param>,
    /// The header by which a repeated attempt is recognised.
    pub(crate) idempotency: Option<String>,
}

/// The parameters of an operation and of its path. The error is why the operation cannot be carried out at all.
pub(crate) fn of(
    document: &Document,
    shared: Option<&Value>,
    own: Option<&Value>,
    credentials: &BTreeSet<(String, String)>,
    placeholders: &[&str],
    place: &str,
    notes: &mut Notes,
) -> Result<Result<Parameters, String>, NotGenerated> {
    let mut found: Vec<(&str, &str, &Value)> = Vec::new();
    let lists = [shared, own].into_iter().flatten().filter_map(Value::as_array);
    for parameter in lists.flatten() {
        let parameter = document.resolve(parameter)?;
        let text = |member: &str| parameter.get(member).and_then(Value::as_str).unwrap_or_default();
        // One of the operation's own takes the place of one of its path.
        found.retain(|(at, name, _)| (*at, *name) != (text("in"), text("name")));
        found.push((text("in"), text("name"), parameter));
    }
    let mut parameters = Parameters::default();
    // `body` is the request's.
    let mut taken = BTreeSet::from(["body".to_owned()]);
    for (at, name, parameter) in found {
        let is_required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false) || at == "path";
        let at_credential = (at.to_owned(), name.to_ascii_lowercase());
        let param_place = match at {
            // The host adds it.
            _ if credentials.contains(&at_credential) => continue,
            "path" if !placeholders.contains(&name) => {
                notes.add(place, format!("the path has no place for the parameter {:?}", shown(name)));
                continue;
            }
            "path" => Place::Path,
            "query" => Place::Query,
            // OpenAPI itself says that these are no parameters.
            "header" if ["accept", "content-type", "authorization"].contains(&at_credential.1.as_str()) => {
                continue;
            }
            "header" if is_idempotency(name, parameter) && parameters.idempotency.is_none() => {
                parameters.idempotency = Some(name.to_owned());
                continue;
            }
            "header" if is_token(name) && refused_header(name).is_none() => Place::Header,
            _ if is_required => {
                return Ok(Err(format!(
                    "it needs the {at} parameter {:?}, which a connector cannot send",
                    shown(name)
                )));
            }
            _ => {
                notes.add(
                    place,
                    format!("the {at} parameter {:?} is not sent: a connector may not", shown(name)),
                );
                continue;
            }
        };
        let Some((style, schema)) = written(document, parameter, param_place)? else {
            let why =
                format!("the {at} parameter {:?} is written in a way that is not supported", shown(name));
            if is_required {
                return Ok(Err(why));
            }
            notes.add(place, why);
            continue;
        };
        let wanted = if taken.contains(name) { format!("{name}_in_{at}") } else { name.to_owned() };
        let description = parameter.get("description").and_then(Value::as_str).map(str::to_owned);
        let input = unique(wanted, &mut taken);
        let example = example(document, parameter);
        let name = name.to_owned();
        parameters.list.push(Param {
            place: param_place,
            name,
            input,
            style,
            is_required,
            schema,
            description,
            example,
        });
    }
    Ok(Ok(parameters))
}

/// What is said of a header by which a server knows a request again.
const KEPT: [&str; 2] = ["idempoten", "stores keys"];

/// By its name, or as with PayPal's `PayPal-Request-Id` by what is said of a request's id.
fn is_idempotency(name: &str, parameter: &Value) -> bool {
    let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
    let told = parameter.get("description").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    (plain.contains("idempotency")
        || (plain.ends_with("requestid") && KEPT.iter().any(|words| told.contains(words))))
        && is_token(name)
        && refused_header(name).is_none()
}

/// The value that the document shows: its own, or the first that has a name.
fn example(document: &Document, parameter: &Value) -> Option<Value> {
    let named = || parameter.get("examples")?.as_object()?.values().next();
    let shown = || document.resolve(named()?).ok()?.get("value");
    parameter.get("example").or_else(shown).cloned()
}

/// How it is written, and its schema. None for what is not supported.
fn written(
    document: &Document,
    parameter: &Value,
    place: Place,
) -> Result<Option<(Style, Value)>, NotGenerated> {
    if let Some(content) = parameter.get("content").and_then(Value::as_object) {
        let of_json = content.iter().find(|(media, _)| media.contains("json"));
        return Ok(
            of_json.map(|(_, content)| (Style::Json, content.get("schema").cloned().unwrap_or_default()))
        );
    }
    let schema = parameter.get("schema").cloned().unwrap_or_default();
    let explode = |by_itself: bool| parameter.get("explode").and_then(Value::as_bool).unwrap_or(by_itself);
    let style = parameter.get("style").and_then(Value::as_str);
    let is_object = document.resolve(&schema)?.get("type").and_then(Value::as_str) == Some("object");
    Ok(match (place, style) {
        // Members of an object as `key=value` are rare, and nothing here writes them.
        (Place::Path | Place::Header, None | Some("simple")) if !(is_object && explode(false)) => {
            Some((Style::Commas, schema))
        }
        (Place::Query, None | Some("form")) => {
            Some((if explode(true) { Style::Repeated } else { Style::Commas }, schema))
        }
        (Place::Query, Some("spaceDelimited")) => {
            Some((if explode(false) { Style::Repeated } else { Style::Spaces }, schema))
        }
        (Place::Query, Some("pipeDelimited")) => {
            Some((if explode(false) { Style::Repeated } else { Style::Pipes }, schema))
        }
        (Place::Query, Some("deepObject")) => Some((Style::Brackets, schema)),
        _ => None,
    })
}
