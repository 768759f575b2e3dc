//! Operations of the document, one after the other: what each sends, gets and is called.

use std::collections::BTreeSet;

use domain::egress::{Method, PathTemplate};
use serde_json::{Map, Value, json};
use wit::{Effect, Idempotency};

use crate::NotGenerated;
use crate::auth::Auth;
use crate::body::{self, Body};
use crate::config::Config;
use crate::document::{Document, shown};
use crate::names::{snake, spoken, title, unique};
use crate::only::{METHODS, Only, choices, paths};
use crate::parameters::{self, Param, Parameters};
use crate::project::Notes;
use crate::schema::{Side, bundled};
use crate::servers::{self, Server};

/// The host's own bound.
const ACTIONS_MAX: usize = 256;

/// An operation that a connector can carry out.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) action: String,
    pub(crate) title: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// The same as the wire rule's.
    pub(crate) rule: String,
    pub(crate) server: Server,
    pub(crate) tag: String,
    pub(crate) provider_scopes: Vec<String>,
    pub(crate) params: Vec<Param>,
    pub(crate) body: Body,
    pub(crate) answer: Body,
    pub(crate) idempotency: Option<String>,
    pub(crate) input: Value,
    pub(crate) output: Value,
    /// Headers of a good answer.
    pub(crate) has_link_header: bool,
}

impl Operation {
    pub(crate) fn effect(&self) -> Effect {
        if matches!(self.method, "GET" | "HEAD" | "OPTIONS") { Effect::Read } else { Effect::Write }
    }

    pub(crate) fn idempotency(&self) -> Option<Idempotency> {
        self.idempotency.as_deref().map(Idempotency::in_header)
    }

    /// Whether nothing has to be given.
    pub(crate) fn needs_nothing(&self) -> bool {
        !self.body.is_required && !self.params.iter().any(|param| param.is_required)
    }
}

/// What all operations have in common.
pub(crate) struct Reading<'a> {
    pub(crate) document: &'a Document,
    pub(crate) auth: &'a Auth,
    pub(crate) server: &'a Server,
    pub(crate) only: Only<'a>,
}

impl Reading<'_> {
    /// Every operation that can be carried out, in the order of paths and methods. What is wrong with one of them is no
    /// reason to go without the others.
    pub(crate) fn all(&self, config: &mut Config, notes: &mut Notes) -> Result<Vec<Operation>, NotGenerated> {
        let mut operations = Vec::new();
        let mut names = BTreeSet::new();
        let mut wanted = 0;
        for (path, item) in paths(self.document) {
            let item = match self.document.resolve(item) {
                Ok(item) => item,
                Err(error) => {
                    notes.add(&shown(path), format!("it is left out: {error}"));
                    continue;
                }
            };
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                if !self.only.takes(path, method, operation) {
                    continue;
                }
                wanted += 1;
                // Beyond that only the number is of interest.
                if operations.len() > ACTIONS_MAX {
                    continue;
                }
                let place = format!("{} {}", method.to_ascii_uppercase(), shown(path));
                match self.one(path, method, item, operation, &place, &mut names, config, notes) {
                    Ok(Ok(operation)) => operations.push(operation),
                    Ok(Err(why)) => notes.add(&place, format!("it is left out: {why}")),
                    Err(error) => notes.add(&place, format!("it is left out: {error}")),
                }
            }
            if item.get("trace").is_some() {
                notes.add(&format!("TRACE {}", shown(path)), "it is left out: no host sends it");
            }
        }
        if operations.len() > ACTIONS_MAX {
            let choices = choices(self.document);
            return Err(NotGenerated::TooMany { found: wanted, allowed: ACTIONS_MAX, choices });
        }
        Ok(operations)
    }

    #[expect(clippy::too_many_arguments, reason = "one place, said in full")]
    fn one(
        &self,
        path: &str,
        method: &str,
        item: &Value,
        operation: &Value,
        place: &str,
        names: &mut BTreeSet<String>,
        config: &mut Config,
        notes: &mut Notes,
    ) -> Result<Result<Operation, String>, NotGenerated> {
        let document = self.document;
        let Ok(method) = method_of(method) else { return Ok(Err("no host sends its method".to_owned())) };
        let own = operation.get("servers").or_else(|| item.get("servers"));
        let server = servers::of(own, place, config, notes).unwrap_or_else(|| self.server.clone());
        // A fragment is never sent: documents have it where one path means several things.
        let path = path.split('#').next().unwrap_or(path);
        let (bare, fixed) = path.split_once('?').unwrap_or((path, ""));
        if fixed.contains('{') {
            return Ok(Err("its path has a query with placeholders".to_owned()));
        }
        let rule = match rule(&server.base, bare) {
            Ok(rule) => rule,
            Err(why) => return Ok(Err(why)),
        };
        let security = operation.get("security").or_else(|| document.get("/security"));
        let placeholders = placeholders(bare);
        if let Some(why) = self.auth.unmet(security) {
            notes.add(place, why);
        }
        let Parameters { list: params, idempotency } = match parameters::of(
            document,
            item.get("parameters"),
            operation.get("parameters"),
            &self.auth.places,
            &placeholders,
            place,
            notes,
        )? {
            Ok(parameters) => parameters,
            Err(why) => return Ok(Err(why)),
        };
        let declared = |name: &str| {
            params.iter().any(|param| param.place == parameters::Place::Path && param.name == name)
        };
        if let Some(name) = placeholders.into_iter().find(|name| !declared(name)) {
            return Ok(Err(format!("its path has {{{}}}, which no parameter describes", shown(name))));
        }
        let body = match body::request(document, operation, method, place, notes)? {
            Ok(body) => body,
            Err(why) => return Ok(Err(why)),
        };
        let answer = body::response(document, operation, place, notes)?;
        if operation.get("callbacks").is_some() {
            notes.add(place, "its callbacks are not received; a webhook trigger is written by hand");
        }
        let id = operation.get("operationId").and_then(Value::as_str);
        // An id in another script has nothing that a name could be made of.
        let id = id.filter(|id| id.contains(|c: char| c.is_ascii_alphabetic()));
        let name = id.map_or_else(|| snake(&format!("{method} {path}")), snake);
        let action = unique(name, names);
        let said = |member: &str| operation.get(member).and_then(Value::as_str).and_then(title);
        let title = said("summary").or_else(|| said("description")).unwrap_or_else(|| spoken(&action));
        let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or("api").to_owned();
        let input = input(document, &params, &body, place, notes)?;
        let output = output(document, &answer, place, notes)?;
        let provider_scopes = self.auth.provider_scopes(security);
        let has_link_header = has_link_header(document, operation)?;
        Ok(Ok(Operation {
            action,
            title,
            method,
            path: path.to_owned(),
            rule,
            server,
            tag,
            provider_scopes,
            params,
            body,
            answer,
            idempotency,
            input,
            output,
            has_link_header,
        }))
    }
}

