//! Reading objects one by one and page by page, with an opaque cursor.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::object::{Kind, Object};
use super::refusal::Refusal;
use crate::call::{Call, pairs};

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 100;

/// What a GET may ask for. A parameter that is not listed here is refused, so that a misspelt one is noticed.
#[derive(Debug, Default)]
struct Query {
    limit: Option<usize>,
    after: Option<u64>,
    properties: Vec<String>,
    associations: bool,
}

pub(super) fn list(objects: &BTreeMap<u64, Object>, kind: Kind, call: &Call) -> Result<Value, Refusal> {
    let query = Query::read(call, kind, &["limit", "after", "properties", "associations", "archived"])?;
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    let start = query.after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = objects.range((start, Bound::Unbounded)).map(|(_, object)| object);
    let page = rest.by_ref().take(limit).collect::<Vec<_>>();
    let mut body = json!({ "results": page.iter().map(|object| query.wire(object)).collect::<Vec<_>>() });
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        let after = cursor(last.id);
        if let Some(body) = body.as_object_mut() {
            let next = json!({ "next": { "after": after, "link": format!("?after={after}") } });
            body.insert("paging".to_owned(), next);
        }
    }
    Ok(body)
}

pub(super) fn one(
    objects: &BTreeMap<u64, Object>,
    kind: Kind,
    id: &str,
    call: &Call,
) -> Result<Value, Refusal> {
    let query = Query::read(call, kind, &["properties", "associations", "archived"])?;
    let object =
        id.parse().ok().and_then(|id: u64| objects.get(&id)).ok_or_else(Refusal::object_not_found)?;
    Ok(query.wire(object))
}

impl Query {
    fn read(call: &Call, kind: Kind, allowed: &[&str]) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for (name, value) in call.query_pairs() {
            match name.as_str() {
                name if !allowed.contains(&name) => {
                    return Err(Refusal::validation("the query has a parameter this endpoint does not know"));
                }
                "limit" => query.limit = Some(limit(&value)?),
                "after" => query.after = Some(position(&value)?),
                "properties" => query.properties.extend(names(&value)),
                "associations" if kind == Kind::Deal && value == "contacts" => query.associations = true,
                "archived" if value == "false" => {}
                _ => return Err(Refusal::validation(format!("the value of `{name}` is not supported here"))),
            }
        }
        Ok(query)
    }

    fn wire(&self, object: &Object) -> Value {
        let mut wire = object.wire(&self.properties);
        if let (true, Some(contact), Some(wire)) = (self.associations, object.contact, wire.as_object_mut()) {
            let to = json!({ "id": contact.to_string(), "type": "deal_to_contact" });
            wire.insert("associations".to_owned(), json!({ "contacts": { "results": [to] } }));
        }
        wire
    }
}

fn limit(text: &str) -> Result<usize, Refusal> {
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| Refusal::validation(format!("`limit` must be a number from 1 to {LIMIT_MAX}")))
}

fn names(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The cursor after this id: base64 with its padding percent-encoded, as HubSpot prints it.
pub(super) fn cursor(last_id: u64) -> String {
    STANDARD.encode(format!("{last_id}\n")).replace('=', "%3D")
}

/// Reads a cursor that was sent back as it was printed, or encoded once more, as careful clients do.
fn position(after: &str) -> Result<u64, Refusal> {
    let refuse = || Refusal::validation("`after` is not a cursor that this endpoint has given out");
    let plain = match pairs(format!("after={after}").as_bytes()).pop() {
        Some((_, decoded)) if after.contains('%') => decoded,
        _ => after.to_owned(),
    };
    let bytes = STANDARD.decode(plain).map_err(|_| refuse())?;
    let text = String::from_utf8(bytes).map_err(|_| refuse())?;
    text.strip_suffix('\n').and_then(|id| id.parse().ok()).ok_or_else(refuse)
}
