//! Texts of a manifest with `{name}` in them, filled from a profile.

use crate::text::inert;

const FILLED_BYTES_MAX: usize = 16 << 10;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingText {
    #[error("the configuration has no text at `{0}`, which the authorisation needs")]
    Value(String),
    #[error("a `{{` without its `}}`, or a name with other characters than letters, digits and `_`")]
    Syntax,
    #[error("a text of the authorisation becomes longer than 16 KiB")]
    TooLong,
}

/// The text with every `{name}` replaced by what `value` says. What it puts in is not looked at again.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, MissingText> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or(MissingText::Syntax)?;
        if !is_name(name) {
            return Err(MissingText::Syntax);
        }
        filled.push_str(before);
        filled.push_str(&value(name).ok_or_else(|| MissingText::Value(inert(name, 64)))?);
        rest = behind;
        if filled.len() > FILLED_BYTES_MAX {
            return Err(MissingText::TooLong);
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The names that a text uses.
pub fn names(text: &str) -> Result<Vec<String>, MissingText> {
    let found = std::cell::RefCell::new(Vec::new());
    fill(text, |name| {
        found.borrow_mut().push(name.to_owned());
        Some(String::new())
    })?;
    Ok(found.into_inner())
}

fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_once_and_what_is_put_in_is_not_read_again() {
        let value = |name: &str| (name == "a").then(|| "{b}".to_owned());
        assert_eq!(fill("x{a}y{a}", value), Ok("x{b}y{b}".to_owned()));
        assert_eq!(fill("{b}", value), Err(MissingText::Value("b".to_owned())));
        assert_eq!(fill("{a", value), Err(MissingText::Syntax));
        assert_eq!(fill("{a b}", value), Err(MissingText::Syntax));
        assert_eq!(names("{user}@{client_id}"), Ok(vec!["user".to_owned(), "client_id".to_owned()]));
    }
}
