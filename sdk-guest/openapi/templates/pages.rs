//! Triggers: lists of the API, read page by page.
//!
//! When a list has ended, the next poll begins again at its beginning: the host knows each record by its key, and hands on
//! only those that it has not seen.

use lockgate_sdk::{Error, Page, Record, Value, json};

use crate::operation::Operation;
use crate::{answer, request};

/// A list that is read page by page.
#[derive(Debug)]
#[allow(dead_code, reason = "an API may have no such list")]
pub struct Pages {
    /// The trigger in `manifest.json`.
    pub trigger: &'static str,
    /// The operation that reads one page.
    pub action: &'static str,
    /// Where the records are in an answer: a JSON pointer.
    pub items: &'static str,
    /// The member that identifies a record.
    pub key: &'static str,
    /// How many records to ask for at once, and by which parameter.
    pub size: Option<(&'static str, u64)>,
    pub by: By,
}

/// How the next page is asked for.
#[derive(Debug)]
#[allow(dead_code, reason = "an API uses some of them")]
pub enum By {
    /// By a mark that the answer holds at `next`.
    Cursor { param: &'static str, next: &'static str },
    /// By the key of the last record, while the answer says at `more` that there are more.
    LastKey { param: &'static str, more: &'static str },
    /// By a link that the answer holds at this place.
    Link { next: &'static str },
    /// By the link of the kind `next` in the header `link`.
    LinkHeader,
    /// By how many records to leave out.
    Offset { param: &'static str },
    /// By its number, from `first` on.
    Number { param: &'static str, first: u64 },
}

/// Reads the page behind the cursor.
pub fn poll(
    pages: &Pages,
    operation: &Operation,
    config: &Value,
    cursor: Option<Value>,
) -> Result<Page, Error> {
    let cursor = cursor.unwrap_or_default();
    let mut input = json!({});
    if let Some((param, size)) = pages.size {
        set(&mut input, param, json!(size));
    }
    let place = match &pages.by {
        By::Cursor { param, .. } | By::LastKey { param, .. } => Some((*param, None)),
        By::Offset { param } => Some((*param, Some(0))),
        By::Number { param, first } => Some((*param, Some(*first))),
        By::Link { .. } | By::LinkHeader => None,
    };
    if let Some((param, first)) = place {
        match (cursor.get("at"), first) {
            (Some(at), _) => set(&mut input, param, at.clone()),
            (None, Some(first)) => set(&mut input, param, json!(first)),
            (None, None) => {}
        }
    }
    let link = cursor.get("query").and_then(Value::as_str);
    let asked = match link {
        Some(query) => request::build_with_query(operation, config, &input, query)?,
        None => request::build(operation, config, &input, "")?,
    };
    let response = asked.send()?;
    let header = response.header("link").map(str::to_owned);
    let body = answer::read(operation, response)?;
    page(pages, &body, header.as_deref(), &cursor)
}

fn page(pages: &Pages, body: &Value, link: Option<&str>, cursor: &Value) -> Result<Page, Error> {
    let items = match body.pointer(pages.items) {
        Some(Value::Array(items)) => items.as_slice(),
        None | Some(Value::Null) => &[],
        Some(_) => return Err(Error::permanent("the remote's answer holds no list where records should be")),
    };
    let records = items.iter().map(|item| record(pages, item)).collect::<Result<Vec<Record>, Error>>()?;
    let next = next(pages, body, link, cursor, items);
    let more = next.is_some();
    Ok(Page { records, next: Some(next.unwrap_or_else(|| json!({}))), more })
}

/// Where the next page is, if there is one.
fn next(pages: &Pages, body: &Value, link: Option<&str>, cursor: &Value, items: &[Value]) -> Option<Value> {
    let at = |first: u64| cursor.get("at").and_then(Value::as_u64).unwrap_or(first);
    let next = match pages.by {
        By::Cursor { next, .. } => {
            let mark = body.pointer(next).filter(|mark| !mark.is_null() && mark.as_str() != Some(""))?;
            json!({ "at": mark })
        }
        By::LastKey { more, .. } => {
            let goes_on = body.pointer(more).and_then(Value::as_bool)?;
            let last = items.last().and_then(|item| item.get(pages.key)).filter(|_| goes_on)?;
            json!({ "at": last })
        }
        By::Link { next } => json!({ "query": query_of(body.pointer(next)?.as_str()?)? }),
        By::LinkHeader => json!({ "query": query_of(next_link(link?)?)? }),
        // A page with fewer records than were asked for need not be the last: remotes have limits of their own.
        By::Offset { .. } | By::Number { .. } if items.is_empty() => return None,
        By::Offset { .. } => json!({ "at": at(0) + u64::try_from(items.len()).ok()? }),
        By::Number { first, .. } => json!({ "at": at(first) + 1 }),
    };
    // A remote that points back to the same page would never end.
    (next != *cursor).then_some(next)
}

fn record(pages: &Pages, item: &Value) -> Result<Record, Error> {
    let key = match item.get(pages.key) {
        Some(Value::String(key)) => key.clone(),
        Some(Value::Number(key)) => key.to_string(),
        _ => return Err(Error::permanent(format!("a record has no {:?} that identifies it", pages.key))),
    };
    Ok(Record { key, body: item.clone() })
}

/// The query of a link. The rest of it is known: the list is the same.
fn query_of(link: &str) -> Option<&str> {
    let (_, query) = link.split_once('?')?;
    Some(query.split('#').next().unwrap_or(query))
}

/// The target of `<https://api.example/list?page=2>; rel="next"`.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or(after).to_ascii_lowercase();
        if parameters.contains("rel=\"next\"") || parameters.contains("rel=next") {
            return Some(target);
        }
        rest = after;
    }
    None
}

fn set(input: &mut Value, name: &str, value: Value) {
    if let Some(members) = input.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
