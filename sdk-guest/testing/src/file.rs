//! Test files: YAML (or JSON, which is YAML), strict and bounded; several tests of one file are parted by `---`.
//!
//! ```
//! let tests = lockgate_testing::file::parse(r#"
//! name: reads an order
//! call: {action: get_order, input: {id: "7"}}
//! exchanges:
//!   - request: {url: "https://api.example.com/v1/orders/7"}
//!     reply: {json: {id: "7", total: 12}}
//! expect:
//!   result: {id: "7"}
//! "#).unwrap();
//! assert_eq!(tests[0].name, "reads an order");
//!
//! let misspelt = lockgate_testing::file::parse("name: x\ncal: {check: true}\n").unwrap_err();
//! assert!(misspelt.to_string().contains("unknown field `cal`"));
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Options;

use crate::exchange::Exchange;
use crate::expected::given;
use crate::outcome::Expect;
use crate::vendor::Vendor;

/// A file of tests. A longer one is several.
pub const FILE_BYTES_MAX: usize = 1 << 20;
const TESTS_MAX: usize = 500;
/// Values, keys and marks of one file.
const EVENTS_MAX: usize = 200_000;

/// One test.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What it shows, as a sentence.
    pub name: String,
    /// For whom it is called.
    #[serde(default)]
    pub profile: Profile,
    /// What is called.
    pub call: Call,
    /// What is sent and answered.
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// Whether the exchanges come in their order; in any, unless said.
    #[serde(default)]
    pub in_order: bool,
    /// What is to come of it.
    #[serde(default)]
    pub expect: Expect,
    /// What the clock says, as in `2026-01-31T08:00:00Z`.
    #[serde(default)]
    pub now: Option<String>,
}

/// A profile: everything that its connector asks for is granted, unless said.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its configuration.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// The scheme of its credential, where the connector offers several.
    #[serde(default)]
    pub auth: Option<String>,
    /// The user of `basic`, or the client of `oauth2`.
    #[serde(default)]
    pub user: Option<String>,
    /// The credential: a text, or its parts by name. One is made up unless it is said; a test needs no real one.
    #[serde(default, deserialize_with = "given")]
    pub credential: Option<Value>,
    /// Secrets that the connector uses by handle.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The scopes that are granted.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// The hosts that are granted.
    #[serde(default)]
    pub hosts: Option<Vec<String>>,
}

/// What is called: one of `action`, `poll`, `receive` and `check`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Runs this action.
    #[serde(default)]
    pub action: Option<String>,
    /// Its one input.
    #[serde(default, deserialize_with = "given")]
    pub input: Option<Value>,
    /// A batch of inputs.
    #[serde(default)]
    pub inputs: Option<Vec<Value>>,
    /// The idempotency key of the first input; the others have a number behind it.
    #[serde(default)]
    pub key: Option<String>,
    /// Polls this trigger.
    #[serde(default)]
    pub poll: Option<String>,
    /// From here on; from the beginning unless said.
    #[serde(default, deserialize_with = "given")]
    pub cursor: Option<Value>,
    /// Goes on until there is no more, at most so many pages; one page unless said.
    #[serde(default)]
    pub pages: Option<u32>,
    /// Hands an event over to this trigger, as if its signature had been verified.
    #[serde(default)]
    pub receive: Option<String>,
    /// The headers of the event.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body of the event: a text as it is, everything else as JSON.
    #[serde(default, deserialize_with = "given")]
    pub body: Option<Value>,
    /// Verifies the profile.
    #[serde(default)]
    pub check: bool,
}

/// Why a file cannot be used: what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Reads the tests of a file.
pub fn parse(text: &str) -> Result<Vec<Test>, Unusable> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Unusable("a test file has at most 1 MiB; make several of it".to_owned()));
    }
    let tests: Vec<Test> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| Unusable(error.to_string()))?;
    if tests.len() > TESTS_MAX {
        return Err(Unusable(format!("a test file has at most {TESTS_MAX} tests; make several of it")));
    }
    match tests.iter().find_map(|test| Some((test, test.problem()?))) {
        None => Ok(tests),
        Some((test, problem)) => Err(Unusable(format!("in the test {:?}: {problem}", test.name))),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_events: EVENTS_MAX },
    }
}

