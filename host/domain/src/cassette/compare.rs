//! Where two things differ first: a place as in a JSON pointer, with what stands there on either side.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::host_call::{Asked, HttpRequest};
use super::scan::{blank_form, blank_header, blank_json, blank_url};
use super::{Bytes, Call, Outcome};
use crate::text::inert;

const SHOWN_BYTES_MAX: usize = 200;
/// A text that is longer is not looked into.
const PARSED_BYTES_MAX: usize = 1 << 20;

/// The first place where a replay left the recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The host call, counted from 0; none where every host call was the same and the outcome was not.
    pub host_call: Option<usize>,
    /// What was going on there, for people.
    pub at: String,
    /// Where in it, as a JSON pointer: `/send/body/amount`.
    pub place: String,
    pub expected: String,
    pub got: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_call {
            Some(at) => write!(f, "host call {at}, {}", self.at)?,
            None => write!(f, "{}", self.at)?,
        }
        if !self.place.is_empty() {
            write!(f, ", at {}", self.place)?;
        }
        write!(f, ": expected {}, got {}", self.expected, self.got)
    }
}

/// Where two values differ, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) place: String,
    pub(super) expected: String,
    pub(super) got: String,
}

impl Difference {
    pub(super) fn at(self, host_call: Option<usize>, at: String) -> Divergence {
        let Self { place, expected, got } = self;
        Divergence { host_call, at: inert(&at, SHOWN_BYTES_MAX), place, expected, got }
    }
}

/// The same question with what is sensitive by its name taken out: a recording does not hold it.
pub(super) fn blanked(asked: &Asked) -> Asked {
    match asked {
        Asked::Send(request) => Asked::Send(blanked_request(request)),
        Asked::SendAll(requests) => Asked::SendAll(requests.iter().map(blanked_request).collect()),
        Asked::Log { level, message, fields } => Asked::Log {
            level: *level,
            message: message.clone(),
            fields: fields
                .iter()
                .map(|(name, value)| {
                    let blank = blank_header(name, &Bytes(value.clone().into_bytes()));
                    (name.clone(), blank.as_text().unwrap_or_default().to_owned())
                })
                .collect(),
        },
        other => other.clone(),
    }
}

pub(super) fn blanked_request(request: &HttpRequest) -> HttpRequest {
    let form = request.header("content-type").is_some_and(|kind| {
        kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    let body = match request.body.as_text() {
        Some(text) if form => Bytes(blank_form(text).into_bytes()),
        Some(text) => Bytes(blank_json(text).into_bytes()),
        None => request.body.clone(),
    };
    HttpRequest {
        method: request.method.clone(),
        url: blank_url(&request.url),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), blank_header(name, value)))
            .collect(),
        body,
        timeout_ms: request.timeout_ms,
    }
}

pub(super) fn blanked_outcome(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    match &mut outcome {
        Outcome::Results(results) => {
            for result in results {
                if let super::OneResult::Output(text) = result {
                    *text = blank_json(text);
                }
            }
        }
        Outcome::Page { records, next, .. } => {
            records.iter_mut().for_each(|record| record.body = blank_json(&record.body));
            if let Some(next) = next {
                *next = blank_json(next);
            }
        }
        Outcome::Records(records) => {
            records.iter_mut().for_each(|record| record.body = blank_json(&record.body));
        }
        Outcome::Checked | Outcome::Error(_) | Outcome::Failed(_) => {}
    }
    outcome
}

pub(super) fn asked_difference(expected: &Asked, got: &Asked) -> Option<Difference> {
    difference_of(&blanked(expected), &blanked(got))
}

pub(super) fn outcome_difference(expected: &Outcome, got: &Outcome) -> Option<Difference> {
    let (expected, got) = (blanked_outcome(expected), blanked_outcome(got));
    // Two kinds of outcome have no place in common.
    if std::mem::discriminant(&expected) != std::mem::discriminant(&got) {
        return Some(Difference { place: String::new(), expected: ended(&expected), got: ended(&got) });
    }
    difference_of(&expected, &got)
}

