//! A credential in the body: that the guest has put nothing in its place, and the body with the field added.
//!
//! Readers differ in which of two members of the same name they believe, and some take names for the same that differ in
//! case. So a body that already has such a name is refused, and the guest's own text is left as it stands: the field is
//! put before it or behind it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::credential::CredentialPlace;
use super::normalise::Method;
use crate::denial::{Denial, Gate};
use crate::secret::Secret;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The body is not of the kind that the credential goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body cannot carry the credential")]
pub struct NoField;

/// The content type of a body that is nothing but the credential.
impl CredentialPlace {
    pub fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Header(_) | Self::Query(_) => None,
            Self::JsonField(_) => Some(JSON),
            Self::FormField(_) => Some(FORM),
        }
    }
}

pub(super) fn taken(place: &CredentialPlace) -> Denial {
    Denial::new(
        Gate::Credential,
        format!("{place} carries the profile's credential"),
        "leave it out: the host adds it",
    )
}

/// Judges a body that the credential goes into. The names of the headers are in lower case.
pub(super) fn check(
    place: &CredentialPlace,
    method: Method,
    headers: &[(String, Vec<u8>)],
    body: &[u8],
) -> Result<(), Denial> {
    let (name, wanted) = match place {
        CredentialPlace::JsonField(name) => (name, JSON),
        CredentialPlace::FormField(name) => (name, FORM),
        CredentialPlace::Header(_) | CredentialPlace::Query(_) => return Ok(()),
    };
    let refuse = |reason: String, remedy: &str| Err(Denial::new(Gate::Credential, reason, remedy));
    if method.is_read() {
        return refuse(
            format!("the profile's credential goes into {place}, and a {method} has no body"),
            "send a POST, PUT, PATCH or DELETE",
        );
    }
    let mut types = headers.iter().filter(|(name, _)| name == "content-type");
    let first = types.next();
    if types.next().is_some() || first.is_some_and(|(_, value)| !is_type(value, wanted)) {
        return refuse(
            format!("the profile's credential goes into {place}, and the request has another content type"),
            &format!("send {wanted}"),
        );
    }
    if body.is_empty() {
        return Ok(());
    }
    if first.is_none() {
        return refuse(
            format!("the profile's credential goes into {place}, and the request has no content type"),
            &format!("send {wanted}"),
        );
    }
    let is_taken = match place {
        CredentialPlace::JsonField(_) => match serde_json::from_slice::<Names>(body) {
            Ok(Names(names)) => names.iter().any(|given| folded(given) == folded(name)),
            Err(_) => {
                return refuse(
                    format!("the profile's credential goes into {place}, and the body is no JSON object"),
                    "send an object",
                );
            }
        },
        // Some frameworks read `name[]` as `name`, and spaces before a name as nothing.
        _ => form_urlencoded::parse(body).any(|(given, _)| {
            let given = given.trim();
            folded(given.split_once('[').map_or(given, |(given, _)| given)) == folded(name)
        }),
    };
    if is_taken { Err(taken(place)) } else { Ok(()) }
}

fn is_type(value: &[u8], wanted: &str) -> bool {
    let named = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    named.eq_ignore_ascii_case(wanted.as_bytes())
}

/// As the most forgiving reader compares names.
fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

/// The object of the body with one more member, or an object of that member alone.
pub fn with_json_field(body: &[u8], name: &str, value: &Secret) -> Result<Zeroizing<Vec<u8>>, NoField> {
    let value = std::str::from_utf8(value.expose()).map_err(|_| NoField)?;
    let value = Zeroizing::new(serde_json::to_vec(value).map_err(|_| NoField)?);
    let name = serde_json::to_vec(name).map_err(|_| NoField)?;
    let rest =
        if body.is_empty() { b"}" } else { body.trim_ascii_start().strip_prefix(b"{").ok_or(NoField)? };
    let comma: &[u8] = if rest.trim_ascii_start().starts_with(b"}") { b"" } else { b"," };
    Ok(joined(&[b"{", &name, b":", &value, comma, rest]))
}

/// The form of the body with one more field.
pub fn with_form_field(body: &[u8], name: &str, value: &Secret) -> Zeroizing<Vec<u8>> {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let mut encoded = Zeroizing::new(Vec::with_capacity(3 * value.len()));
    form_urlencoded::byte_serialize(value.expose())
        .for_each(|part| encoded.extend_from_slice(part.as_bytes()));
    let joint: &[u8] = if body.is_empty() { b"" } else { b"&" };
    joined(&[body, joint, name.as_bytes(), b"=", &encoded])
}

