//! What a manifest says of the system's answers: few rules, each with a condition, each cheap to ask.

use serde_json::Value;
use wit::{AnswerRule, Meaning};

use super::problems::Problems;
use crate::egress::is_token;

const RULES_MAX: usize = 32;
const STATUSES_MAX: usize = 16;
const CONDITIONS_MAX: usize = 4;
const TEXT_BYTES_MAX: usize = 256;
/// Lists in lists in lists would multiply.
const STARS_MAX: usize = 2;
const WAIT_MS_MAX: u64 = 86_400_000;

pub(super) fn check(problems: &mut Problems, rules: &[AnswerRule]) {
    if !problems.at_most("/answers", rules.len(), RULES_MAX) {
        return;
    }
    for (i, given) in rules.iter().enumerate() {
        rule(problems, &format!("/answers/{i}"), given);
    }
}

fn rule(problems: &mut Problems, place: &str, rule: &AnswerRule) {
    let AnswerRule { means, status, headers, body, wait_ms } = rule;
    if status.is_empty() && headers.is_empty() && body.is_empty() {
        problems.add(place, "it has no condition; give a `status`, a header or a place of the body");
    }
    problems.at_most(&format!("{place}/status"), status.len(), STATUSES_MAX);
    if status.iter().any(|status| !(200..600).contains(status)) {
        problems.add(&format!("{place}/status"), "a status is between 200 and 599");
    }
    if problems.at_most(&format!("{place}/headers"), headers.len(), CONDITIONS_MAX) {
        for (i, header) in headers.iter().enumerate() {
            if !is_token(&header.name) || header.equals.len() > TEXT_BYTES_MAX {
                problems.add(&format!("{place}/headers/{i}"), "it is the name of a header and a short value");
            }
        }
    }
    if problems.at_most(&format!("{place}/body"), body.len(), CONDITIONS_MAX) {
        for (i, at) in body.iter().enumerate() {
            let place = format!("{place}/body/{i}");
            if !is_pointer(&at.pointer) {
                problems.add(&place, "`pointer` is a JSON pointer as /errors/0/code, with at most two `*`");
            }
            if !is_scalar(&at.equals) {
                problems.add(&place, "`equals` is a short text, a whole number or a truth value");
            }
        }
    }
    let waits = matches!(means, Meaning::RateLimited | Meaning::NotProcessed | Meaning::Transient);
    if wait_ms.is_some_and(|wait_ms| !waits || wait_ms > WAIT_MS_MAX) {
        problems.add(
            &format!("{place}/wait_ms"),
            "a wait is at most a day, and only what is tried again has one",
        );
    }
}

fn is_pointer(pointer: &str) -> bool {
    let short = pointer.len() <= TEXT_BYTES_MAX && pointer.matches("/*").count() <= STARS_MAX;
    short && (pointer.is_empty() || pointer.starts_with('/'))
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= TEXT_BYTES_MAX,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Bool(_) => true,
        _ => false,
    }
}
