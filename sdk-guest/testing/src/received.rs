//! A request as the remote sees it.

use serde_json::Value;

/// A request that reached the vendor.
///
/// ```
/// use lockgate_testing::Received;
///
/// let request = Received::new("GET", "https://api.example.com/v1/orders?status=paid+late").header("accept", "text/csv");
/// assert_eq!(request.origin(), "https://api.example.com");
/// assert_eq!(request.path(), "/v1/orders");
/// assert_eq!(request.query("status").as_deref(), Some("paid late"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// In order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Empty for none.
    pub body: Vec<u8>,
}

impl Received {
    /// A request without headers and body.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        split(&self.url).0
    }

    /// The path, still encoded.
    pub fn path(&self) -> &str {
        split(&self.url).1
    }

    /// The query's parameters, decoded.
    pub fn queries(&self) -> Vec<(String, String)> {
        pairs(split(&self.url).2.as_bytes())
    }

    /// The first parameter of this name, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        self.queries().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The fields of a form, decoded.
    pub fn fields(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The values of a header, as text.
    pub fn values(&self, name: &str) -> Vec<String> {
        let named = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// The body as JSON, if it is some.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The method and the URL without its query: for messages.
    pub fn line(&self) -> String {
        format!("{} {}{}", self.method, self.origin(), self.path())
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Origin, path and query of an absolute URL.
pub(crate) fn split(url: &str) -> (&str, &str, &str) {
    let url = url.split('#').next().unwrap_or(url);
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let after_host = url.get(host..).unwrap_or_default();
    let end = after_host.find(['/', '?']).map_or(url.len(), |end| host + end);
    let (origin, rest) = url.split_at(end);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (origin, if path.is_empty() { "/" } else { path }, query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_falls_into_its_parts() {
        for (url, parts) in [
            ("https://a.example/x/y?q=1#f", ("https://a.example", "/x/y", "q=1")),
            ("https://a.example", ("https://a.example", "/", "")),
            ("http://a.example:8080?q", ("http://a.example:8080", "/", "q")),
        ] {
            assert_eq!(split(url), parts, "{url}");
        }
    }
}
