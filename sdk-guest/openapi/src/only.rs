//! Which operations of a document are wanted, and what there is to choose from where it has too many.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{Document, shown};
use crate::names::snake;

/// The methods of operations that can be asked for, as documents write them.
pub(crate) const METHODS: [&str; 7] = ["get", "head", "options", "post", "put", "patch", "delete"];
const PATHS_MAX: usize = 20_000;

/// Tags, ids, paths and their like, of which one has to fit; none: everything is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Only<'a>(pub(crate) &'a [String]);

impl Only<'_> {
    pub(crate) fn takes(&self, path: &str, method: &str, operation: &Value) -> bool {
        let id = operation.get("operationId").and_then(Value::as_str);
        let line = format!("{} {path}", method.to_ascii_uppercase());
        let action = id.map(snake);
        let names: Vec<&str> =
            tags(operation).chain(id).chain(action.as_deref()).chain([path, line.as_str()]).collect();
        self.0.is_empty() || self.0.iter().any(|wanted| names.iter().any(|name| fits(wanted, name)))
    }
}

/// Letters have no case; a star at the end stands for anything.
fn fits(wanted: &str, name: &str) -> bool {
    let (wanted, name) = (wanted.trim().to_lowercase(), name.to_lowercase());
    match wanted.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == wanted,
    }
}

/// Every path that may hold operations.
pub(crate) fn paths(document: &Document) -> impl Iterator<Item = (&String, &Value)> {
    let paths = document.get("/paths").and_then(Value::as_object);
    paths.into_iter().flatten().filter(|(path, _)| !path.starts_with("x-")).take(PATHS_MAX)
}

/// What `--only` may name, with how many operations each has; the largest first. Tags, or where there are none the
/// beginnings of paths.
pub(crate) fn choices(document: &Document) -> Vec<(String, usize)> {
    let mut by_tag: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_path: BTreeMap<String, usize> = BTreeMap::new();
    let shared = shared_segments(document);
    for (path, item) in paths(document) {
        let Ok(item) = document.resolve(item) else { continue };
        for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
            tags(operation).take(1).for_each(|tag| *by_tag.entry(shown(tag)).or_default() += 1);
            let begin: Vec<&str> = path.split('/').take(shared + 1).collect();
            *by_path.entry(shown(&format!("{}*", begin.join("/")))).or_default() += 1;
        }
    }
    let mut all: Vec<(String, usize)> = if by_tag.len() > 1 { by_tag } else { by_path }.into_iter().collect();
    all.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    all
}

fn tags(operation: &Value) -> impl Iterator<Item = &str> {
    operation.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// How many segments all paths begin with; the empty one before the first slash is one of them.
fn shared_segments(document: &Document) -> usize {
    let mut shared: Option<Vec<&str>> = None;
    for (path, _) in paths(document) {
        let segments = path.split('/');
        shared = Some(match shared {
            None => segments.collect(),
            Some(shared) => shared
                .into_iter()
                .zip(segments)
                .take_while(|(one, other)| one == other)
                .map(|(one, _)| one)
                .collect(),
        });
    }
    shared.map_or(0, |shared| shared.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_is_named_in_many_ways() {
        let operation = json!({"operationId": "repos/listForOrg", "tags": ["Repositories"]});
        for (wanted, takes) in [
            ("repositories", true),
            ("repos/listForOrg", true),
            ("repos_list_for_org", true),
            ("repos/*", true),
            ("/orgs/{org}/repos", true),
            ("/orgs/*", true),
            ("GET /orgs/{org}/repos", true),
            ("get /orgs/*", true),
            ("DELETE /orgs/*", false),
            ("repos", false),
            ("/orgs", false),
        ] {
            let only = [wanted.to_owned()];
            assert_eq!(Only(&only).takes("/orgs/{org}/repos", "get", &operation), takes, "{wanted}");
        }
        assert!(Only(&[]).takes("/", "get", &json!({})));
    }

    #[test]
    fn there_is_something_to_choose_with_tags_and_without() {
        let of = |document: Value| choices(&Document::read(document.to_string().as_bytes()).unwrap());
        let tagged = json!({"openapi": "3.1.0", "paths": {"/a": {"get": {"tags": ["A"]}, "put": {"tags": ["B"]}}, "/b": {"get": {"tags": ["B"]}}}});
        assert_eq!(of(tagged), [("B".to_owned(), 2), ("A".to_owned(), 1)]);
        let plain = json!({"openapi": "3.1.0", "paths": {"/v1/a": {"get": {}}, "/v1/a/{id}": {"get": {}, "put": {}}, "/v1/b": {"get": {}}}});
        assert_eq!(of(plain), [("/v1/a*".to_owned(), 3), ("/v1/b*".to_owned(), 1)]);
    }
}
