//! What a request has to be like, and in which points another one differs.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::compare::{cut, exact, shown, subset};
use crate::received::{Received, split};

/// In a header: the credential of the profile, which the host adds. Natively nobody adds one, and it is not asked for.
const CREDENTIAL: &str = "{credential}";
/// Any value, as long as there is one.
const ANY: &str = "*";

/// The request of an exchange. What is not said is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The method; `GET` unless said.
    #[serde(default)]
    pub method: Option<String>,
    /// Origin and path in one, with a query if it is to be asked for: `https://api.example.com/v1/orders/{id}`.
    #[serde(default)]
    pub url: Option<String>,
    /// Scheme, host and port.
    #[serde(default)]
    pub origin: Option<String>,
    /// A path; `{name}` stands for one segment, `{name...}` for one or more.
    #[serde(default)]
    pub path: Option<String>,
    /// Parameters with their values; `"*"` for any value, `null` where there must be none.
    #[serde(default)]
    pub query: BTreeMap<String, Value>,
    /// Headers, in the same way. `{credential}` in a value stands for the profile's credential.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// The body is JSON that has at least this.
    #[serde(default, deserialize_with = "given")]
    pub json: Option<Value>,
    /// The body is exactly this JSON.
    #[serde(default, deserialize_with = "given")]
    pub json_exactly: Option<Value>,
    /// The body is a form with these fields, in the way of `query`.
    #[serde(default)]
    pub form: BTreeMap<String, Value>,
    /// The body is this text.
    #[serde(default)]
    pub text: Option<String>,
}

/// `null` that somebody wrote is a value.
pub(crate) fn given<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Expected {
    /// Every point in which a request is another one. Empty: it is the one.
    pub fn differences(&self, found: &Received, credential: Option<&str>) -> Vec<String> {
        let mut differences = Vec::new();
        let method = self.method.as_deref().unwrap_or("GET");
        if found.method != method {
            differences.push(format!("the method is {}; expected {method}", found.method));
        }
        let (origin, path, query) = self.target();
        if let Some(origin) = origin.filter(|origin| !origin.eq_ignore_ascii_case(found.origin())) {
            differences.push(format!("the origin is {}; expected {origin}", found.origin()));
        }
        if let Some(path) = path.filter(|path| !fits(path, found.path())) {
            differences.push(format!("the path is {}; expected {path}", cut(found.path())));
        }
        let queries = found.queries();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            pair("query parameter", &name, &Value::from(&*value), &queries, &mut differences);
        }
        for (name, value) in &self.query {
            pair("query parameter", name, value, &queries, &mut differences);
        }
        for (name, value) in &self.headers {
            header(name, value, found, credential, &mut differences);
        }
        self.body(found, &mut differences);
        differences
    }

    fn body(&self, found: &Received, differences: &mut Vec<String>) {
        if !self.form.is_empty() {
            let fields = found.fields();
            for (name, value) in &self.form {
                pair("form field", name, value, &fields, differences);
            }
        }
        if let Some(text) = self.text.as_ref().filter(|text| text.as_bytes() != found.body) {
            let found = cut(&String::from_utf8_lossy(&found.body));
            differences.push(format!("the body is {found:?}; expected {:?}", cut(text)));
        }
        if self.json.is_none() && self.json_exactly.is_none() {
            return;
        }
        let Some(body) = found.json() else {
            differences
                .push(format!("the body is no JSON: {:?}", cut(&String::from_utf8_lossy(&found.body))));
            return;
        };
        let subsets = self.json.iter().flat_map(|expected| subset(expected, &body));
        let exacts = self.json_exactly.iter().flat_map(|expected| exact(expected, &body));
        differences.extend(subsets.chain(exacts).map(|difference| format!("in the body, {difference}")));
    }

    /// Origin, path and query that are asked for.
    fn target(&self) -> (Option<&str>, Option<&str>, &str) {
        let Some(url) = &self.url else { return (self.origin.as_deref(), self.path.as_deref(), "") };
        if url.starts_with('/') {
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            return (self.origin.as_deref(), Some(path), query);
        }
        let (origin, path, query) = split(url);
        (Some(origin), Some(path), query)
    }

    /// Where it is sent to, if that is said.
    pub fn origin(&self) -> Option<&str> {
        self.target().0
    }

    /// For messages.
    pub fn line(&self) -> String {
        let (origin, path, _) = self.target();
        let method = self.method.as_deref().unwrap_or("GET");
        format!("{method} {}{}", origin.unwrap_or_default(), path.unwrap_or("(any path)"))
    }

    /// What makes no sense, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.url.is_some() && (self.origin.is_some() || self.path.is_some()) {
            return Some("`url` is origin and path in one: leave out `origin` and `path`".to_owned());
        }
        let scalar = |value: &&Value| value.is_object() || value.is_array();
        for (name, values) in [("query", &self.query), ("headers", &self.headers), ("form", &self.form)] {
            if let Some(value) = values.values().find(scalar) {
                return Some(format!(
                    "a value in `{name}` is text, a number, true, false or null, not {}",
                    shown(value)
                ));
            }
        }
        None
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn pair(what: &str, name: &str, wanted: &Value, found: &[(String, String)], out: &mut Vec<String>) {
    let mut values = found.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    match (text(wanted), values.next()) {
        (None, None) => {}
        (None, Some(value)) => out.push(format!("the {what} {name} is {:?}; expected none", cut(value))),
        (Some(wanted), None) => out.push(format!("the {what} {name} is missing; expected {wanted:?}")),
        (Some(wanted), Some(value)) if wanted == ANY || wanted == *value || values.any(|v| *v == wanted) => {
            let _ = value;
        }
        (Some(wanted), Some(value)) => {
            out.push(format!("the {what} {name} is {:?}; expected {wanted:?}", cut(value)));
        }
    }
}

