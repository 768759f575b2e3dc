//! The API's requests, answers and refusals, whatever they are about.

use lockgate_sdk::http::{Request, Response};
use lockgate_sdk::{Error, Value, profile};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::key;

pub(crate) const DEFAULT_ORIGIN: &str = "https://api.stripe.com";

/// The version of the API that this connector was written against.
const VERSION: &str = "2026-06-24.dahlia";

/// The fields of a form, in order.
pub(crate) type Form = Vec<(String, String)>;

pub(crate) struct Api {
    origin: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default = "default_origin")]
    api_base: String,
}

fn default_origin() -> String {
    DEFAULT_ORIGIN.to_owned()
}

impl Api {
    pub(crate) fn of_profile() -> Result<Self, Error> {
        let Config { api_base } = profile::config()?;
        Ok(Self { origin: api_base.trim_end_matches('/').to_owned() })
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        Request::get(format!("{}{path}", self.origin)).header("stripe-version", VERSION)
    }

    pub(crate) fn post(&self, path: &str, form: &Form, key: &str) -> Request {
        let request = Request::post(format!("{}{path}", self.origin)).header("stripe-version", VERSION);
        let request = request.idempotency_key(key::HEADER, key);
        if form.is_empty() { request } else { request.form(form) }
    }
}

/// Adds a field, if there is something to say.
pub(crate) fn field(form: &mut Form, name: &str, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        form.push((name.to_owned(), value.into()));
    }
}

/// Adds a field for each entry.
pub(crate) fn metadata<'a>(form: &mut Form, entries: impl Iterator<Item = (&'a String, &'a Option<String>)>) {
    for (name, value) in entries {
        field(form, &format!("metadata[{name}]"), value.as_deref());
    }
}

/// The string at a name of an answer, such as its id.
pub(crate) fn text(answer: &Value, name: &str) -> Result<String, Error> {
    match answer.get(name).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::permanent(format!("the remote's answer has no {name:?}"))),
    }
}

/// What the API says when it says no.
#[derive(Default, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    pub(crate) param: Option<String>,
}

impl Refusal {
    /// A refusal that cannot be read is an empty one: its status still counts.
    pub(crate) fn of(answer: &Response) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Refusal,
        }
        answer.json().map(|Body { error }| error).unwrap_or_default()
    }

    fn text(&self, answer: &Response) -> String {
        let Some(message) = &self.message else { return answer.excerpt() };
        let code = self.code.as_deref().unwrap_or(&self.kind);
        format!("the remote answered {} ({code}): {message}", answer.status)
    }
}

/// The body of an answer that says yes, or an error of the class that this API means.
pub(crate) fn settle<T: DeserializeOwned>(answer: &Response) -> Result<T, Error> {
    check(answer)?;
    answer.json()
}

/// An error of the class that this API means, unless the answer says yes.
///
/// The API's own word on repeating wins over what a status means in general. A limit stays a limit, though: the wait is
/// the host's to keep.
pub(crate) fn check(answer: &Response) -> Result<(), Error> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let refusal = Refusal::of(answer);
    let message = refusal.text(answer);
    let is_limit =
        answer.status == 429 || (answer.status == 400 && refusal.code.as_deref() == Some("rate_limit"));
    if is_limit {
        return Err(Error::RateLimited(answer.retry_after_ms()));
    }
    if answer.status >= 500 && answer.header("idempotent-replayed") == Some("true") {
        // The key brings back the same answer for a day, whatever the request has done.
        return Err(Error::Ambiguous(format!("{message} (the saved answer of an earlier attempt)")));
    }
    match (answer.header("stripe-should-retry"), answer.status) {
        (_, 401) => Err(Error::AuthRequired(message)),
        (Some("true"), _) => Err(Error::Transient(message)),
        (Some("false"), 500..) => Err(Error::Permanent(message)),
        (Some("false"), 409) => Err(Error::Conflict(message)),
        (_, 409) => Err(Error::Transient(message)),
        _ if refusal.kind == "idempotency_error" => Err(Error::Permanent(message)),
        (_, 402) => Err(Error::Permanent(message)),
        (_, 404) => Err(Error::NotFound(message)),
        (_, 400 | 422) => Err(Error::Invalid(message)),
        _ => Err(answer.clone().error_for_status().err().unwrap_or(Error::Permanent(message))),
    }
}
