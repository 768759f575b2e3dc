//! What came of a call, and what a test expects of it.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::compare::{exact, shown, subset};
use crate::expected::given;

/// The cases of the contract's `error`, as they are written.
pub(crate) const CLASSES: [&str; 9] = [
    "invalid",
    "auth_required",
    "not_found",
    "conflict",
    "rate_limited",
    "denied",
    "transient",
    "ambiguous",
    "permanent",
];

/// An error that the connector returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its case: `not_found`, `rate_limited`, ...
    pub class: String,
    /// What it says.
    pub message: String,
    /// For `rate_limited`: how long to wait, in milliseconds.
    pub wait_ms: Option<u64>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the error {} ({})", self.class, self.message)
    }
}

/// A call that did not return: a trap, a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `trap`, `cpu_limit`, `memory_limit`, ...
    pub fault: String,
    /// What happened.
    pub message: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the call did not return: {} ({})", self.message, self.fault)
    }
}

/// A record of a page or of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Identifies it in its source.
    pub key: String,
    /// The record itself.
    pub body: Value,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The call did not return.
    Ended(Ended),
    /// The call as a whole came to an error.
    Failed(Failed),
    /// An action: one result per input.
    Results(Vec<Result<Value, Failed>>),
    /// A poll.
    Page {
        /// In order.
        records: Vec<Record>,
        /// Where the next poll begins.
        next: Option<Value>,
        /// Whether more is there already.
        more: bool,
    },
    /// An event.
    Records(Vec<Record>),
    /// A check that found nothing wrong.
    Checked,
}

/// What a test expects. What is not said is not asked for, but errors always are: where none is expected, none may come.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The result of an action has at least this.
    #[serde(default, deserialize_with = "given")]
    pub result: Option<Value>,
    /// The results of a batch, one per input.
    #[serde(default)]
    pub results: Option<Vec<Expected>>,
    /// The records of a poll or of an event, each with at least this: `{key: ..., body: {...}}`.
    #[serde(default)]
    pub records: Option<Vec<Value>>,
    /// How many records.
    #[serde(default)]
    pub count: Option<usize>,
    /// The cursor after a poll.
    #[serde(default, deserialize_with = "given")]
    pub cursor: Option<Value>,
    /// Whether a poll says that there is more.
    #[serde(default)]
    pub more: Option<bool>,
    /// Nothing may be in `result`, `results`, `records` and `cursor` that is not expected.
    #[serde(default)]
    pub exactly: bool,
    /// The class of the error.
    #[serde(default)]
    pub error: Option<String>,
    /// The error's message has this in it.
    #[serde(default)]
    pub message: Option<String>,
    /// How long the error asks to wait.
    #[serde(default)]
    pub wait_ms: Option<u64>,
    /// How the call ended that did not return: `trap`, `cpu_limit`, `memory_limit`, ...
    #[serde(default)]
    pub ends: Option<String>,
    /// The gate that refused a request of the call: `scope`, `hosts`, ...
    #[serde(default)]
    pub denied: Option<String>,
    /// Texts that are in the connector's log.
    #[serde(default)]
    pub logs: Vec<String>,
}

/// What is expected of one result of a batch: a result, or the class of an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// It has at least this.
    #[serde(default, deserialize_with = "given")]
    pub result: Option<Value>,
    /// The class of the error.
    #[serde(default)]
    pub error: Option<String>,
}

impl Expect {
    /// In what the outcome is another one. Empty: it is as expected.
    pub fn differences(&self, outcome: &Outcome) -> Vec<String> {
        if let Outcome::Ended(ended) = outcome {
            return match &self.ends {
                Some(fault) if *fault == ended.fault => Vec::new(),
                Some(fault) => vec![format!("{ended}; expected that it ends by {fault}")],
                None => vec![ended.to_string()],
            };
        }
        if let Some(fault) = &self.ends {
            return vec![format!("the call returned; expected that it ends by {fault}")];
        }
        if let Some(class) = &self.error {
            return self.error_differences(class, outcome);
        }
        match outcome {
            Outcome::Failed(failed) => vec![format!("{failed} came; expected none")],
            Outcome::Results(results) => self.results_differences(results),
            Outcome::Records(records) => self.records_differences(records),
            Outcome::Page { records, next, more } => {
                let mut differences = self.records_differences(records);
                if let Some(cursor) = &self.cursor {
                    let found = next.clone().unwrap_or_default();
                    differences.extend(self.of("the cursor", cursor, &found));
                }
                if let Some(expected) = self.more.filter(|expected| expected != more) {
                    differences.push(format!("`more` is {more}; expected {expected}"));
                }
                differences
            }
            Outcome::Checked | Outcome::Ended(_) => Vec::new(),
        }
    }

    fn error_differences(&self, class: &str, outcome: &Outcome) -> Vec<String> {
        let found = match outcome {
            Outcome::Failed(failed) => Some(failed),
            Outcome::Results(results) => results.iter().find_map(|result| result.as_ref().err()),
            _ => None,
        };
        let Some(found) = found else { return vec![format!("no error came; expected {class}")] };
        let mut differences = Vec::new();
        if found.class != class {
            differences.push(format!("{found} came; expected {class}"));
        }
        if let Some(text) = self.message.as_ref().filter(|text| !found.message.contains(*text)) {
            differences.push(format!("the error says {:?}; expected {text:?} in it", found.message));
        }
        if self.wait_ms.is_some() && found.wait_ms != self.wait_ms {
            let ms = |ms: Option<u64>| ms.map_or_else(|| "no time".to_owned(), |ms| format!("{ms} ms"));
            differences.push(format!(
                "the error asks to wait {}; expected {}",
                ms(found.wait_ms),
                ms(self.wait_ms)
            ));
        }
        differences
    }

