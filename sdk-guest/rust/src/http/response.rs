//! A response, and what its status means.

use serde::de::DeserializeOwned;

use crate::{Error, Header, Value};

/// What the host adds to an answer: what a rule of the manifest says of it, and the wait that the remote asked for.
const CLASS: &str = "lockgate-class";
const WAIT_MS: &str = "lockgate-wait-ms";
/// So much of an answer is quoted in an error.
const EXCERPT_CHARS: usize = 300;

/// A whole response.
///
/// ```
/// use lockgate_sdk::http::Response;
///
/// let response = Response::new(200).with_header("x-request-id", "7").with_body(r#"{"ok":true}"#);
/// assert_eq!(response.header("X-Request-Id"), Some("7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// In the order of the wire.
    pub headers: Vec<Header>,
    /// Decoded and bounded by the host.
    pub body: Vec<u8>,
    repeatable: bool,
}

impl Response {
    /// An empty response, for a native transport to answer with.
    ///
    /// ```
    /// # use lockgate_sdk::http::Response;
    /// assert_eq!(Response::new(204).status, 204);
    /// ```
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), repeatable: false }
    }

    /// Adds a header.
    ///
    /// ```
    /// # use lockgate_sdk::http::Response;
    /// let slow_down = Response::new(429).with_header("retry-after", "2.5");
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// Sets the body.
    ///
    /// ```
    /// # use lockgate_sdk::{http::Response, json};
    /// let list = Response::new(200).with_body(json!({"data": []}).to_string());
    /// ```
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn settled(self, repeatable: bool) -> Self {
        Self { repeatable, ..self }
    }

    /// The first header of this name that is text.
    ///
    /// ```
    /// # use lockgate_sdk::http::Response;
    /// let response = Response::new(200).with_header("Content-Type", "text/csv");
    /// assert_eq!(response.header("content-type"), Some("text/csv"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .find_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The body as a type of yours. A whole number that 64 bits cannot hold is refused, rather than read as one near it:
    /// where a remote sends such, read `body` by other means.
    ///
    /// ```
    /// use lockgate_sdk::http::Response;
    ///
    /// let numbers: Result<Vec<u8>, _> = Response::new(200).with_body("[1,2]").json();
    /// assert_eq!(numbers, Ok(vec![1, 2]));
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if let Some(number) = super::too_large(&self.body) {
            return Err(Error::permanent(format!(
                "the remote's answer has a number beyond 64 bits ({number})"
            )));
        }
        // By way of a value, so that a type is compiled for one source of data and not for two: components stay small.
        serde_json::from_slice(&self.body).and_then(|value: Value| T::deserialize(&value)).map_err(|error| {
            Error::permanent(format!("the remote's answer is not what was expected: {error}"))
        })
    }

    /// Milliseconds that the remote asked to wait. In a host, in whatever form it did; natively by `Retry-After`, in whole
    /// or decimal seconds or as a date.
    ///
    /// ```
    /// # use lockgate_sdk::http::Response;
    /// assert_eq!(Response::new(429).with_header("retry-after", "2.0").retry_after_ms(), Some(2_000));
    /// ```
    pub fn retry_after_ms(&self) -> Option<u64> {
        if let Some(wait_ms) = self.header(WAIT_MS).and_then(|wait_ms| wait_ms.parse().ok()) {
            return Some(wait_ms);
        }
        let asked = self.header("retry-after")?.trim();
        let Ok(seconds) = asked.parse::<f64>() else { return self.until(asked) };
        // The conversion saturates; a negative wait is none.
        seconds.is_finite().then_some((seconds * 1_000.0).ceil() as u64)
    }

    /// By the remote's own clock, so that two clocks that differ do no harm.
    fn until(&self, date: &str) -> Option<u64> {
        let at = httpdate::parse_http_date(date).ok()?;
        let now = httpdate::parse_http_date(self.header("date")?).ok()?;
        Some(u64::try_from(at.duration_since(now).unwrap_or_default().as_millis()).unwrap_or(u64::MAX))
    }

    /// The response itself if its status is 2xx, or an error of the class that the status means.
    ///
    /// What a rule in the manifest's `answers` says of the answer goes before its status: the host has asked them. A
    /// refusal that a rule calls `done` is as good as a 2xx.
    ///
    /// | status | class |
    /// |---|---|
    /// | 400, 422 and other 4xx | invalid |
    /// | 401 | authentication required |
    /// | 403 | permanent |
    /// | 404, 410 | not found |
    /// | 409 | conflict |
    /// | 408, 425, other 5xx | transient if the request may be repeated, or else ambiguous |
    /// | 429 | rate limited, with the wait that the remote asked for |
    /// | 1xx, 3xx, 405, 415, 501, 505 | permanent |
    ///
    /// ```
    /// use lockgate_sdk::{Error, http::Response};
    ///
    /// assert!(Response::new(201).error_for_status().is_ok());
    ///
    /// let slow_down = Response::new(429).with_header("retry-after", "2");
    /// assert_eq!(slow_down.error_for_status(), Err(Error::RateLimited(Some(2_000))));
    /// ```
    pub fn error_for_status(self) -> Result<Self, Error> {
        let message = self.excerpt();
        match self.header(CLASS) {
            Some("done") => return Ok(self),
            Some("rate_limited") => return Err(Error::RateLimited(self.retry_after_ms())),
            Some("auth") => return Err(Error::AuthRequired(message)),
            Some("transient_safe") => return Err(Error::Transient(message)),
            Some("transient" | "ambiguous") => return Err(self.doubtful(message)),
            Some("conflict") => return Err(Error::Conflict(message)),
            Some("permanent") => return Err(Error::Permanent(message)),
            _ => {}
        }
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(match self.status {
            401 => Error::AuthRequired(message),
            404 | 410 => Error::NotFound(message),
            409 => Error::Conflict(message),
            429 => Error::RateLimited(self.retry_after_ms()),
            403 | 405 | 415 | 501 | 505 => Error::Permanent(message),
            408 | 425 | 500.. => self.doubtful(message),
            400..500 => Error::Invalid(message),
            _ => Error::Permanent(message),
        })
    }

    /// Whether it was done nobody knows; where that does not matter it may be tried again. The host may know of a key that
    /// the request carried.
    fn doubtful(&self, message: String) -> Error {
        let recognised = self.repeatable || self.header(CLASS) == Some("transient");
        if recognised { Error::Transient(message) } else { Error::Ambiguous(message) }
    }

    /// The status and the beginning of the body, for an error's message.
    ///
    /// ```
    /// # use lockgate_sdk::http::Response;
    /// assert_eq!(Response::new(500).with_body("oops\n").excerpt(), "the remote answered 500: oops");
    /// ```
    pub fn excerpt(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let mut message = format!("the remote answered {}", self.status);
        let text: String =
            body.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(EXCERPT_CHARS).collect();
        if !text.is_empty() {
            message.push_str(": ");
            message.push_str(&text);
        }
        message
    }
}
