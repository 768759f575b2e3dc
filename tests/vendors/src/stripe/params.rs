//! Parameters as Stripe reads them: form pairs, objects in brackets, and nothing that the endpoint does not know.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use crate::call::{Call, pairs};

const TEXT_MAX: usize = 5000;
const METADATA_KEYS_MAX: usize = 50;
const METADATA_KEY_MAX: usize = 40;
const METADATA_VALUE_MAX: usize = 500;

/// What an endpoint takes: plain names, and names of objects with the keys they may have.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    pub(super) plain: &'static [&'static str],
    /// Whether `metadata[...]` may be given.
    pub(super) metadata: bool,
    pub(super) address: bool,
}

const ADDRESS: [&str; 6] = ["city", "country", "line1", "line2", "postal_code", "state"];

/// The parameters of one request, all of them known to its endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Params {
    plain: BTreeMap<String, String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) address: BTreeMap<String, String>,
}

/// The pairs of a request: those of its query, then those of its form.
pub(super) fn read_pairs(call: &Call) -> Result<Vec<(String, String)>, Refusal> {
    let body = call.bytes();
    if body.is_empty() {
        return Ok(call.query_pairs());
    }
    if call.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        let message =
            "the body must be sent as application/x-www-form-urlencoded; this API does not take JSON";
        return Err(Refusal::with(400, "invalid_request_error", message));
    }
    let mut all = call.query_pairs();
    all.extend(pairs(body));
    Ok(all)
}

impl Params {
    pub(super) fn read(given: Vec<(String, String)>, spec: Spec) -> Result<Self, Refusal> {
        let mut params = Self::default();
        for (name, value) in given {
            let unknown = || {
                Refusal::invalid("parameter_unknown", "received a parameter this endpoint does not know")
                    .about(&name)
            };
            if value.chars().count() > TEXT_MAX {
                return Err(
                    Refusal::invalid("parameter_invalid_string", "the value is too long").about(&name)
                );
            }
            let before = match brackets(&name) {
                Some(("metadata", key)) if spec.metadata => params.metadata.insert(key.to_owned(), value),
                Some(("address", key)) if spec.address && ADDRESS.contains(&key) => {
                    params.address.insert(key.to_owned(), value)
                }
                None if spec.plain.contains(&name.as_str()) => params.plain.insert(name.clone(), value),
                _ => return Err(unknown()),
            };
            if before.is_some() {
                return Err(
                    Refusal::invalid("parameter_invalid", "the parameter is given twice").about(&name)
                );
            }
        }
        params.check_metadata()?;
        // An empty value is how Stripe's clients say that something is to be unset.
        params.plain.retain(|_, value| !value.is_empty());
        params.metadata.retain(|_, value| !value.is_empty());
        Ok(params)
    }

    fn check_metadata(&self) -> Result<(), Refusal> {
        let fits = |(key, value): (&String, &String)| {
            (1..=METADATA_KEY_MAX).contains(&key.chars().count())
                && value.chars().count() <= METADATA_VALUE_MAX
        };
        if self.metadata.len() <= METADATA_KEYS_MAX && self.metadata.iter().all(fits) {
            return Ok(());
        }
        let message = "metadata takes 50 keys of at most 40 characters, with values of at most 500";
        Err(Refusal::invalid("parameter_invalid_string", message).about("metadata"))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.plain.get(name).cloned()
    }

    pub(super) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| {
            Refusal::invalid("parameter_missing", format!("missing required param: {name}")).about(name)
        })
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.plain.get(name) else { return Ok(None) };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        number
            .map(Some)
            .ok_or_else(|| Refusal::invalid("parameter_invalid_integer", "not an integer").about(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.plain.get(name).map(String::as_str) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => {
                Err(Refusal::invalid("parameter_invalid_boolean", "neither true nor false").about(name))
            }
        }
    }

    pub(super) fn one_of(&self, name: &str, choices: &[&str]) -> Result<Option<String>, Refusal> {
        match self.plain.get(name) {
            Some(text) if !choices.contains(&text.as_str()) => {
                let message = format!("must be one of {}", choices.join(", "));
                Err(Refusal::invalid("parameter_invalid", message).about(name))
            }
            other => Ok(other.cloned()),
        }
    }

    /// A currency in lower case. Whether anybody uses it is not checked.
    pub(super) fn currency(&self) -> Result<Option<String>, Refusal> {
        let Some(text) = self.plain.get("currency") else { return Ok(None) };
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Ok(Some(text.to_ascii_lowercase()));
        }
        Err(Refusal::invalid("parameter_invalid", "not a three-letter ISO currency code").about("currency"))
    }
}

/// Splits `object[key]`. Deeper nesting and lists are nothing that any endpoint here takes.
fn brackets(name: &str) -> Option<(&str, &str)> {
    let (object, rest) = name.split_once('[')?;
    let key = rest.strip_suffix(']').unwrap_or_default();
    let plain = !key.contains(['[', ']']);
    Some((object, if plain { key } else { "" }))
}