    fn results_differences(&self, results: &[Result<Value, Failed>]) -> Vec<String> {
        if let Some(expected) = &self.results {
            if expected.len() != results.len() {
                return vec![format!("{} results came; expected {}", results.len(), expected.len())];
            }
            let pairs = expected.iter().zip(results).enumerate();
            return pairs.flat_map(|(at, (expected, found))| self.one(at, expected, found)).collect();
        }
        let failed = results.iter().enumerate().filter_map(|(at, result)| Some((at, result.as_ref().err()?)));
        let mut differences: Vec<String> =
            failed.map(|(at, failed)| format!("result {at}: {failed} came; expected none")).collect();
        if let (Some(expected), Some(Ok(found))) = (&self.result, results.first()) {
            differences.extend(self.of("the result", expected, found));
        }
        differences
    }

    fn one(&self, at: usize, expected: &Expected, found: &Result<Value, Failed>) -> Vec<String> {
        match (expected, found) {
            (Expected { error: Some(class), .. }, Err(failed)) if *class == failed.class => Vec::new(),
            (Expected { error: Some(class), .. }, Err(failed)) => {
                vec![format!("result {at}: {failed} came; expected {class}")]
            }
            (Expected { error: Some(class), .. }, Ok(found)) => {
                vec![format!("result {at} is {}; expected the error {class}", shown(found))]
            }
            (Expected { .. }, Err(failed)) => vec![format!("result {at}: {failed} came; expected none")],
            (Expected { result: Some(expected), .. }, Ok(found)) => {
                self.of(&format!("result {at}"), expected, found)
            }
            (Expected { .. }, Ok(_)) => Vec::new(),
        }
    }

    fn records_differences(&self, records: &[Record]) -> Vec<String> {
        let mut differences = Vec::new();
        if let Some(count) = self.count.filter(|count| *count != records.len()) {
            differences.push(format!("{} records came; expected {count}", records.len()));
        }
        if let Some(expected) = &self.records {
            let found: Vec<Value> =
                records.iter().map(|record| json!({"key": record.key, "body": record.body})).collect();
            differences.extend(self.of("the records", &json!(expected), &json!(found)));
        }
        differences
    }

    fn of(&self, what: &str, expected: &Value, found: &Value) -> Vec<String> {
        let differences = if self.exactly { exact(expected, found) } else { subset(expected, found) };
        differences.into_iter().map(|difference| format!("in {what}, {difference}")).collect()
    }

    /// What makes no sense, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let results = self.results.iter().flatten().filter_map(|expected| expected.error.as_ref());
        let unknown = self.error.iter().chain(results).find(|class| !CLASSES.contains(&class.as_str()));
        if let Some(class) = unknown {
            return Some(format!("there is no error {class:?}; there are {}", CLASSES.join(", ")));
        }
        if self.error.is_none() && (self.message.is_some() || self.wait_ms.is_some()) {
            return Some("`message` and `wait_ms` are of an error: say its class in `error`".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(value: Value) -> Expect {
        serde_json::from_value(value).unwrap()
    }

    fn failed(class: &str) -> Failed {
        Failed { class: class.to_owned(), message: "the remote answered 404".to_owned(), wait_ms: None }
    }

    #[test]
    fn an_error_that_nobody_expected_is_a_difference() {
        let outcome = Outcome::Results(vec![Err(failed("not_found"))]);
        assert_eq!(
            expect(json!({})).differences(&outcome),
            ["result 0: the error not_found (the remote answered 404) came; expected none"]
        );
        assert!(expect(json!({"error": "not_found", "message": "404"})).differences(&outcome).is_empty());
        assert_eq!(expect(json!({"error": "conflict"})).differences(&outcome).len(), 1);
    }

    #[test]
    fn the_results_of_a_batch_are_compared_one_by_one() {
        let outcome = Outcome::Results(vec![Ok(json!({"id": 1, "x": 2})), Err(failed("not_found"))]);
        let good = json!({"results": [{"result": {"id": 1}}, {"error": "not_found"}]});
        assert!(expect(good).differences(&outcome).is_empty());
        let bad = json!({"results": [{"result": {"id": 2}}, {"result": {}}]});
        assert_eq!(expect(bad).differences(&outcome).len(), 2);
        let exactly = json!({"results": [{"result": {"id": 1}}, {"error": "not_found"}], "exactly": true});
        assert_eq!(expect(exactly).differences(&outcome), ["in result 0, /x is there and was not expected"]);
    }

    #[test]
    fn a_call_that_does_not_return_is_never_as_expected_unless_it_is() {
        let ended = Outcome::Ended(Ended { fault: "trap".to_owned(), message: "it trapped".to_owned() });
        assert_eq!(
            expect(json!({"error": "permanent"})).differences(&ended),
            ["the call did not return: it trapped (trap)"]
        );
        assert!(expect(json!({"ends": "trap"})).differences(&ended).is_empty());
    }
}
