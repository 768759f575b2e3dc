//! Where a request carries the key by which the remote recognises a repeated attempt, and whether it does.

use url::form_urlencoded;
use wit::Idempotency;

use crate::egress::Request;

/// No remote takes a longer one.
const KEY_BYTES_MAX: usize = 255;

/// The place that the action declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// The header's name.
    Header(String),
    /// The query parameter's name.
    Query(String),
}

impl KeyPlace {
    /// None: the remote recognises nothing.
    pub fn of(declared: &Idempotency) -> Option<Self> {
        match declared {
            Idempotency { header: Some(name), .. } => Some(Self::Header(name.clone())),
            Idempotency { query: Some(name), .. } => Some(Self::Query(name.clone())),
            Idempotency { .. } => None,
        }
    }

    /// The key that the request carries, if it does: one, of a size that remotes take.
    pub fn carried(&self, request: &Request) -> Option<String> {
        let mut found = match self {
            Self::Header(name) => {
                let named = request.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
                named.map(|(_, value)| String::from_utf8(value.clone()).ok()).collect::<Vec<_>>()
            }
            Self::Query(name) => {
                let query = request.url.split_once('?').map_or("", |(_, query)| query);
                let query = query.split_once('#').map_or(query, |(query, _)| query);
                let pairs = form_urlencoded::parse(query.as_bytes());
                pairs.filter(|(of, _)| of == name).map(|(_, value)| Some(value.into_owned())).collect()
            }
        };
        let key = found.pop().flatten()?;
        let sound =
            (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        (found.is_empty() && sound).then_some(key)
    }
}

/// Whether a request under this key is one of the input's: its own key, or one that a step adds to.
pub(super) fn is_of(carried: &str, input: &str) -> bool {
    carried.strip_prefix(input).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: Vec::new(),
            timeout_ms: None,
        }
    }

    #[test]
    fn a_key_is_found_where_the_action_says_and_nowhere_else() {
        let header = KeyPlace::of(&Idempotency::in_header("Idempotency-Key")).unwrap();
        let carried = |pairs: &[(&str, &str)]| header.carried(&request("https://a.example/", pairs));
        assert_eq!(carried(&[("idempotency-key", "lg_7")]).as_deref(), Some("lg_7"));
        assert_eq!(carried(&[("x-idempotency-key", "lg_7")]), None);
        assert_eq!(carried(&[("idempotency-key", "")]), None);
        assert_eq!(carried(&[("idempotency-key", "a"), ("Idempotency-Key", "b")]), None, "which of the two?");
        assert_eq!(carried(&[("idempotency-key", &"k".repeat(255))]).map(|key| key.len()), Some(255));
        assert_eq!(carried(&[("idempotency-key", &"k".repeat(256))]), None);

        let query = KeyPlace::of(&Idempotency::in_query("requestid")).unwrap();
        let carried = |url: &str| query.carried(&request(url, &[("requestid", "no")]));
        assert_eq!(carried("https://a.example/v3?minorversion=75&requestid=lg_7#x").as_deref(), Some("lg_7"));
        assert_eq!(carried("https://a.example/v3?x=1#requestid=lg_7"), None);
        assert_eq!(KeyPlace::of(&Idempotency::default()), None);
    }

    #[test]
    fn the_key_of_a_step_belongs_to_its_input_and_a_longer_key_does_not() {
        assert!(is_of("lg_7", "lg_7") && is_of("lg_7/item-1", "lg_7") && is_of("lg_7:a", "lg_7"));
        assert!(!is_of("lg_71", "lg_7") && !is_of("x", "lg_7"));
    }
}
