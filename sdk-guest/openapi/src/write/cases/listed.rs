//! Tests of triggers: three records on two pages, read to the end.

use serde_json::{Map, Value, json};
use wit::Trigger;

use super::yaml::{Request, Test};
use super::{Cases, made};
use crate::operation::Operation;
use crate::pages::{By, Pages};
use crate::shape::Shape;

/// A record is rarely so large, and there are three of each list.
const RECORD_BYTES_MAX: usize = 8_000;

/// One page: what asks for it, what else its body holds, its headers.
struct Asked {
    name: String,
    /// Null: nothing may ask.
    value: Value,
    beside: Vec<(String, Value)>,
    link: Option<String>,
}

impl Cases {
    pub(super) fn read_to_the_end(
        &self,
        operation: &Operation,
        pages: &Pages,
        trigger: &Trigger,
    ) -> Option<Test> {
        let records = records(pages, &trigger.record)?;
        let (first, last) = records.split_at_checked(2)?;
        let line = self.line(operation, &json!({}));
        let url = line.iter().find(|(name, _)| *name == "url").and_then(|(_, url)| url.as_str())?;
        let key = first.last()?.get(pages.key)?.clone();
        let contents = [first, last, &[]];
        let exchanges = asked(operation, &pages.by, url, &key).into_iter().zip(contents);
        let exchanges = exchanges.map(|(asked, records)| {
            let mut request: Request = line.clone();
            request.push(("query", json!({ (asked.name): asked.value })));
            let mut body = json!({});
            if pages.items.is_empty() {
                body = json!(records);
            } else {
                put(&mut body, &pages.items, json!(records));
            }
            asked.beside.into_iter().for_each(|(place, value)| put(&mut body, &place, value));
            let mut reply = json!({ "json": body });
            if let (Some(link), Some(members)) = (asked.link, reply.as_object_mut()) {
                members.insert("headers".to_owned(), json!({ "link": format!("<{link}>; rel=\"next\"") }));
            }
            (request, ("reply", reply))
        });
        Some(Test {
            name: format!("{} is read to its end", trigger.name),
            config: self.config.clone(),
            call: json!({ "poll": trigger.name, "pages": 10 }),
            exchanges: exchanges.collect(),
            expect: json!({ "count": 3, "more": false }),
        })
    }
}

/// How pages are asked for, one after the other. Lists by number end with an empty page.
fn asked(operation: &Operation, by: &By, url: &str, key: &Value) -> Vec<Asked> {
    let wire = |input: &str| {
        let param = operation.params.iter().find(|param| param.input == input);
        param.map_or(input, |param| param.name.as_str()).to_owned()
    };
    let page = |name: &str, value: Value, beside: Vec<(String, Value)>| Asked {
        name: name.to_owned(),
        value,
        beside,
        link: None,
    };
    let next = format!("{}?page=2", url.split('?').next().unwrap_or(url));
    match by {
        By::Cursor { param, next } => {
            let name = wire(param);
            vec![
                page(&name, Value::Null, vec![(next.clone(), json!("next-2"))]),
                page(&name, json!("next-2"), Vec::new()),
            ]
        }
        By::LastKey { param, more } => {
            let name = wire(param);
            vec![
                page(&name, Value::Null, vec![(more.clone(), json!(true))]),
                page(&name, key.clone(), vec![(more.clone(), json!(false))]),
            ]
        }
        By::Link { next: place } => vec![
            page("page", Value::Null, vec![(place.clone(), json!(next))]),
            page("page", json!("2"), vec![(place.clone(), Value::Null)]),
        ],
        By::LinkHeader => vec![
            Asked { link: Some(next), ..page("page", Value::Null, Vec::new()) },
            page("page", json!("2"), Vec::new()),
        ],
        By::Offset { param } => [0, 2, 3].map(|at| page(&wire(param), json!(at), Vec::new())).into(),
        By::Number { param, first } => {
            [0, 1, 2].map(|at| page(&wire(param), json!(first + at), Vec::new())).into()
        }
    }
}

/// Three, each with a key of its own.
fn records(pages: &Pages, shorter: &Value) -> Option<Vec<Value>> {
    let (schema, compiled) = made::of_both(&pages.record, shorter)?;
    let key = Shape::whole(schema).property(pages.key);
    let is_number = key.is_some_and(|key| key.may_be("integer") || key.may_be("number"));
    let is_small = |record: &Value| record.to_string().len() <= RECORD_BYTES_MAX;
    let fits = |record: &Value| record.is_object() && is_small(record) && compiled.check(record).is_ok();
    let with = |record: &Value, key: Value| {
        let mut record = record.as_object().cloned().unwrap_or_default();
        record.insert(pages.key.to_owned(), key);
        Some(Value::Object(record)).filter(fits)
    };
    // A record may lack the key as long as it is made up without it.
    let made = made::of_schema(schema, |record| {
        fits(record) || with(record, json!("1")).is_some() || with(record, json!(1)).is_some()
    })?;
    let plain = made.get(pages.key).and_then(Value::as_str).unwrap_or("sample").to_owned();
    (1..=3)
        .map(|number| {
            let cut: String = plain.chars().take(plain.chars().count().saturating_sub(1)).collect();
            let texts = [json!(number.to_string()), json!(format!("{cut}{number}"))];
            let mut keys = is_number.then(|| json!(number)).into_iter().chain(texts);
            keys.find_map(|key| with(&made, key))
        })
        .collect()
}

/// Puts a value at a place of a body; the objects on the way are made.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        place = members.entry(name.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *place = value;
}
