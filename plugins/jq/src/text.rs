//! Errors for people: where in the program, what was expected, and never longer than is readable.

use std::fmt::{self, Display, Write};

use jaq_core::compile::Undefined;
use jaq_core::load;
use lockgate_sdk::Error;

use crate::program::place;

/// So many characters of a value or of a piece of program are quoted.
const QUOTED_CHARS: usize = 200;

/// A position in a program, counted from one.
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The first error of a program that could not be read.
pub(crate) fn not_loaded(code: &str, errors: &load::Errors<&str, ()>) -> Error {
    let first = errors.first().and_then(|(_, error)| match error {
        load::Error::Io(modules) => {
            modules.first().map(|(path, _)| (*path, "there are no modules to import".to_owned()))
        }
        load::Error::Lex(errors) => {
            errors.first().map(|(expected, found)| (*found, format!("expected {}", expected.as_str())))
        }
        load::Error::Parse(errors) => {
            errors.first().map(|(expected, found)| (*found, format!("expected {}", expected.as_str())))
        }
    });
    at(code, first)
}

/// The first error of a program that names what there is not.
pub(crate) fn not_compiled(
    code: &str,
    errors: &load::Errors<&str, (), Vec<jaq_core::compile::Error<&str>>>,
) -> Error {
    let first = errors.iter().flat_map(|(_, errors)| errors).next().map(|(name, undefined)| {
        let message = match undefined {
            Undefined::Filter(arity) => format!("there is no function {}/{arity}", bounded(name)),
            other => format!("there is no {} {}", other.as_str(), bounded(name)),
        };
        (*name, message)
    });
    at(code, first)
}

fn at(code: &str, error: Option<(&str, String)>) -> Error {
    let Some((part, message)) = error else { return Error::invalid("the program is not valid") };
    match place(code, part) {
        Some(place) if part.is_empty() => {
            Error::invalid(format!("the program is not valid at {place} (its end): {message}"))
        }
        Some(place) => {
            let found = part.lines().next().unwrap_or_default();
            Error::invalid(format!("the program is not valid at {place} (`{}`): {message}", bounded(&found)))
        }
        None => Error::invalid(format!("the program is not valid: {message}")),
    }
}

/// The beginning of a value's text. Writing stops there, so that a huge value is not written first.
pub(crate) fn bounded(value: &impl Display) -> String {
    struct Bounded {
        text: String,
        left: usize,
    }

    impl Write for Bounded {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            for character in part.chars() {
                if self.left == 0 {
                    self.text.push('…');
                    return Err(fmt::Error);
                }
                self.left -= 1;
                self.text.push(character);
            }
            Ok(())
        }
    }

    let mut bounded = Bounded { text: String::new(), left: QUOTED_CHARS };
    // Its only error says that the text was cut.
    let _ = write!(bounded, "{value}");
    bounded.text
}
