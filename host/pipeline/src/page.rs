//! One page of a source, judged: whether its records can be taken, and whether its cursor moves.

use std::collections::HashSet;

use domain::call::Page;
use domain::json::{self, Bounds};
use domain::run::Failure;
use domain::{Blame, Digest, RecordKey};
use serde_json::Value;

/// A row of the store holds one body with its attempts, and is read back with a bound on its own depth.
const BODY: Bounds = Bounds { bytes: 512 << 10, depth: 100 };
const CURSOR: Bounds = Bounds { bytes: 64 << 10, depth: 100 };
/// How often a source may stand at a cursor at which it stood before in the same run and still promise more.
const REPEATS_MAX: u32 = 3;

/// A page whose records can be taken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sound {
    pub(crate) records: Vec<(RecordKey, Value)>,
    /// None: the cursor stays where it is.
    pub(crate) next: Option<Value>,
    pub(crate) more: bool,
}

/// Takes nothing of a page of which it cannot take everything: a record left out would never come again.
pub(crate) fn sound(page: Page, records_max: usize) -> Result<Sound, Failure> {
    if page.records.len() > records_max {
        let count = page.records.len();
        let message =
            format!("the source gave a page of {count} records; at most {records_max} are taken at once");
        return Err(guest("page_too_large", message));
    }
    let mut records = Vec::with_capacity(page.records.len());
    for (index, record) in page.records.into_iter().enumerate() {
        let key: RecordKey = match record.key.parse() {
            Ok(key) => key,
            Err(invalid) => {
                return Err(guest("invalid_record", format!("record {index} of the page: {invalid}")));
            }
        };
        let refused = |reason: String| {
            guest("invalid_record", format!("the body of record {index} of the page: {reason}"))
        };
        let body = json::parse(record.body.as_bytes(), BODY).map_err(|error| refused(error.to_string()))?;
        // Numbers may be written longer than the source wrote them.
        let bytes = body.to_string().len();
        if bytes > BODY.bytes {
            return Err(refused(format!("it has {bytes} bytes, more than the {} allowed", BODY.bytes)));
        }
        records.push((key, body));
    }
    let next = match page.next {
        None => None,
        Some(text) => {
            let refused =
                |error| guest("invalid_cursor", format!("the cursor that the source gave: {error}"));
            Some(json::parse(text.as_bytes(), CURSOR).map_err(refused)?)
        }
    };
    Ok(Sound { records, next, more: page.more })
}

/// The cursors at which a run has stood, so that a source that turns in a circle is found out.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    stood: HashSet<Digest>,
    repeats: u32,
}

impl Trail {
    /// Called with the cursor that a page with more behind it leads to.
    pub(crate) fn step(&mut self, cursor: Option<&Value>) -> Result<(), Failure> {
        let text = cursor.map(Value::to_string).unwrap_or_default();
        if !self.stood.insert(Digest::of(text.as_bytes())) {
            self.repeats += 1;
        }
        if self.repeats >= REPEATS_MAX {
            let message =
                "the source promises more and leads back to a page that it has given in the same run";
            return Err(guest("cursor_stuck", message.to_owned()));
        }
        Ok(())
    }
}

fn guest(code: &str, message: String) -> Failure {
    Failure { blame: Blame::Guest, code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use domain::call::PolledRecord;
    use serde_json::json;

    use super::*;

    fn page(records: &[(&str, &str)], next: Option<&str>) -> Page {
        let record =
            |(key, body): &(&str, &str)| PolledRecord { key: (*key).to_owned(), body: (*body).to_owned() };
        Page { records: records.iter().map(record).collect(), next: next.map(str::to_owned), more: false }
    }

    #[test]
    fn a_page_is_taken_whole_or_not_at_all() {
        let good = sound(page(&[("a", "{}"), ("b", "[1]")], Some("7")), 2).unwrap();
        assert_eq!((good.records.len(), good.next), (2, Some(json!(7))));
        for (bad, code) in [
            (page(&[("a", "{}"), ("", "{}")], None), "invalid_record"),
            (page(&[("a", "{}"), ("b\n", "{}")], None), "invalid_record"),
            (page(&[("a", "{}"), ("b", "{")], None), "invalid_record"),
            (page(&[("a", &"[".repeat(100_000))], None), "invalid_record"),
            (page(&[("a", &format!("\"{}\"", "x".repeat(BODY.bytes)))], None), "invalid_record"),
            (page(&[("a", "1"), ("b", "2"), ("c", "3")], None), "page_too_large"),
            (page(&[], Some("{")), "invalid_cursor"),
            (page(&[], Some(&format!("\"{}\"", "x".repeat(CURSOR.bytes)))), "invalid_cursor"),
        ] {
            let failure = sound(bad, 2).unwrap_err();
            assert_eq!((failure.code.as_str(), failure.blame), (code, Blame::Guest));
        }
    }

    #[test]
    fn a_source_that_turns_in_a_circle_is_found_out() {
        let mut trail = Trail::default();
        let circle = [json!(1), json!(2)];
        let failure = (0..10).find_map(|n| trail.step(circle.get(n % 2)).err()).unwrap();
        assert_eq!(failure.code, "cursor_stuck");
    }

    #[test]
    fn a_source_that_moves_on_is_never_stuck() {
        let mut trail = Trail::default();
        assert!((0..1_000).all(|n| trail.step(Some(&json!(n))).is_ok()));
    }
}
