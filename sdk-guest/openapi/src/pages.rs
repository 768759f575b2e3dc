//! Lists that have pages, told by the names that APIs give to such things. What is found becomes a trigger.

use serde_json::Value;

use crate::operation::Operation;
use crate::parameters::Place;

/// Records that are asked for at once where the document allows so many.
const SIZE_WANTED: u64 = 100;
const CURSORS: [&str; 9] = [
    "cursor",
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
const NEXT_MARKS: [&str; 17] = [
    "next_cursor",
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
const NEXT_LINKS: [&str; 10] = [
    "next",
    "next_url",
    "next_page",
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
    let root = follow(&operation.output, &operation.output)?;
    let (items, item) = items(&operation.output, root)?;
    let record = follow(&operation.output, item)?;
    let properties = record.get("properties").and_then(Value::as_object)?;
    let key = KEYS.into_iter().find(|key| properties.contains_key(*key))?;
    let by = by(operation, root)?;
    Some(Pages { items, key, size: size(operation), by, record: with_defs(record, &operation.output) })
}

fn by(operation: &Operation, root: &Value) -> Option<By> {
    let param = |names: &[&str]| {
        let mut found = names.iter().filter_map(|name| {
            let param =
                operation.params.iter().find(|param| param.place == Place::Query && param.name == *name);
            param.map(|param| param.input.clone())
        });
        found.next()
    };
    let whole = &operation.output;
    let place = |names: &[&str]| {
        names.iter().find(|path| at(whole, root, path).is_some()).map(|path| format!("/{path}"))
    };
    if let (Some(param), Some(next)) = (param(&CURSORS), place(&NEXT_MARKS)) {
        return Some(By::Cursor { param, next });
    }
    if let (Some(param), Some(more)) = (param(&LAST_KEYS), place(&MORE)) {
        return Some(By::LastKey { param, more });
    }
    let is_link = |path: &str| at(whole, root, path).is_some_and(|schema| may_be_text(whole, schema));
    if let Some(path) = NEXT_LINKS.into_iter().find(|path| is_link(path)) {
        return Some(By::Link { next: format!("/{path}") });
    }
    if operation.has_link_header {
        return Some(By::LinkHeader);
    }
    if let Some(param) = param(&OFFSETS) {
        return Some(By::Offset { param });
    }
    let param = param(&NUMBERS)?;
    let described = operation.params.iter().find(|other| other.input == param).map(|other| &other.schema);
    let number = |member: &str| described.and_then(|schema| schema.get(member)).and_then(Value::as_u64);
    Some(By::Number { param, first: number("default").or_else(|| number("minimum")).unwrap_or(1) })
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

/// Where the records are, and what each is.
fn items<'a>(whole: &'a Value, root: &'a Value) -> Option<(String, &'a Value)> {
    if let Some(item) = root.get("items") {
        return Some((String::new(), item));
    }
    let properties = root.get("properties").and_then(Value::as_object)?;
    let list = |name: &str| follow(whole, properties.get(name)?)?.get("items");
    if let Some(found) = ITEMS.into_iter().find_map(|name| Some((format!("/{name}"), list(name)?))) {
        return Some(found);
    }
    let mut lists = properties.keys().filter_map(|name| Some((name, list(name)?)));
    match (lists.next(), lists.next()) {
        (Some((name, item)), None) => {
            Some((format!("/{}", name.replace('~', "~0").replace('/', "~1")), item))
        }
        _ => None,
    }
}

/// The schema at a place of the answer.
fn at<'a>(whole: &'a Value, root: &'a Value, path: &str) -> Option<&'a Value> {
    let mut schema = root;
    for name in path.split('/') {
        schema = schema.get("properties")?.get(name)?;
        schema = follow(whole, schema)?;
    }
    Some(schema)
}

fn may_be_text(whole: &Value, schema: &Value) -> bool {
    let of_type = |schema: &Value| match schema.get("type") {
        Some(Value::String(one)) => one == "string",
        Some(Value::Array(many)) => many.iter().any(|one| one == "string"),
        _ => false,
    };
    let mut branches =
        ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    of_type(schema) || branches.any(|branch| follow(whole, branch).is_some_and(&of_type))
}

/// What a reference into `$defs` means, and the one schema of an `allOf`.
fn follow<'a>(whole: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let mut schema = schema;
    for _ in 0..16 {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            schema = whole.pointer(target.strip_prefix('#')?)?;
        } else if let Some([one]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            schema = one;
        } else {
            return Some(schema);
        }
    }
    None
}

fn with_defs(schema: &Value, whole: &Value) -> Value {
    let mut schema = schema.clone();
    if let (Some(members), Some(defs)) = (schema.as_object_mut(), whole.get("$defs")) {
        members.insert("$defs".to_owned(), defs.clone());
    }
    schema
}
