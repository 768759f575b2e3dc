//! What `describe` returns: an accepted manifest is the same when it is written and read again, a refusal is readable.

use domain::manifest::parse;

pub(super) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse(text) {
        Ok(manifest) => {
            let written = serde_json::to_string(&manifest).expect("a manifest is JSON");
            assert_eq!(parse(&written).as_ref(), Ok(&manifest), "{written}");
        }
        Err(error) => {
            assert!(error.problems.len() <= 20, "{} problems", error.problems.len());
            let said = error.to_string();
            assert!(said.len() < 20_000 && !said.chars().any(char::is_control), "{said:?}");
        }
    }
}
