//! The only place that writes to the terminal: answers to stdout, everything about them to stderr.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use domain::text::is_hidden;
use indicatif::{ProgressBar, ProgressStyle};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// Prints an answer. A reader that has gone away (`| head`) is no failure.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints something about an answer.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

pub(crate) fn complain(text: &str) {
    note(&format!("error: {text}"));
}

/// How the answers of the API are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) json: bool,
}

impl Screen {
    /// Prints an answer: as it is for programs, or as `show` makes it for people.
    pub(crate) fn answer<T: DeserializeOwned>(
        self,
        value: Value,
        show: impl FnOnce(&T) -> String,
    ) -> Result<T, Failure> {
        let typed: T = serde_json::from_value(value.clone()).map_err(|error| Failure::NotOurs {
            url: "the host".to_owned(),
            cause: format!("its answer cannot be read ({error}); is it of another version?"),
        })?;
        if self.json {
            say(&inert_json(&value));
        } else {
            say(show(&typed).trim_end_matches('\n'));
        }
        Ok(typed)
    }

    /// A sentence for people, beside the answer.
    pub(crate) fn hint(self, text: &str) {
        if !self.json {
            note(text);
        }
    }

    /// Turns while something takes long, where somebody is watching.
    pub(crate) fn spinner(self, text: String) -> Spinner {
        if self.json || !io::stderr().is_terminal() {
            return Spinner(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(text);
        bar.enable_steady_tick(Duration::from_millis(100));
        Spinner(bar)
    }
}

/// Leaves nothing behind when it is dropped, also after a failure.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    pub(crate) fn say(&self, text: String) {
        self.0.set_message(text);
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// JSON in which characters that a terminal obeys are escaped. It is the same JSON: they only stand in strings.
pub(crate) fn inert_json(value: &Value) -> String {
    escaped(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// The same on one line, for programs that read line by line.
pub(crate) fn inert_json_line(value: &Value) -> String {
    escaped(&value.to_string())
}

fn escaped(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                inert.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            inert.push(c);
        }
    }
    inert
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_for_programs_is_the_same_value_and_harmless_to_look_at() {
        let value = serde_json::json!({ "a\u{9b}": "x\u{1b}[2J\u{202e}\u{7f}\u{e0041}\n", "b": [1, "é"] });
        let shown = inert_json(&value);
        assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{shown:?}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
