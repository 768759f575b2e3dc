//! Parameters that are credentials in disguise: some documents describe a key as a parameter of each operation.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::Document;
use crate::only::{METHODS, paths};

/// Without what parts their words.
const NAMES: [&str; 7] =
    ["accesstoken", "authtoken", "xaccesstoken", "xauthtoken", "apitoken", "xapitoken", "apisecret"];
/// What is said of a parameter that is called `token` and nothing else.
const TOLD: [&str; 4] = ["authentication token", "auth token", "access token", "api token"];

/// Place and name of each, with how many operations have it; the most frequent first.
pub(super) fn among_parameters(document: &Document) -> Vec<((String, String), usize)> {
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, item) in paths(document) {
        let Ok(item) = document.resolve(item) else { continue };
        let operations: Vec<&Value> = METHODS.iter().filter_map(|method| item.get(*method)).collect();
        for parameter in operations.iter().flat_map(|operation| list(operation)) {
            count(document, parameter, 1, &mut found);
        }
        for parameter in list(item) {
            count(document, parameter, operations.len(), &mut found);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    found
}

/// How often each scheme is asked for.
pub(super) fn asked_for(document: &Document) -> BTreeMap<&str, usize> {
    let items = paths(document).filter_map(|(_, item)| document.resolve(item).ok());
    let operations = items.flat_map(|item| METHODS.iter().filter_map(|method| item.get(*method)));
    let security =
        operations.filter_map(|operation| operation.get("security")).chain(document.get("/security"));
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    let requirements = security.filter_map(Value::as_array).flatten().filter_map(Value::as_object);
    for name in requirements.flat_map(serde_json::Map::keys) {
        *asked.entry(name.as_str()).or_default() += 1;
    }
    asked
}

fn list(of: &Value) -> impl Iterator<Item = &Value> {
    of.get("parameters").and_then(Value::as_array).into_iter().flatten()
}

fn count(document: &Document, parameter: &Value, many: usize, found: &mut BTreeMap<(String, String), usize>) {
    // What cannot be resolved is told where the operation is read.
    let Ok(parameter) = document.resolve(parameter) else { return };
    let text = |member: &str| parameter.get(member).and_then(Value::as_str).unwrap_or_default();
    let (at, name) = (text("in"), text("name"));
    if matches!(at, "header" | "query") && is_credential(name, text("description")) {
        *found.entry((at.to_owned(), name.to_owned())).or_default() += many;
    }
}

fn is_credential(name: &str, told: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let told = told.to_ascii_lowercase();
    plain.ends_with("apikey")
        || NAMES.contains(&plain.as_str())
        || (plain == "token" && TOLD.iter().any(|words| told.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_known_by_its_name_or_by_what_is_said_of_it() {
        for (name, told, is_one) in [
            ("xi-api-key", "", true),
            ("api_key", "", true),
            ("X-Auth-Token", "", true),
            ("token", "Authentication token. Requires scope: users:read", true),
            ("token", "The invitation's token", false),
            ("page_token", "An access token for pages", false),
            ("key", "", false),
        ] {
            assert_eq!(is_credential(name, told), is_one, "{name} {told}");
        }
    }
}
