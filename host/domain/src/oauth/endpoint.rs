//! The URL of an endpoint: a host template of the manifest, then a path.

use serde_json::Value;
use wit::HostInput;

use super::text::{self, MissingText};
use crate::egress::{HostTemplate, InvalidHostTemplate, Origin, UnresolvedHost};

const TEXT_BYTES_MAX: usize = 1 << 10;

/// Where a profile's tokens come from, with its configuration filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub origin: Origin,
    /// Begins with `/`.
    pub path: String,
}

impl Endpoint {
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// Fills a manifest's URL with a profile's configuration.
    pub fn resolve(url: &str, inputs: &[HostInput], config: &Value) -> Result<Self, EndpointError> {
        let (host, path) = split(url)?;
        let origin = HostTemplate::parse(host, inputs)?.resolve(config)?;
        let value = |name: &str| config.get(name).and_then(Value::as_str).map(str::to_owned);
        // A value is a part of one segment: with a slash it would choose the path.
        let plain =
            text::names(path)?.iter().filter_map(|name| value(name)).all(|value| !value.contains('/'));
        let path = text::fill(path, value)?;
        if plain && is_path(&path) { Ok(Self { origin, path }) } else { Err(EndpointError::Path) }
    }
}

/// Why there is no such URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error(
        "a URL is one of `hosts` and a path, as in https://{{shop}}.example.com/oauth/token, in at most 1 KiB"
    )]
    Syntax,
    #[error("the path has a segment that is empty, `.` or `..`, or characters that a path has not")]
    Path,
    #[error(transparent)]
    Host(#[from] InvalidHostTemplate),
    #[error(transparent)]
    Unresolved(#[from] UnresolvedHost),
    #[error(transparent)]
    Text(#[from] MissingText),
}

/// The host template and the path of a URL.
pub fn split(url: &str) -> Result<(&str, &str), EndpointError> {
    if url.len() > TEXT_BYTES_MAX || url.contains(['?', '#', '\\']) {
        return Err(EndpointError::Syntax);
    }
    let start = match url.find("://") {
        Some(at) => at + "://".len(),
        None if url.starts_with('{') => 0,
        None => return Err(EndpointError::Syntax),
    };
    let end = url.get(start..).and_then(|rest| rest.find('/')).map(|at| start + at);
    end.and_then(|end| url.split_at_checked(end)).ok_or(EndpointError::Syntax)
}

fn is_path(path: &str) -> bool {
    let segment = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c))
    };
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wit::InputKind;

    use super::*;

    fn input(name: &str, kind: InputKind) -> HostInput {
        HostInput { name: name.to_owned(), kind, default: None }
    }

    #[test]
    fn a_url_is_filled_with_the_configuration() {
        let inputs = [input("shop", InputKind::Label), input("base_url", InputKind::Origin)];
        let config = json!({ "shop": "acme", "base_url": "https://id.example.com:8443", "realm": "r-1" });
        for (url, filled) in [
            ("https://{shop}.example.com/oauth/token", "https://acme.example.com/oauth/token"),
            ("{base_url}/token", "https://id.example.com:8443/token"),
            ("https://login.example.com/{realm}/v2.0/token", "https://login.example.com/r-1/v2.0/token"),
        ] {
            assert_eq!(Endpoint::resolve(url, &inputs, &config).unwrap().url(), filled, "{url}");
        }
    }

    #[test]
    fn a_value_adds_nothing_but_its_part() {
        let inputs = [input("shop", InputKind::Label)];
        for (url, realm) in [
            ("https://login.example.com/{realm}/token", "a/b"),
            ("https://login.example.com/{realm}/token", ".."),
            ("https://login.example.com/{realm}/token", "a?b"),
            ("https://login.example.com/{realm}/token", "a%2fb"),
            ("https://login.example.com/{realm}/token", ""),
            ("https://login.example.com/token?x={realm}", "a"),
            ("https://login.example.com", "a"),
            ("login.example.com/token", "a"),
            ("https://{shop}.example.com/token", "a"),
        ] {
            let config = json!({ "realm": realm, "shop": "evil.test/" });
            assert!(Endpoint::resolve(url, &inputs, &config).is_err(), "{url} with {realm:?}");
        }
    }
}
