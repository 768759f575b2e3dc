//! Lists that have pages, told by the names that APIs give to such things. What is found becomes a trigger.

use serde_json::Value;

use crate::operation::Operation;
use crate::parameters::{Param, Place};
use crate::shape::Shape;

/// Records that are asked for at once where the document allows so many.
const SIZE_WANTED: u64 = 100;
const CURSORS: [&str; 11] = [
    "cursor",
    "marker",
    "continue",
    "page_token",
    "pageToken",
    "next_token",
    "nextToken",
    "after",
    "page_cursor",
    "start_cursor",
    "continuation_token",
];
const LAST_KEYS: [&str; 3] = ["starting_after", "after_id", "since_id"];
const OFFSETS: [&str; 4] = ["offset", "skip", "start", "startAt"];
const NUMBERS: [&str; 4] = ["page", "page_number", "pageNumber", "pageNo"];
const SIZES: [&str; 10] = [
    "limit",
    "per_page",
    "perPage",
    "page_size",
    "pageSize",
    "pagelen",
    "count",
    "size",
    "max_results",
    "maxResults",
];
/// Where an answer holds the next mark.
const NEXT_MARKS: [&str; 24] = [
    "next_cursor",
    "next_marker",
    "next/page",
    "next/cursor",
    "metadata/continue",
    "meta/pagination/next_cursor",
    "paging/next_cursor",
    "pagination/cursor",
    "nextCursor",
    "next_page_token",
    "nextPageToken",
    "next_token",
    "nextToken",
    "continuation_token",
    "meta/next_cursor",
    "meta/next",
    "meta/cursor/next",
    "pagination/next_cursor",
    "pagination/nextCursor",
    "paging/next/after",
    "paging/cursors/after",
    "response_metadata/next_cursor",
    "cursor/next",
    "cursor",
];
/// And where the link to the next page.
const NEXT_LINKS: [&str; 13] = [
    "next",
    "next_url",
    "next_page",
    "next_page/uri",
    "links/pages/next",
    "meta/next",
    "next_page_uri",
    "nextLink",
    "@odata.nextLink",
    "links/next",
    "_links/next/href",
    "paging/next",
    "pagination/next",
];
const MORE: [&str; 4] = ["has_more", "hasMore", "meta/has_more", "pagination/has_more"];
const ITEMS: [&str; 9] =
    ["data", "items", "results", "values", "records", "list", "entries", "objects", "content"];
const KEYS: [&str; 7] = ["id", "uuid", "gid", "key", "sid", "uid", "code"];

/// A list with pages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pages {
    /// JSON pointers and names, as the generated code has them.
    pub(crate) items: String,
    pub(crate) key: &'static str,
    pub(crate) size: Option<(String, u64)>,
    pub(crate) by: By,
    /// The schema of one record, with the definitions that it refers to.
    pub(crate) record: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum By {
    Cursor { param: String, next: String },
    LastKey { param: String, more: String },
    Link { next: String },
    LinkHeader,
    Offset { param: String },
    Number { param: String, first: u64 },
}

/// How the operation is read page by page, if it is a list that needs nothing else to be given.
pub(crate) fn of(operation: &Operation) -> Option<Pages> {
    if operation.method != "GET" || !operation.needs_nothing() {
        return None;
    }
    let output = Shape::whole(&operation.output);
    let (items, record) = items(&output)?;
    let key = key(&record)?;
    let by = by(operation, &output)?;
    Some(Pages { items, key, size: size(operation), by, record: record.alone() })
}

fn by(operation: &Operation, output: &Shape<'_>) -> Option<By> {
    let param = |names: &[&str], kinds: &[&str]| {
        let mut found = names.iter().filter_map(|name| {
            let of_name = |param: &&Param| param.place == Place::Query && param.name == *name;
            let param = operation.params.iter().find(of_name)?;
            is_one_of(&param.schema, kinds).then(|| param.input.clone())
        });
        found.next()
    };
    let place =
        |names: &[&str]| names.iter().find(|path| output.at(path).is_some()).map(|path| format!("/{path}"));
    let next = place(&NEXT_MARKS);
    // A page that is asked for by a text has no number.
    let cursor = param(&CURSORS, ANY).or_else(|| param(&NUMBERS, &["string"]));
    if let (Some(param), Some(next)) = (cursor, next) {
        return Some(By::Cursor { param, next });
    }
    if let (Some(param), Some(more)) = (param(&LAST_KEYS, ANY), place(&MORE)) {
        return Some(By::LastKey { param, more });
    }
    let is_link = |path: &str| output.at(path).is_some_and(|shape| shape.may_be("string"));
    if let Some(path) = NEXT_LINKS.into_iter().find(|path| is_link(path)) {
        return Some(By::Link { next: format!("/{path}") });
    }
    if operation.has_link_header {
        return Some(By::LinkHeader);
    }
    if let Some(param) = param(&OFFSETS, NUMERIC) {
        return Some(By::Offset { param });
    }
    let param = param(&NUMBERS, NUMERIC)?;
    let described = operation.params.iter().find(|other| other.input == param).map(|other| &other.schema);
    let number = |member: &str| described.and_then(|schema| schema.get(member)).and_then(Value::as_u64);
    Some(By::Number { param, first: number("default").or_else(|| number("minimum")).unwrap_or(1).min(1) })
}

const ANY: &[&str] = &[];
const NUMERIC: &[&str] = &["integer", "number"];

/// What says no type may be any.
fn is_one_of(schema: &Value, kinds: &[&str]) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kinds.is_empty() || kinds.contains(&kind.as_str()),
        Some(Value::Array(of)) => {
            kinds.is_empty() || of.iter().any(|kind| kinds.iter().any(|one| kind == one))
        }
        _ => kinds != ["string"],
    }
}

/// How many to ask for; nothing where the document does not say how many it allows.
fn size(operation: &Operation) -> Option<(String, u64)> {
    let named = |name: &&str| {
        operation.params.iter().find(|param| param.place == Place::Query && param.name == **name)
    };
    let param = SIZES.iter().find_map(named)?;
    let max = param.schema.get("maximum").and_then(Value::as_u64)?;
    let min = param.schema.get("minimum").and_then(Value::as_u64).unwrap_or(1);
    Some((param.input.clone(), SIZE_WANTED.min(max).max(min)))
}

/// Where the records are, and what each is. A list of what has nothing to be known by is none of records.
fn items<'a>(output: &Shape<'a>) -> Option<(String, Shape<'a>)> {
    if let Some(item) = output.item() {
        return Some((String::new(), item));
    }
    let list = |name: &str| output.property(name)?.item();
    if let Some(found) = ITEMS.into_iter().find_map(|name| Some((format!("/{name}"), list(name)?))) {
        return Some(found);
    }
    let keyed = |name: &&str| list(name).is_some_and(|item| key(&item).is_some());
    let names = output.names();
    let mut lists = names.into_iter().filter(|name| !name.starts_with('_')).filter(keyed);
    match (lists.next(), lists.next()) {
        (Some(name), None) => Some((format!("/{}", name.replace('~', "~0").replace('/', "~1")), list(name)?)),
        _ => None,
    }
}

fn key(record: &Shape<'_>) -> Option<&'static str> {
    KEYS.into_iter().find(|key| record.property(key).is_some())
}
