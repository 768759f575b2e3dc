//! What was found: one verdict for each test and for each check.

use serde::Serialize;

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// It could not be judged.
    Skipped,
}

/// A test or a check, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Of a test its name, of a check its stable one.
    pub name: String,
    /// Where a test stands; none for a check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How it went.
    pub state: State,
    /// What was seen and what to do about it; of what was skipped, what to add so that it can be judged.
    pub messages: Vec<String>,
}

/// Messages of one verdict: the rest is told as a number.
const MESSAGES_MAX: usize = 12;

impl Verdict {
    /// Failed where there are messages, passed where there are none.
    pub fn of(name: impl Into<String>, mut messages: Vec<String>) -> Self {
        let more = messages.len().saturating_sub(MESSAGES_MAX);
        messages.truncate(MESSAGES_MAX);
        if more > 0 {
            messages.push(format!("and {more} more"));
        }
        let state = if messages.is_empty() { State::Passed } else { State::Failed };
        Self { name: name.into(), file: None, state, messages }
    }

    /// It could not be judged.
    pub fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), file: None, state: State::Skipped, messages: vec![reason.into()] }
    }

    /// The same, of a file.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }
}

/// Everything that was found of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `name@version`; empty where it was not admitted.
    pub connector: String,
    /// The author's own tests.
    pub tests: Vec<Verdict>,
    /// The conformance kit's.
    pub checks: Vec<Verdict>,
}

impl Report {
    /// How many there are in this state.
    pub fn count(&self, state: State) -> usize {
        self.tests.iter().chain(&self.checks).filter(|verdict| verdict.state == state).count()
    }

    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.count(State::Failed) == 0
    }
}