fn method_of(method: &str) -> Result<&'static str, ()> {
    let upper = method.to_ascii_uppercase();
    let known = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    let method = known.into_iter().find(|known| *known == upper).ok_or(())?;
    method.parse::<Method>().map(|_| method).map_err(|_| ())
}

fn placeholders(path: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        names.push(name);
        rest = behind;
    }
    names
}

/// The wire rule: one placeholder a segment, in the manifest's grammar.
fn rule(base: &str, path: &str) -> Result<String, String> {
    let mut taken = BTreeSet::new();
    let segment = |segment: &str| -> String {
        let (Some(start), Some(end)) = (segment.find('{'), segment.rfind('}')) else {
            return segment.to_owned();
        };
        let name = segment.get(start + 1..end).unwrap_or_default();
        let name = unique(snake(name), &mut taken);
        let before = segment.get(..start).unwrap_or_default();
        let after = segment.get(end + 1..).unwrap_or_default();
        format!("{before}{{{name}}}{after}")
    };
    let whole = format!("{base}{path}");
    let segments: Vec<String> = whole.split('/').map(segment).collect();
    let rule = segments.join("/");
    match rule.parse::<PathTemplate>() {
        Ok(_) => Ok(rule),
        Err(error) => Err(format!("its path cannot be a rule: {error}")),
    }
}

/// One object: each parameter by its name, and the body as `body`.
fn input(
    document: &Document,
    params: &[Param],
    body: &Body,
    place: &str,
    notes: &mut Notes,
) -> Result<Value, NotGenerated> {
    bundled(document, Side::Request, place, notes, |bundle, notes| {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for param in params {
            let mut schema = bundle.convert(&param.schema, notes)?;
            if let (Some(members), Some(text)) = (schema.as_object_mut(), &param.description)
                && !members.contains_key("description")
                && !members.contains_key("$ref")
            {
                members.insert("description".to_owned(), json!(text));
            }
            properties.insert(param.input.clone(), schema);
            if param.is_required {
                required.push(param.input.clone());
            }
        }
        if let Some(schema) = body.schemas.first() {
            properties.insert("body".to_owned(), bundle.convert(schema, notes)?);
            if body.is_required {
                required.push("body".to_owned());
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if let (false, Some(members)) = (required.is_empty(), schema.as_object_mut()) {
            members.insert("required".to_owned(), json!(required));
        }
        Ok(schema)
    })
}

fn output(document: &Document, answer: &Body, place: &str, notes: &mut Notes) -> Result<Value, NotGenerated> {
    bundled(document, Side::Response, place, notes, |bundle, notes| {
        let mut schemas = Vec::new();
        for schema in &answer.schemas {
            let converted = bundle.convert(schema, notes)?;
            if !schemas.contains(&converted) {
                schemas.push(converted);
            }
        }
        Ok(match schemas.len() {
            0 => json!({ "type": "null" }),
            1 => schemas.pop().filter(Value::is_object).unwrap_or_else(|| json!({})),
            _ => json!({ "anyOf": schemas }),
        })
    })
}

fn has_link_header(document: &Document, operation: &Value) -> Result<bool, NotGenerated> {
    for (_, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        let response = document.resolve(response)?;
        let mut headers = response.get("headers").and_then(Value::as_object).into_iter().flatten();
        if headers.any(|(name, _)| name.eq_ignore_ascii_case("link")) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_rule_with_one_placeholder_in_a_segment() {
        for (path, expected) in [
            ("/pets/{petId}", "/v1/pets/{pet_id}"),
            ("/a/{id}/b/{id}", "/v1/a/{id}/b/{id_2}"),
            ("/compare/{base}...{head}", "/v1/compare/{base_head}"),
            ("/orders/{id}.json", "/v1/orders/{id}.json"),
            ("/", "/v1/"),
        ] {
            assert_eq!(rule("/v1", path).as_deref(), Ok(expected), "{path}");
        }
        for path in ["/a b", "/a?b=1", "/a/../b", "/a//b", "/a#b", "/a/*"] {
            assert!(rule("", path).is_err(), "{path}");
        }
    }
}
