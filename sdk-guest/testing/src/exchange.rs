//! One exchange of a test: the request that is expected, what it is answered, and how often.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::expected::Expected;
use crate::fault::Fault;
use crate::list::List;
use crate::reply::Reply;

/// A request that is expected, with its reply.
///
/// ```
/// use lockgate_testing::{Exchange, Fault};
///
/// let found = Exchange::get("https://api.example.com/v1/orders/{id}").replies(200).json(r#"{"id": 7}"#);
/// let slow = Exchange::new("POST", "https://api.example.com/v1/orders").fails(Fault::SlowHead);
/// let noise = Exchange::get("https://api.example.com/v1/me").any_times();
/// # let _ = (found, slow, noise);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The request that is expected.
    pub request: Expected,
    /// What it is answered; 200 without a body unless said.
    #[serde(default)]
    pub reply: Reply,
    /// What goes wrong instead.
    #[serde(default)]
    pub fault: Option<Fault>,
    /// How often it is expected; once unless said.
    #[serde(default)]
    pub times: Times,
}

/// How often an exchange is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Exactly so often.
    Exactly(u32),
    /// As often as it comes, or never.
    Any,
}

impl Default for Times {
    fn default() -> Self {
        Self::Exactly(1)
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let times = value.as_u64().and_then(|times| u32::try_from(times).ok()).filter(|times| *times > 0);
        match times {
            Some(times) => Ok(Self::Exactly(times)),
            None if value == "any" => Ok(Self::Any),
            None => Err(D::Error::custom("`times` is a number from 1 on, or `any`")),
        }
    }
}

impl Exchange {
    /// Expects this method at this URL, which may have `{name}` for a segment.
    pub fn new(method: &str, url: &str) -> Self {
        let request =
            Expected { method: Some(method.to_owned()), url: Some(url.to_owned()), ..Expected::default() };
        Self { request, ..Self::default() }
    }

    /// Expects a `GET`.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// Expects a query parameter with this value; `*` for any.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.request.query.insert(name.to_owned(), Value::from(value));
        self
    }

    /// Expects a header with this value; `*` for any.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.insert(name.to_owned(), Value::from(value));
        self
    }

    /// Expects a JSON body that has at least this.
    #[must_use]
    pub fn sending(mut self, json: Value) -> Self {
        self.request.json = Some(json);
        self
    }

    /// Expects a form with this field.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.request.form.insert(name.to_owned(), Value::from(value));
        self
    }

    /// Answers with this status.
    #[must_use]
    pub fn replies(mut self, status: u16) -> Self {
        self.reply.status = status;
        self
    }

    /// Answers with this JSON text. What is no JSON is sent as it is.
    #[must_use]
    pub fn json(mut self, text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(json) => self.reply.json = Some(json),
            Err(_) => self.reply.text = Some(text.to_owned()),
        }
        self
    }

    /// Answers with a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.reply.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Answers with a page of a list.
    #[must_use]
    pub fn lists(mut self, list: List) -> Self {
        self.reply.list = Some(list);
        self
    }

    /// Fails in this way.
    #[must_use]
    pub fn fails(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Is expected so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Times::Exactly(times.max(1));
        self
    }

    /// May come as often as it does, or never.
    #[must_use]
    pub fn any_times(mut self) -> Self {
        self.times = Times::Any;
        self
    }

    /// What makes no sense, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let fault = self.fault.as_ref();
        self.request
            .problem()
            .or_else(|| self.reply.problem().map(str::to_owned))
            .or_else(|| fault.and_then(Fault::problem).map(str::to_owned))
    }
}