fn header(name: &str, wanted: &Value, found: &Received, credential: Option<&str>, out: &mut Vec<String>) {
    let values = found.values(name);
    let Some(wanted) = text(wanted) else {
        if !values.is_empty() {
            out.push(format!("the header {name} is there; expected none"));
        }
        return;
    };
    let is_credential = wanted.contains(CREDENTIAL);
    let wanted = match credential {
        Some(credential) => wanted.replace(CREDENTIAL, credential),
        None if is_credential => return,
        None => wanted,
    };
    if values.iter().any(|value| wanted == ANY || *value == wanted) {
        return;
    }
    // What a header with a credential holds is nobody's to read, in a test neither.
    match values.first() {
        None => out.push(format!("the header {name} is missing")),
        Some(_) if is_credential => out.push(format!("the header {name} does not hold the credential")),
        Some(value) => out.push(format!("the header {name} is {:?}; expected {wanted:?}", cut(value))),
    }
}

/// Segments are compared decoded, so that a test need not know how a name is written in a URL.
fn fits(template: &str, path: &str) -> bool {
    let mut wanted = template.split('/');
    let mut found = path.split('/');
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with('{') && rest.ends_with("...}") => return true,
            (Some(one), Some(segment)) if one.starts_with('{') && one.ends_with('}') => {
                if segment.is_empty() {
                    return false;
                }
            }
            (Some(wanted), Some(found)) if decoded(wanted) == decoded(found) => {}
            _ => return false,
        }
    }
}

fn decoded(segment: &str) -> Vec<u8> {
    percent_decode_str(segment).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expected(value: Value) -> Expected {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_request_that_fits_differs_in_nothing() {
        let expected = expected(json!({
            "method": "POST", "url": "https://api.example.com/v1/orders/{id}/lines?limit=2",
            "query": {"after": "*", "debug": null}, "headers": {"accept": "*", "x-trace": null},
            "json": {"lines": [{"sku": "a"}]},
        }));
        let found = Received::new("POST", "https://api.example.com/v1/orders/7%2F8/lines?limit=2&after=x")
            .header("Accept", "application/json")
            .body(r#"{"lines": [{"sku": "a", "n": 1}]}"#);
        assert_eq!(expected.differences(&found, None), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_told_at_once() {
        let expected = expected(json!({
            "url": "https://api.example.com/v1/orders", "query": {"limit": 2}, "headers": {"accept": "text/csv"},
        }));
        let found = Received::new("POST", "https://other.example/v1/customers?limit=3");
        assert_eq!(
            expected.differences(&found, None),
            [
                "the method is POST; expected GET",
                "the origin is https://other.example; expected https://api.example.com",
                "the path is /v1/customers; expected /v1/orders",
                "the query parameter limit is \"3\"; expected \"2\"",
                "the header accept is missing",
            ]
        );
    }

    #[test]
    fn a_credential_is_asked_for_where_the_host_adds_one_and_never_shown() {
        let expected = expected(json!({"headers": {"authorization": "Bearer {credential}"}}));
        let with = Received::new("GET", "https://a.example/").header("authorization", "Bearer s3cr3t");
        let without = Received::new("GET", "https://a.example/");
        assert!(expected.differences(&with, Some("s3cr3t")).is_empty());
        assert!(expected.differences(&without, None).is_empty());
        assert_eq!(expected.differences(&without, Some("s3cr3t")), ["the header authorization is missing"]);
        let other = expected.differences(&with, Some("another"));
        assert_eq!(other, ["the header authorization does not hold the credential"]);
    }

    #[test]
    fn paths_fit_their_templates() {
        for (template, path, fit) in [
            ("/a/{id}", "/a/7", true),
            ("/a/{id}", "/a/", false),
            ("/a/{id}", "/a/7/b", false),
            ("/a/{rest...}", "/a/7/b", true),
            ("/a b", "/a%20b", true),
            ("/a", "/b", false),
        ] {
            assert_eq!(fits(template, path), fit, "{template} {path}");
        }
    }
}
