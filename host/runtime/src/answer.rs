//! What a guest answers, before anybody above believes it: counted, bounded, parsed, made inert.

use domain::call::{CallFailure, Fault, GuestError, Page, PolledRecord};
use domain::json::{self, Bounds};
use domain::text::inert;
use domain::{Denial, Gate};
use serde_json::Value;

use crate::bindings::types;

/// How much of a guest's own words is kept.
const MESSAGE_BYTES_MAX: usize = 2_000;
const JSON_DEPTH_MAX: usize = 100;

type Checked<T> = Result<T, CallFailure>;

/// Counts the bytes of one answer.
pub(crate) struct Answer {
    left: usize,
    max: usize,
}

impl Answer {
    pub(crate) fn new(output_bytes: usize) -> Self {
        Self { left: output_bytes, max: output_bytes }
    }

    /// One JSON text: within what is left, and valid.
    pub(crate) fn json(&mut self, text: String) -> Checked<String> {
        self.take(text.len())?;
        match json::parse(text.as_bytes(), Bounds { bytes: text.len(), depth: JSON_DEPTH_MAX }) {
            Ok(_) => Ok(text),
            Err(error) => Err(broken(format!("the guest returned something else than JSON: {error}"))),
        }
    }

    /// The results of an action: one for each input.
    pub(crate) fn results(
        &mut self,
        results: Vec<Result<String, types::Error>>,
        inputs: usize,
    ) -> Checked<Vec<Result<String, GuestError>>> {
        self.count(results.len(), inputs)?;
        results.into_iter().map(|result| self.result(result)).collect()
    }

    /// The results of a transform: one for each record.
    pub(crate) fn transformed(
        &mut self,
        results: Vec<Result<Option<String>, types::Error>>,
        records: usize,
    ) -> Checked<Vec<Result<Option<String>, GuestError>>> {
        self.count(results.len(), records)?;
        let mut checked = Vec::with_capacity(results.len());
        for result in results {
            checked.push(match result {
                Ok(Some(text)) => Ok(Some(self.json(text)?)),
                Ok(None) => Ok(None),
                Err(error) => Err(guest_error(error)),
            });
        }
        Ok(checked)
    }

    pub(crate) fn page(
        &mut self,
        page: Result<types::Page, types::Error>,
    ) -> Checked<Result<Page, GuestError>> {
        let page = match page {
            Ok(page) => page,
            Err(error) => return Ok(Err(guest_error(error))),
        };
        let records = self.records(page.records)?;
        let next = page.next.map(|next| self.json(next)).transpose()?;
        Ok(Ok(Page { records, next, more: page.more }))
    }

    pub(crate) fn records(&mut self, records: Vec<types::Record>) -> Checked<Vec<PolledRecord>> {
        records
            .into_iter()
            .map(|record| {
                self.take(record.key.len())?;
                Ok(PolledRecord { key: record.key, body: self.json(record.body)? })
            })
            .collect()
    }

    fn result(&mut self, result: Result<String, types::Error>) -> Checked<Result<String, GuestError>> {
        match result {
            Ok(text) => Ok(Ok(self.json(text)?)),
            Err(error) => Ok(Err(guest_error(error))),
        }
    }

    fn count(&self, got: usize, wanted: usize) -> Checked<()> {
        if got == wanted {
            return Ok(());
        }
        Err(broken(format!("the guest returned {got} results for {wanted} inputs")))
    }

    fn take(&mut self, bytes: usize) -> Checked<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                let message = format!("the guest returned more than {} bytes", self.max);
                Err(CallFailure::new(Fault::OutputLimit, message))
            }
        }
    }
}

fn broken(message: String) -> CallFailure {
    CallFailure::new(Fault::BrokenContract, message)
}

/// The guest's error with its words bounded and inert.
pub(crate) fn guest_error(error: types::Error) -> GuestError {
    let said = |text: String| inert(&text, MESSAGE_BYTES_MAX);
    match error {
        types::Error::Invalid(text) => GuestError::Invalid(said(text)),
        types::Error::AuthRequired(text) => GuestError::AuthRequired(said(text)),
        types::Error::NotFound(text) => GuestError::NotFound(said(text)),
        types::Error::Conflict(text) => GuestError::Conflict(said(text)),
        types::Error::RateLimited(wait_ms) => GuestError::RateLimited { wait_ms },
        types::Error::Transient(text) => GuestError::Transient(said(text)),
        types::Error::Ambiguous(text) => GuestError::Ambiguous(said(text)),
        types::Error::Permanent(text) => GuestError::Permanent(said(text)),
        types::Error::Denied(denial) => {
            let (reason, remedy) = (said(denial.reason), said(denial.remedy));
            // A guest hands back the denial that it was given. A gate that does not exist is its own invention.
            match serde_json::from_value::<Gate>(Value::String(denial.gate)) {
                Ok(gate) => GuestError::Denied(Denial { gate, reason, remedy }),
                Err(_) => GuestError::Permanent(reason),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T>(checked: Checked<T>) -> Option<Fault> {
        checked.err().map(|failure| failure.fault)
    }

    #[test]
    fn an_answer_must_be_json() {
        for good in ["{}", "[1,-2.5e3,null,true,\"\\u00e9\"]", "{\"a\":{\"b\":[]}}", " 1 "] {
            assert_eq!(fault(Answer::new(100).json(good.to_owned())), None, "{good}");
        }
        for bad in ["", "{", "nul", "1 2", "[1,]", "\"\\ud800\"", "1e400", "{\"a\":1,\"a\":2}", "'a'", "NaN"]
        {
            assert_eq!(fault(Answer::new(100).json(bad.to_owned())), Some(Fault::BrokenContract), "{bad}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(fault(Answer::new(1_000_000).json(nested(100))), None);
        assert_eq!(fault(Answer::new(1_000_000).json(nested(100_000))), Some(Fault::BrokenContract));
    }

    #[test]
    fn the_bytes_of_all_texts_are_summed() {
        let mut answer = Answer::new(5);
        assert_eq!(fault(answer.json("123".to_owned())), None);
        assert_eq!(fault(answer.json("123".to_owned())), Some(Fault::OutputLimit));
    }

    #[test]
    fn there_must_be_one_result_for_each_input() {
        let results = || vec![Ok("1".to_owned()), Err(types::Error::Invalid("no".to_owned()))];
        assert_eq!(fault(Answer::new(9).results(results(), 2)), None);
        assert_eq!(fault(Answer::new(9).results(results(), 1)), Some(Fault::BrokenContract));
        assert_eq!(fault(Answer::new(9).results(results(), 3)), Some(Fault::BrokenContract));
    }

    #[test]
    fn a_guests_words_are_cut_and_made_inert() {
        let GuestError::Transient(text) = guest_error(types::Error::Transient("\u{1b}[2J".repeat(3_000)))
        else {
            panic!("another case");
        };
        assert!(text.starts_with("\\u{1b}[2J") && text.len() < 2_010 && text.ends_with('…'));
    }

    #[test]
    fn a_denial_at_an_invented_gate_is_not_a_denial() {
        let denied = |gate: &str| {
            guest_error(types::Error::Denied(types::Denial {
                gate: gate.to_owned(),
                reason: "r".to_owned(),
                remedy: "m".to_owned(),
            }))
        };
        assert_eq!(denied("scope"), GuestError::Denied(Denial::new(Gate::Scope, "r", "m")));
        assert_eq!(denied("moon"), GuestError::Permanent("r".to_owned()));
    }
}
