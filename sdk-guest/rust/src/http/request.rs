//! A request, put together step by step.

use form_urlencoded::Serializer;
use serde::Serialize;

use super::{Parts, Response, SendError};
use crate::{Error, Header};

/// A request. Nothing happens until [`send`](Self::send) or [`send_all`](super::send_all).
///
/// ```
/// use lockgate_sdk::http::{self, Request, Response};
///
/// let answer = http::with_transport(
///     |sent| Ok(Response::new(200).with_body(format!("{} {}", sent.method, sent.url))),
///     || Request::get("https://api.example.com/v1/orders").query("status", "paid & sent").send(),
/// );
/// let body = answer.map(|answer| answer.body).unwrap_or_default();
/// assert_eq!(body, b"GET https://api.example.com/v1/orders?status=paid+%26+sent");
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    url: String,
    query: Vec<(String, String)>,
    headers: Vec<Header>,
    body: Vec<u8>,
    timeout_ms: Option<u32>,
    repeatable: bool,
}

impl Request {
    /// A request with any method, at an absolute URL without user information.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let report = Request::new("REPORT", "https://api.example.com/books");
    /// ```
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self {
            repeatable: matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"),
            method: method.to_owned(),
            url: url.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: None,
        }
    }

    /// A `GET` request.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let orders = Request::get("https://api.example.com/v1/orders");
    /// ```
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A `POST` request.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let order = Request::post("https://api.example.com/v1/orders");
    /// ```
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// A `PUT` request.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let order = Request::put("https://api.example.com/v1/orders/7");
    /// ```
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// A `PATCH` request.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let order = Request::patch("https://api.example.com/v1/orders/7");
    /// ```
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// A `DELETE` request.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let order = Request::delete("https://api.example.com/v1/orders/7");
    /// ```
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header. The host refuses `host`, `content-length`, credentials and hop-by-hop headers.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let orders = Request::get("https://api.example.com/v1/orders").header("accept-language", "de");
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a query parameter, encoded as forms are.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let page = Request::get("https://api.example.com/v1/orders").query("limit", "100").query("after", "7");
    /// ```
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a body of form fields, in order; brackets in names are what Stripe and PHP call nesting.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let customer = Request::post("https://api.example.com/v1/customers")
    ///     .form(&[("email", "ada@example.com"), ("metadata[source]", "crm")]);
    /// ```
    #[must_use]
    pub fn form(self, fields: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// Sets a body of JSON. What has no JSON text, such as a map with keys that are not strings, is invalid.
    ///
    /// ```
    /// # use lockgate_sdk::{Error, http::Request, json};
    /// # fn main() -> Result<(), Error> {
    /// let search = Request::post("https://api.example.com/v1/search").json(&json!({"limit": 100}))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::invalid(format!("cannot write the request as JSON: {error}")))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Sets a body of bytes.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let upload = Request::put("https://api.example.com/v1/files/7").header("content-type", "text/csv").body("a,b");
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Gives up sooner than the host would.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let health = Request::get("https://api.example.com/health").timeout_ms(2_000);
    /// ```
    #[must_use]
    pub fn timeout_ms(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    /// Adds the header by which the remote recognises a repeated attempt: a lost answer is then
    /// [transient](Error::Transient), not [ambiguous](Error::Ambiguous).
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let order = Request::post("https://api.example.com/v1/orders").idempotency_key("Idempotency-Key", "run-1/7");
    /// ```
    #[must_use]
    pub fn idempotency_key(self, header: &str, key: &str) -> Self {
        self.header(header, key).repeatable()
    }

    /// The same for a remote that looks for the key in the query.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let invoice = Request::post("https://api.example.com/v3/invoice").idempotency_query("requestid", "run-1/7");
    /// ```
    #[must_use]
    pub fn idempotency_query(self, name: &str, key: &str) -> Self {
        self.query(name, key).repeatable()
    }

    /// Says that the request may be sent again without harm although its method does not say so: a search by `POST`.
    ///
    /// ```
    /// # use lockgate_sdk::http::Request;
    /// let search = Request::post("https://api.example.com/v1/search").repeatable();
    /// ```
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends it and waits for the whole response. A response of any status is `Ok`: see
    /// [`error_for_status`](Response::error_for_status).
    ///
    /// ```
    /// use lockgate_sdk::{Error, Value, http::Request};
    ///
    /// fn orders() -> Result<Value, Error> {
    ///     Request::get("https://api.example.com/v1/orders").send()?.error_for_status()?.json()
    /// }
    /// # assert!(orders().is_err());
    /// ```
    pub fn send(self) -> Result<Response, SendError> {
        super::send(self)
    }

    pub(super) fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    pub(super) fn into_parts(self) -> Parts {
        let Self { method, mut url, query, headers, body, timeout_ms, repeatable: _ } = self;
        if !query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&Serializer::new(String::new()).extend_pairs(query).finish());
        }
        Parts { method, url, headers, body, timeout_ms }
    }
}
