//! A credential of several parts: named values that are sealed together, as one text.
//!
//! A scheme wants either one plain value or a set of parts, and so decides how the sealed bytes are read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wit::AuthScheme;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Of the text. Another form of it has another number.
const FORM: u32 = 1;
const NAME_BYTES_MAX: usize = 64;
const PARTS_MAX: usize = 16;

/// One part that a scheme wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub name: &'static str,
    /// Some systems do without it.
    pub required: bool,
}

const AWS: [Wanted; 3] = [
    Wanted::required("access_key_id"),
    Wanted::required("secret_access_key"),
    Wanted::optional("session_token"),
];
const OAUTH1: [Wanted; 4] = [
    Wanted::required("consumer_key"),
    Wanted::required("consumer_secret"),
    Wanted::optional("token"),
    Wanted::optional("token_secret"),
];

/// What a scheme's credential consists of; nothing for one that is a single value.
pub fn wanted(scheme: &AuthScheme) -> &'static [Wanted] {
    match scheme {
        AuthScheme::ApiKey { .. } | AuthScheme::Basic | AuthScheme::Bearer | AuthScheme::Oauth2(_) => &[],
        AuthScheme::AwsSigv4 { .. } => &AWS,
        AuthScheme::Oauth1 { .. } => &OAUTH1,
    }
}

impl Wanted {
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true }
    }

    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false }
    }
}

/// Named values, each a secret until somebody knows better.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(BTreeMap<String, Secret>);

/// Why this is not the credential that a scheme wants. Never carries any part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParts {
    #[error("the credential is no set of named parts; set it again, part by part")]
    Text,
    #[error("a credential has at most {PARTS_MAX} parts, with names of lower-case letters, digits and `_`")]
    Shape,
    #[error("the part {0} of the credential is missing; give it")]
    Missing(&'static str),
    #[error("the scheme knows no part {given:?} of a credential; it wants {wanted}")]
    Unknown { given: String, wanted: String },
}

impl Parts {
    pub fn new(parts: impl IntoIterator<Item = (String, Secret)>) -> Result<Self, InvalidParts> {
        let parts: BTreeMap<String, Secret> = parts.into_iter().collect();
        let is_name = |name: &String| {
            (1..=NAME_BYTES_MAX).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        if parts.len() > PARTS_MAX || !parts.keys().all(is_name) {
            return Err(InvalidParts::Shape);
        }
        Ok(Self(parts))
    }

    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// A part that the scheme cannot do without.
    pub fn need(&self, name: &'static str) -> Result<&Secret, InvalidParts> {
        self.get(name).filter(|part| !part.is_empty()).ok_or(InvalidParts::Missing(name))
    }

    /// Puts a part in the place of the old one.
    #[must_use]
    pub fn with(mut self, name: &str, part: Secret) -> Self {
        self.0.insert(name.to_owned(), part);
        self
    }

    /// Every part that is needed, and none that nobody knows.
    pub fn check(&self, wanted: &[Wanted]) -> Result<(), InvalidParts> {
        for part in wanted.iter().filter(|part| part.required) {
            self.need(part.name)?;
        }
        match self.0.keys().find(|given| !wanted.iter().any(|part| part.name == **given)) {
            None => Ok(()),
            Some(given) => {
                let names: Vec<_> = wanted.iter().map(|part| part.name).collect();
                Err(InvalidParts::Unknown { given: given.clone(), wanted: names.join(", ") })
            }
        }
    }

    /// The text that is sealed. A part that is no text cannot be in it.
    pub fn seal(&self) -> Result<Secret, InvalidParts> {
        let mut parts = BTreeMap::new();
        for (name, part) in &self.0 {
            parts.insert(name.as_str(), std::str::from_utf8(part.expose()).map_err(|_| InvalidParts::Text)?);
        }
        let written = Written { form: FORM, parts };
        let room = self.0.iter().map(|(name, part)| 2 * (name.len() + part.len()) + 16).sum::<usize>() + 64;
        // As large as it can become for ordinary text, so that growing leaves no copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        serde_json::to_writer(&mut *text, &written).map_err(|_| InvalidParts::Text)?;
        Ok(Secret::new(std::mem::take(&mut *text)))
    }

    /// What was sealed.
    pub fn open(sealed: &Secret) -> Result<Self, InvalidParts> {
        let read: Read = serde_json::from_slice(sealed.expose()).map_err(|_| InvalidParts::Text)?;
        if read.form != FORM {
            return Err(InvalidParts::Text);
        }
        Self::new(read.parts.into_iter().map(|(name, part)| (name, Secret::new(part))))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    form: u32,
    parts: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    form: u32,
    parts: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [Wanted; 2] =
        [Wanted { name: "client_secret", required: true }, Wanted { name: "private_key", required: false }];

    fn parts(given: &[(&str, &str)]) -> Parts {
        Parts::new(given.iter().map(|(name, part)| ((*name).to_owned(), Secret::new(*part)))).unwrap()
    }

    #[test]
    fn what_was_sealed_is_opened_again() {
        let parts = parts(&[("client_secret", "a\"b\\c"), ("private_key", "-----BEGIN\nline\n")]);
        let sealed = parts.seal().unwrap();
        assert_eq!(Parts::open(&sealed), Ok(parts.clone()));
        let changed = parts.with("client_secret", Secret::new("new"));
        assert_eq!(changed.get("client_secret"), Some(&Secret::new("new")));
        assert!(!format!("{changed:?}").contains("new"));
    }

    #[test]
    fn a_plain_value_or_another_form_is_no_set_of_parts() {
        for text in ["sk_test_1", "{}", "[]", r#"{"form":2,"parts":{}}"#, r#"{"form":1,"parts":{"a":1}}"#, ""]
        {
            assert_eq!(Parts::open(&Secret::new(text)), Err(InvalidParts::Text), "{text}");
        }
        assert_eq!(Parts::open(&Secret::new(r#"{"form":1,"parts":{"A b":"x"}}"#)), Err(InvalidParts::Shape));
    }

    #[test]
    fn a_scheme_gets_what_it_needs_and_nothing_that_it_does_not_know() {
        assert_eq!(parts(&[("client_secret", "x")]).check(&WANTED), Ok(()));
        assert_eq!(
            parts(&[("client_secret", "")]).check(&WANTED),
            Err(InvalidParts::Missing("client_secret"))
        );
        assert_eq!(
            parts(&[("private_key", "x")]).check(&WANTED),
            Err(InvalidParts::Missing("client_secret"))
        );
        let unknown =
            parts(&[("client_secret", "hunter2"), ("secret", "hunter3")]).check(&WANTED).unwrap_err();
        let shown = unknown.to_string();
        assert!(shown.contains("secret") && shown.contains("client_secret, private_key"), "{shown}");
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn the_number_and_the_names_of_parts_are_bounded() {
        let many = |count: usize| Parts::new((0..count).map(|at| (format!("p{at}"), Secret::new("x"))));
        assert!(many(PARTS_MAX).is_ok());
        assert_eq!(many(PARTS_MAX + 1), Err(InvalidParts::Shape));
        for name in ["", "A", "a-b", "a b", &"a".repeat(65)] {
            assert!(Parts::new([(name.to_owned(), Secret::new("x"))]).is_err(), "{name}");
        }
    }
}