impl Test {
    /// The vendor that it describes.
    pub fn vendor(&self) -> Vendor {
        let vendor = Vendor::new(self.exchanges.clone());
        if self.in_order { vendor.in_order() } else { vendor }
    }

    fn problem(&self) -> Option<String> {
        if self.name.trim().is_empty() {
            return Some("a test has a name".to_owned());
        }
        let exchanges = self.exchanges.iter().enumerate();
        self.call.problem().map(str::to_owned).or_else(|| self.expect.problem()).or_else(|| {
            exchanges
                .filter_map(|(at, exchange)| Some(format!("exchange {}: {}", at + 1, exchange.problem()?)))
                .next()
        })
    }
}

impl Call {
    /// The inputs of an action.
    pub fn all_inputs(&self) -> Vec<Value> {
        match (&self.inputs, &self.input) {
            (Some(inputs), _) => inputs.clone(),
            (None, Some(input)) => vec![input.clone()],
            (None, None) => vec![Value::Object(Map::new())],
        }
    }

    fn problem(&self) -> Option<&'static str> {
        let called = [self.action.is_some(), self.poll.is_some(), self.receive.is_some(), self.check];
        if called.iter().filter(|called| **called).count() != 1 {
            return Some("`call` is one of `action`, `poll`, `receive` and `check: true`");
        }
        let of_action = self.input.is_some() || self.inputs.is_some() || self.key.is_some();
        if self.action.is_none() && of_action {
            return Some("`input`, `inputs` and `key` are of an `action`");
        }
        if self.input.is_some() && self.inputs.is_some() {
            return Some("a call has an `input` or a list of `inputs`, not both");
        }
        if self.poll.is_none() && (self.cursor.is_some() || self.pages.is_some()) {
            return Some("`cursor` and `pages` are of a `poll`");
        }
        if self.receive.is_none() && (self.body.is_some() || !self.headers.is_empty()) {
            return Some("`headers` and `body` are of an event: `receive`");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_refused_with_its_place_and_the_known_names() {
        let text =
            "name: x\ncall: {check: true}\nexchanges:\n  - request: {url: /a}\n    replay: {status: 200}\n";
        let error = parse(text).unwrap_err().to_string();
        assert!(
            error.contains("unknown field `replay`") && error.contains("one of request, reply"),
            "{error}"
        );
        assert!(error.contains("line 5"), "{error}");
    }

    #[test]
    fn a_fault_that_is_none_is_refused_with_those_that_are() {
        let text = "name: x\ncall: {check: true}\nexchanges:\n  - request: {url: /a}\n    fault: sloww\n";
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains("slow_head") && error.contains("sloww"), "{error}");
    }

    #[test]
    fn what_contradicts_itself_is_refused_in_words() {
        for (call, said) in [
            ("{}", "one of `action`"),
            ("{action: a, poll: b}", "one of `action`"),
            ("{poll: b, input: {}}", "are of an `action`"),
            ("{action: a, input: 1, inputs: [1]}", "not both"),
            ("{check: true, cursor: 1}", "are of a `poll`"),
        ] {
            let error = parse(&format!("name: x\ncall: {call}\n")).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("\"x\""), "{call}: {error}");
        }
        let error = parse("name: x\ncall: {check: true}\nexpect: {error: teapot}\n").unwrap_err();
        assert!(error.to_string().contains("auth_required"), "{error}");
    }

    #[test]
    fn several_tests_stand_in_one_file_and_json_is_yaml() {
        let two = "name: one\ncall: {check: true}\n---\nname: two\ncall: {poll: orders, pages: 9}\n";
        let names: Vec<String> = parse(two).unwrap().into_iter().map(|test| test.name).collect();
        assert_eq!(names, ["one", "two"]);
        let json = r#"{"name": "one", "call": {"action": "a", "input": {"n": 1}}, "exchanges": [
            {"request": {"url": "/a"}, "fault": {"rate_limited": {"retry_after_s": 2}}, "times": "any"}]}"#;
        assert_eq!(parse(json).unwrap()[0].call.all_inputs(), [serde_json::json!({"n": 1})]);
    }

    #[test]
    fn a_file_that_means_harm_is_refused() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nname: [*e,*e,*e,*e,*e,*e,*e]\n";
        assert!(parse(bomb).is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"x".repeat(FILE_BYTES_MAX + 1)).is_err());
        assert!(parse("name: [").is_err());
    }
}