/// As large as it becomes from the beginning, so that growing leaves no copies behind.
fn joined(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| whole.extend_from_slice(part));
    whole
}

/// The names of an object's own members.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            self.0.push(name);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json() -> CredentialPlace {
        CredentialPlace::JsonField("api_key".to_owned())
    }

    fn form() -> CredentialPlace {
        CredentialPlace::FormField("api_key".to_owned())
    }

    fn judged(place: &CredentialPlace, method: Method, content_type: &str, body: &str) -> Result<(), String> {
        let headers = [("content-type".to_owned(), content_type.as_bytes().to_vec())];
        check(place, method, &headers, body.as_bytes()).map_err(|denial| denial.to_string())
    }

    #[test]
    fn a_body_of_the_right_kind_without_the_field_passes() {
        for body in ["{}", " { } ", r#"{"a": {"api_key": 1}}"#, r#"{"my_api_key": 1, "a": [1e400]}"#, ""] {
            assert_eq!(
                judged(&json(), Method::Post, "application/json; charset=utf-8", body),
                Ok(()),
                "{body}"
            );
        }
        for body in ["", "a=1", "a=api_key&my_api_key=2"] {
            assert_eq!(judged(&form(), Method::Post, FORM, body), Ok(()), "{body}");
        }
        assert_eq!(check(&json(), Method::Post, &[], b""), Ok(()));
    }

    #[test]
    fn a_field_that_some_reader_may_take_for_the_credential_is_refused() {
        for body in [
            r#"{"api_key": "mine"}"#,
            r#"{"a": 1, "API_Key": null}"#,
            r#"{"api\u005fkey": 1}"#,
            "{\"api_\u{212a}ey\": 1}",
        ] {
            let refused = judged(&json(), Method::Post, JSON, body).unwrap_err();
            assert!(refused.contains("carries the profile's credential"), "{body}: {refused}");
        }
        for body in ["api_key=1", "a=1&API%5FKEY=2", "+api_key=1", "api_key%5B%5D=1", "api_key"] {
            let refused = judged(&form(), Method::Put, FORM, body).unwrap_err();
            assert!(refused.contains("carries the profile's credential"), "{body}: {refused}");
        }
    }

    #[test]
    fn a_body_that_cannot_carry_the_field_is_refused() {
        for (method, content_type, body) in [
            (Method::Get, JSON, ""),
            (Method::Post, "text/plain", "{}"),
            (Method::Post, FORM, "a=1"),
            (Method::Post, JSON, "[]"),
            (Method::Post, JSON, "{} {}"),
            (Method::Post, JSON, "{"),
            (Method::Post, JSON, "null"),
        ] {
            assert!(judged(&json(), method, content_type, body).is_err(), "{method} {content_type} {body}");
        }
        assert!(judged(&form(), Method::Post, "multipart/form-data; boundary=b", "a").is_err());
        assert!(check(&json(), Method::Post, &[], b"{}").is_err());
    }

    #[test]
    fn the_field_is_added_and_the_rest_stays_as_it_was() {
        let key = Secret::new("k\"1\\");
        for (body, expected) in [
            ("", r#"{"key":"k\"1\\"}"#),
            ("{}", r#"{"key":"k\"1\\"}"#),
            (" \n{ }\n", "{\"key\":\"k\\\"1\\\\\" }\n"),
            (r#"{"a": 1.50}"#, r#"{"key":"k\"1\\","a": 1.50}"#),
        ] {
            let whole = with_json_field(body.as_bytes(), "key", &key).unwrap();
            assert_eq!(std::str::from_utf8(&whole).unwrap(), expected);
        }
        assert_eq!(with_json_field(b"[]", "key", &key), Err(NoField));
        assert_eq!(with_json_field(b"{}", "key", &Secret::new(vec![0xff])), Err(NoField));
        let key = Secret::new("a&b=c d");
        assert_eq!(&**with_form_field(b"", "k", &key), b"k=a%26b%3Dc+d");
        assert_eq!(&**with_form_field(b"x=%20", "k", &key), b"x=%20&k=a%26b%3Dc+d");
    }
}
