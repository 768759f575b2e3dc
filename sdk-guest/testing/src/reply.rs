//! What the vendor answers: a status, headers and a body, and how far the body comes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::expected::given;
use crate::fault::Fault;
use crate::list::List;
use crate::received::Received;

/// The reply of an exchange, before any fault.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The status; 200 unless said.
    #[serde(default = "ok")]
    pub status: u16,
    /// Beside `content-type`, which follows from the body.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A body of JSON.
    #[serde(default, deserialize_with = "given")]
    pub json: Option<Value>,
    /// A body of text.
    #[serde(default)]
    pub text: Option<String>,
    /// A body of bytes, in hexadecimal digits: `0a ff 00`.
    #[serde(default)]
    pub hex: Option<String>,
    /// A list of which each answer is one page.
    #[serde(default)]
    pub list: Option<List>,
    /// How long the vendor takes, in milliseconds. No test waits for it; a time at which the host gives up makes it one
    /// that never came.
    #[serde(default)]
    pub after_ms: u64,
}

fn ok() -> u16 {
    200
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            json: None,
            text: None,
            hex: None,
            list: None,
            after_ms: 0,
        }
    }
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All of it comes.
    Whole,
    /// So many bytes of the body, and then the connection ends.
    Cut(usize),
    /// So many bytes of the body, and then nothing for ever.
    Stalled(usize),
    /// Nothing comes, for ever.
    Silent,
    /// Nothing comes, and the connection ends.
    Reset,
}

/// What the vendor answers to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// In order.
    pub headers: Vec<(String, String)>,
    /// The whole body, whatever comes of it.
    pub body: Vec<u8>,
    /// How much of it comes.
    pub ending: Ending,
    /// Time that passed at the vendor, in milliseconds.
    pub after_ms: u64,
}

impl Answer {
    /// An answer with a body of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            ending: Ending::Whole,
            after_ms: 0,
        }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    /// The same, spoilt.
    #[must_use]
    pub fn spoilt_by(mut self, fault: &Fault) -> Self {
        let refusal = |status: u16, code: &str| {
            Self::json(status, &serde_json::json!({"error": {"status": status, "code": code}}))
        };
        match fault {
            Fault::Refused | Fault::Unreachable | Fault::Tls | Fault::Reset => {
                Self { ending: Ending::Reset, ..self }
            }
            Fault::SlowHead => Self { ending: Ending::Silent, ..self },
            Fault::SlowBody => Self { ending: Ending::Stalled(self.body.len() / 2), ..self.with_some_body() },
            Fault::Truncated => Self { ending: Ending::Cut(self.body.len() / 2), ..self.with_some_body() },
            Fault::BrokenJson => {
                let half = self.body.len() / 2;
                self.body.truncate(half.max(1));
                if self.body.first().is_none_or(|first| !matches!(first, b'{' | b'[')) {
                    self.body = b"{\"broken\":".to_vec();
                }
                self
            }
            Fault::HugeBody { bytes } => {
                let length = self.body.len().max(*bytes);
                self.body.resize(length, b' ');
                self
            }
            Fault::RateLimited { retry_after_s } => {
                let mut answer = refusal(429, "rate_limited");
                answer.headers.push(("retry-after".to_owned(), retry_after_s.to_string()));
                answer
            }
            Fault::ServerError { status } => refusal(*status, "server_error"),
            Fault::ExpiredToken { .. } => refusal(401, "token_expired"),
        }
    }

    /// Of nothing, nothing can be cut off.
    fn with_some_body(mut self) -> Self {
        if self.body.len() < 2 {
            self.body = b"{\"a\": \"body\"}".to_vec();
        }
        self
    }
}

impl Reply {
    /// What it is for this request.
    pub(crate) fn answer(&self, request: &Received) -> Answer {
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let (body, media_type) = if let Some(list) = &self.list {
            let page = list.page(request);
            headers.extend(page.link.map(|link| ("link".to_owned(), link)));
            (page.body.to_string().into_bytes(), "application/json")
        } else if let Some(json) = &self.json {
            (json.to_string().into_bytes(), "application/json")
        } else if let Some(text) = &self.text {
            (text.clone().into_bytes(), "text/plain; charset=utf-8")
        } else if let Some(hex) = &self.hex {
            (bytes(hex).unwrap_or_default(), "application/octet-stream")
        } else {
            (Vec::new(), "")
        };
        let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !typed && !media_type.is_empty() {
            headers.push(("content-type".to_owned(), media_type.to_owned()));
        }
        Answer { status: self.status, headers, body, ending: Ending::Whole, after_ms: self.after_ms }
    }

    /// What makes no sense, if anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let bodies = [self.json.is_some(), self.text.is_some(), self.hex.is_some(), self.list.is_some()];
        if bodies.iter().filter(|given| **given).count() > 1 {
            return Some("a reply has one body: `json`, `text`, `hex` or `list`");
        }
        if !(200..600).contains(&self.status) {
            return Some("the status of a reply is between 200 and 599");
        }
        if self.hex.as_ref().is_some_and(|hex| bytes(hex).is_none()) {
            return Some("`hex` is an even number of hexadecimal digits; blanks do not count");
        }
        let breaks = |text: &String| text.contains(['\r', '\n', '\0']);
        if self.headers.iter().any(|(name, value)| breaks(name) || breaks(value) || name.contains([' ', ':']))
        {
            return Some("a header is one line, and its name has no blank and no colon");
        }
        self.list.as_ref().and_then(List::problem)
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_are_written_in_hexadecimal_digits() {
        assert_eq!(bytes("0a FF 00"), Some(vec![10, 255, 0]));
        assert_eq!(bytes("0"), None);
        assert_eq!(bytes("zz"), None);
    }

    #[test]
    fn a_fault_spoils_an_answer_in_its_own_way() {
        let whole = Answer::json(200, &json!({"id": 7}));
        assert_eq!(whole.clone().spoilt_by(&Fault::Truncated).ending, Ending::Cut(4));
        assert_eq!(whole.clone().spoilt_by(&Fault::SlowBody).ending, Ending::Stalled(4));
        let broken = whole.clone().spoilt_by(&Fault::BrokenJson);
        assert!(serde_json::from_slice::<Value>(&broken.body).is_err());
        let huge = whole.clone().spoilt_by(&Fault::HugeBody { bytes: 1_000 });
        assert_eq!(huge.body.len(), 1_000);
        assert_eq!(serde_json::from_slice::<Value>(&huge.body).unwrap(), json!({"id": 7}));
        assert_eq!(
            whole.spoilt_by(&Fault::RateLimited { retry_after_s: 3 }).header("Retry-After"),
            Some("3")
        );
    }
}
