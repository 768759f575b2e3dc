//! Compares JSON with what was expected of it, and says at which place it differs and how.

use std::fmt::Write as _;

use serde_json::Value;

/// Differences beyond these are only counted.
const SHOWN_MAX: usize = 8;
/// A value in a message.
const VALUE_CHARS_MAX: usize = 120;

/// Every place at which `found` lacks something of `expected`, or has something else there. What `found` has beside it
/// is of no interest; lists have the same length.
pub fn subset(expected: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    walk(expected, found, false, &mut String::new(), &mut differences);
    bounded(differences)
}

/// The same, and nothing may be there that was not expected.
pub fn exact(expected: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    walk(expected, found, true, &mut String::new(), &mut differences);
    bounded(differences)
}

fn walk(expected: &Value, found: &Value, exact: bool, place: &mut String, out: &mut Vec<String>) {
    let length = place.len();
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, wanted) in expected {
                let _ = write!(place, "/{}", name.replace('~', "~0").replace('/', "~1"));
                match found.get(name) {
                    Some(found) => walk(wanted, found, exact, place, out),
                    None => out.push(format!("{place} is missing; expected {}", shown(wanted))),
                }
                place.truncate(length);
            }
            let more = found.keys().filter(|name| exact && !expected.contains_key(*name));
            out.extend(more.map(|name| format!("{place}/{name} is there and was not expected")));
        }
        (Value::Array(expected), Value::Array(found)) => {
            if expected.len() != found.len() {
                let place = if place.is_empty() { "/" } else { place.as_str() };
                out.push(format!("{place} has {} items; expected {}", found.len(), expected.len()));
            }
            for (at, (wanted, found)) in expected.iter().zip(found).enumerate() {
                let _ = write!(place, "/{at}");
                walk(wanted, found, exact, place, out);
                place.truncate(length);
            }
        }
        (expected, found) if same(expected, found) => {}
        (expected, found) => {
            let place = if place.is_empty() { "/" } else { place.as_str() };
            out.push(format!("{place} is {}; expected {}", shown(found), shown(expected)));
        }
    }
}

/// `1` and `1.0` are the same number.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// A value for a message: cut where it is long.
pub fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn bounded(mut differences: Vec<String>) -> Vec<String> {
    let more = differences.len().saturating_sub(SHOWN_MAX);
    differences.truncate(SHOWN_MAX);
    if more > 0 {
        differences.push(format!("and {more} more"));
    }
    differences
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_beside_the_expected_is_of_no_interest_unless_it_is_compared_exactly() {
        let found = json!({"id": 7, "lines": [{"sku": "a", "n": 1.0}]});
        let expected = json!({"lines": [{"n": 1}]});
        assert_eq!(subset(&expected, &found), Vec::<String>::new());
        assert_eq!(
            exact(&expected, &found),
            ["/lines/0/sku is there and was not expected", "/id is there and was not expected"]
        );
    }

    #[test]
    fn each_difference_names_its_place() {
        let found = json!({"a": {"b": 1}, "l": [1]});
        let expected = json!({"a": {"b": 2, "c": null}, "l": [1, 2]});
        assert_eq!(
            subset(&expected, &found),
            ["/a/b is 1; expected 2", "/a/c is missing; expected null", "/l has 1 items; expected 2"]
        );
    }

    #[test]
    fn many_differences_and_long_values_are_cut() {
        let expected: Vec<Value> = (0..100).map(|_| json!("x".repeat(1_000))).collect();
        let found: Vec<Value> = (0..100).map(|_| json!(1)).collect();
        let differences = subset(&json!(expected), &json!(found));
        assert_eq!(differences.len(), SHOWN_MAX + 1);
        assert!(differences[0].len() < 200, "{}", differences[0]);
    }
}
