//! The biller's refusals in Stripe's error shape.

use serde_json::{Map, Value, json};

use crate::answer::Answer;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
}

impl Refusal {
    /// A 400 for a request that is wrong whatever the books say.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::with(400, "invalid_request_error", message).coded(code)
    }

    pub(super) fn with(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code: None, message: message.into(), param: None }
    }

    #[must_use]
    pub(super) fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    #[must_use]
    pub(super) fn about(mut self, param: &str) -> Self {
        self.param = Some(param.chars().take(100).collect());
        self
    }

    /// An id in a path: 404. An id in a parameter is a 400; see [`Refusal::no_such_in`].
    pub(super) fn no_such(noun: &str, id: &str) -> Self {
        let id = id.chars().take(100).collect::<String>();
        let message = format!("no such {noun}: '{id}'");
        Self { status: 404, ..Self::invalid("resource_missing", message) }.about("id")
    }

    pub(super) fn no_such_in(param: &str, noun: &str, id: &str) -> Self {
        Self { status: 400, ..Self::no_such(noun, id) }.about(param)
    }

    pub(super) fn unknown_url(method: &str, path: &str) -> Self {
        let path = path.chars().take(100).collect::<String>();
        Self::with(404, "invalid_request_error", format!("unrecognized request URL ({method}: {path})"))
    }

    /// An injected failure.
    pub(super) fn injected(status: u16) -> Self {
        match status {
            429 => {
                Self::with(status, "invalid_request_error", "too many requests at once").coded("rate_limit")
            }
            402 => Self::with(status, "card_error", "the payment was declined"),
            500.. => Self::with(status, "api_error", "something went wrong on our side"),
            _ => Self::with(status, "invalid_request_error", "this request was refused"),
        }
    }

    pub(super) fn answer(&self, request_id: &str) -> Answer {
        let mut error = Map::from_iter([
            ("type".to_owned(), json!(self.kind)),
            ("message".to_owned(), json!(self.message)),
            ("request_log_url".to_owned(), json!(format!("https://dashboard.stripe.test/logs/{request_id}"))),
        ]);
        if let Some(code) = self.code {
            error.insert("code".to_owned(), json!(code));
            error.insert("doc_url".to_owned(), json!(format!("https://docs.stripe.test/error-codes/{code}")));
        }
        if let Some(param) = &self.param {
            error.insert("param".to_owned(), json!(param));
        }
        Answer::json(self.status, &json!({ "error": Value::Object(error) }))
    }
}
