//! Where native tests put their own remote in place of the network.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Failure, FailureKind, Parts, Response, SendError};
use crate::scoped::scoped;
use crate::{Header, Value};

type Transport = Rc<RefCell<dyn FnMut(&Sent) -> Result<Response, SendError>>>;

thread_local! {
    static TRANSPORT: RefCell<Option<Transport>> = const { RefCell::new(None) };
}

/// Runs `body` with `transport` in place of the network. Native targets only, for tests.
///
/// ```
/// use lockgate_sdk::http::{self, Request, Response};
///
/// let status = http::with_transport(
///     |sent| Ok(Response::new(if sent.path() == "/ok" { 200 } else { 404 })),
///     || Request::get("https://api.example.com/ok").send().map(|response| response.status),
/// );
/// assert_eq!(status, Ok(200));
/// ```
pub fn with_transport<R>(
    transport: impl FnMut(&Sent) -> Result<Response, SendError> + 'static,
    body: impl FnOnce() -> R,
) -> R {
    scoped(&TRANSPORT, Rc::new(RefCell::new(transport)), body)
}

/// A request as the remote would see it, before the host adds credentials.
///
/// ```
/// use lockgate_sdk::http::{Request, Response, with_transport};
///
/// let echo = with_transport(
///     |sent| Ok(Response::new(200).with_body(sent.field("name").unwrap_or_default())),
///     || Request::post("https://api.example.com/v1/customers").form(&[("name", "Ada & Co")]).send(),
/// );
/// assert_eq!(echo.map(|echo| echo.body), Ok(b"Ada & Co".to_vec()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The URL with its query.
    pub url: String,
    /// In the order of the request.
    pub headers: Vec<Header>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// The time-out that the connector asked for.
    pub timeout_ms: Option<u32>,
}

impl Sent {
    /// The path, still encoded.
    ///
    /// ```
    /// # use lockgate_sdk::http::{Request, Response, with_transport};
    /// # with_transport(|sent| {
    /// assert_eq!(sent.path(), "/v1/orders");
    /// # Ok(Response::new(200)) }, || Request::get("https://api.example.com/v1/orders?limit=2").send()).ok();
    /// ```
    pub fn path(&self) -> &str {
        let after_scheme = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        let path = after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or("/");
        path.split_once('?').map_or(path, |(path, _)| path)
    }

    /// The first query parameter of this name, decoded.
    ///
    /// ```
    /// # use lockgate_sdk::http::{Request, Response, with_transport};
    /// # with_transport(|sent| {
    /// assert_eq!(sent.query("limit").as_deref(), Some("2"));
    /// # Ok(Response::new(200)) }, || Request::get("https://api.example.com/v1/orders?limit=2").send()).ok();
    /// ```
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.url.split_once('?')?;
        decoded(query.as_bytes(), name)
    }

    /// The first form field of this name, decoded.
    ///
    /// ```
    /// # use lockgate_sdk::http::{Request, Response, with_transport};
    /// # with_transport(|sent| {
    /// assert_eq!(sent.field("a[b]").as_deref(), Some("1"));
    /// # Ok(Response::new(200)) }, || Request::post("https://a.example/").form(&[("a[b]", "1")]).send()).ok();
    /// ```
    pub fn field(&self, name: &str) -> Option<String> {
        decoded(&self.body, name)
    }

    /// The body as JSON; `null` if it is none.
    ///
    /// ```
    /// # use lockgate_sdk::http::{Request, Response, with_transport};
    /// # with_transport(|sent| {
    /// assert_eq!(sent.json()["limit"], 2);
    /// # Ok(Response::new(200)) }, || Request::post("https://a.example/").body(r#"{"limit":2}"#).send()).ok();
    /// ```
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The first header of this name that is text.
    ///
    /// ```
    /// # use lockgate_sdk::http::{Request, Response, with_transport};
    /// # with_transport(|sent| {
    /// assert_eq!(sent.header("Accept"), Some("text/csv"));
    /// # Ok(Response::new(200)) }, || Request::get("https://a.example/").header("accept", "text/csv").send()).ok();
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .find_map(|(_, value)| std::str::from_utf8(value).ok())
    }
}

fn decoded(pairs: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(pairs).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(super) fn send(Parts { method, url, headers, body, timeout_ms }: Parts) -> Result<Response, SendError> {
    let sent = Sent { method, url, headers, body, timeout_ms };
    match TRANSPORT.with_borrow(Clone::clone) {
        Some(transport) => (transport.borrow_mut())(&sent),
        None => Err(SendError::Failed(Failure::new(
            FailureKind::Other,
            false,
            "there is no network outside a host: use `http::with_transport`",
        ))),
    }
}

pub(super) fn send_all(requests: Vec<Parts>) -> Vec<Result<Response, SendError>> {
    requests.into_iter().map(send).collect()
}
