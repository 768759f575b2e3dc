//! Bodies that lie, and what the answer says of them.

use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[expect(dead_code, reason = "only its parsing is tested")]
    name: String,
    #[expect(dead_code, reason = "only its parsing is tested")]
    #[serde(default)]
    config: Value,
}

fn refusal(text: &str) -> Problem {
    parse::<Form>(text.as_bytes()).unwrap_err()
}

#[test]
fn a_good_body_is_read() {
    parse::<Form>(br#" {"name":"a","config":{"a":[1,2.5,null,true,"x\n"]}} "#).unwrap();
}

#[test]
fn what_is_refused_is_named_by_code_and_place() {
    for (text, code, place) in [
        ("", "malformed_json", "line 1 column 0"),
        ("{", "malformed_json", "line 1 column 1"),
        ("{\"name\":\n nope}", "malformed_json", "line 2"),
        (r#"{"name":"a"} x"#, "malformed_json", "line 1 column 14"),
        (r#"{"name":"a","nmae":"b"}"#, "unknown_field", "line 1 column 18"),
        (r#"{"name":"a","config":{"b":1,"b":2}}"#, "duplicate_key", "line 1 column 31"),
        (r#"{"name":"a","name":"b"}"#, "duplicate_key", "line 1"),
        (r#"{"name":1}"#, "invalid_body", "line 1 column 9"),
        (r#"{}"#, "invalid_body", "line 1 column 2"),
        ("[]", "invalid_body", "line 1"),
        ("\u{feff}{}", "malformed_json", "line 1"),
    ] {
        let problem = refusal(text);
        assert_eq!((problem.status, problem.code.as_str()), (400, code), "{text}: {}", problem.detail);
        assert!(problem.detail.contains(place), "{text}: {}", problem.detail);
    }
}

#[test]
fn a_misspelt_field_is_answered_with_the_known_ones() {
    assert!(refusal(r#"{"name":"a","x":1}"#).detail.contains("`name` or `config`"));
    assert!(refusal("{}").detail.contains("missing field `name`"));
}

#[test]
fn the_answer_never_quotes_the_body() {
    for text in [
        r#"{"hunter2":1}"#,
        r#"{"name":{"hunter2":1}}"#,
        r#"{"name":["hunter2"]}"#,
        r#""hunter2, expected hunter2""#,
        r#"["hunter2"]"#,
        r#"{"name":"hunter2","name":"hunter2"}"#,
        r#"{"name":"hunter2"#,
        r#"{"hunter2, expected hunter2":"b"}"#,
        r#"{"missing field hunter2":"b"}"#,
        r#"{"x at line 1 column 2, hunter2 there are no fields":"b"}"#,
    ] {
        let problem = refusal(text);
        assert!(!problem.detail.contains("hunter2"), "{text}: {}", problem.detail);
    }
}

#[test]
fn nesting_is_bounded_whatever_it_is_made_of() {
    let nested =
        |depth: usize| format!(r#"{{"name":"a","config":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    parse::<Form>(nested(63).as_bytes()).unwrap();
    assert_eq!(refusal(&nested(64)).code, "too_deep");
    assert!(parse::<Form>("[".repeat(500_000).as_bytes()).is_err());
    assert!(parse::<Form>(r#"{"a":"#.repeat(100_000).as_bytes()).is_err());
}