fn ended(outcome: &Outcome) -> String {
    let message = match outcome {
        Outcome::Failed(failure) => failure.message.clone(),
        Outcome::Error(error) => error.message(),
        _ => return outcome.code().to_owned(),
    };
    inert(&format!("{}: {message}", outcome.code()), SHOWN_BYTES_MAX)
}

pub(super) fn difference_of<T: Serialize + PartialEq>(expected: &T, got: &T) -> Option<Difference> {
    if expected == got {
        return None;
    }
    let values = (serde_json::to_value(expected), serde_json::to_value(got));
    let (Ok(expected), Ok(got)) = values else { return None };
    first_difference(&expected, &got)
}

/// The first place, in the order of names, where two values differ. Texts that are JSON are looked into.
pub(super) fn first_difference(expected: &Value, got: &Value) -> Option<Difference> {
    descend(expected, got, &mut String::new())
}

fn descend(expected: &Value, got: &Value, place: &mut String) -> Option<Difference> {
    let inner = |place: &mut String, name: &str, expected: &Value, got: &Value| {
        let before = place.len();
        place.push('/');
        place.push_str(&inert(&name.replace('~', "~0").replace('/', "~1"), SHOWN_BYTES_MAX));
        let found = descend(expected, got, place);
        place.truncate(before);
        found
    };
    match (expected, got) {
        (expected, got) if expected == got => None,
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            for name in names {
                let sides = (a.get(name), b.get(name));
                if let (Some(a), Some(b)) = sides {
                    if let Some(found) = inner(place, name, a, b) {
                        return Some(found);
                    }
                } else {
                    let place = format!("{place}/{}", inert(name, SHOWN_BYTES_MAX));
                    return Some(Difference { place, expected: shown(sides.0), got: shown(sides.1) });
                }
            }
            None
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                let sides = (a.get(at), b.get(at));
                if let (Some(a), Some(b)) = sides {
                    if let Some(found) = inner(place, &at.to_string(), a, b) {
                        return Some(found);
                    }
                } else {
                    let place = format!("{place}/{at}");
                    return Some(Difference { place, expected: shown(sides.0), got: shown(sides.1) });
                }
            }
            None
        }
        (Value::String(a), Value::String(b)) => {
            let within = match (structured(a), structured(b)) {
                // The same value written in two ways is still a difference of the text.
                (Some(a), Some(b)) => descend(&a, &b, place),
                _ => None,
            };
            within.or_else(|| Some(text_difference(place, a, b)))
        }
        _ => {
            Some(Difference { place: place.clone(), expected: shown(Some(expected)), got: shown(Some(got)) })
        }
    }
}

fn structured(text: &str) -> Option<Value> {
    let starts = text.trim_start().starts_with(['{', '[']);
    let value = (starts && text.len() <= PARSED_BYTES_MAX).then(|| serde_json::from_str(text).ok());
    value.flatten()
}

/// Long texts are shown from shortly before where they differ.
fn text_difference(place: &str, a: &str, b: &str) -> Difference {
    let same = a.char_indices().zip(b.chars()).take_while(|((_, a), b)| a == b).last();
    let same = same.map_or(0, |((at, c), _)| at + c.len_utf8());
    let from = if a.len().max(b.len()) <= SHOWN_BYTES_MAX { 0 } else { same.saturating_sub(40) };
    let part = |text: &str| {
        let from = (0..=from).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let start = if from > 0 { "…" } else { "" };
        format!("{start}{:?}", inert(text.get(from..).unwrap_or_default(), SHOWN_BYTES_MAX))
    };
    Difference { place: place.to_owned(), expected: part(a), got: part(b) }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| inert(&value.to_string(), SHOWN_BYTES_MAX))
}

/// Whether a call is of the kind whose outcome this is; a file can say anything.
pub(super) fn fits(call: &Call, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed(_) => true,
        Outcome::Error(_) => !matches!(call, Call::Run { .. }),
        Outcome::Checked => matches!(call, Call::Check),
        Outcome::Results(_) => matches!(call, Call::Run { .. }),
        Outcome::Page { .. } => matches!(call, Call::Poll { .. }),
        Outcome::Records(_) => matches!(call, Call::Receive { .. }),
    }
}
