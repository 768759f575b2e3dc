//! An API key in a header, after a prefix, in the query or in a field of the body.

use domain::Secret;
use domain::egress::{Credential, CredentialPlace, Outgoing};
use wit::Placement;

use crate::scheme::{Given, Scheme, SchemeError, header_text, line};

pub(crate) struct ApiKey {
    pub(crate) place: Placement,
    pub(crate) name: String,
    pub(crate) prefix: String,
}

impl Scheme for ApiKey {
    fn apply(&self, given: &Given<'_>, _: Outgoing<'_>) -> Result<Credential, SchemeError> {
        let secret = given.secret;
        if self.prefix.chars().any(|c| c.is_control() || !c.is_ascii()) || self.name.is_empty() {
            return Err(SchemeError::Manifest);
        }
        let (place, key) = match self.place {
            Placement::Header if self.name.bytes().all(is_token) => {
                (CredentialPlace::Header(self.name.to_ascii_lowercase()), header_text(secret)?)
            }
            Placement::Query if !self.name.chars().any(char::is_control) => {
                (CredentialPlace::Query(self.name.clone()), line(secret)?)
            }
            Placement::JsonField => (CredentialPlace::JsonField(self.name.clone()), line(secret)?),
            Placement::FormField => (CredentialPlace::FormField(self.name.clone()), line(secret)?),
            Placement::Header | Placement::Query => return Err(SchemeError::Manifest),
        };
        let value = Secret::new([self.prefix.as_bytes(), key.as_bytes()].concat());
        Ok(Credential::one(place, value, vec![secret.clone()]))
    }
}

/// The characters of a header's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::applied_to_any;

    fn applied(place: Placement, name: &str, prefix: &str, key: &str) -> Result<Credential, SchemeError> {
        applied_to_any(&ApiKey { place, name: name.to_owned(), prefix: prefix.to_owned() }, None, key)
    }

    #[test]
    fn a_key_goes_after_its_prefix_into_a_header() {
        let credential =
            applied(Placement::Header, "Authorization", "Klaviyo-API-Key ", "pk_12345678").unwrap();
        assert_eq!(credential.placed[0].place, CredentialPlace::Header("authorization".to_owned()));
        assert_eq!(credential.placed[0].value.expose(), b"Klaviyo-API-Key pk_12345678");
        assert!(credential.echoes.contains(&Secret::new("pk_12345678")));
    }

    #[test]
    fn a_key_goes_unencoded_into_the_query_for_the_wire_to_encode() {
        let credential = applied(Placement::Query, "api_key", "", "a&b=c/12345").unwrap();
        assert_eq!(credential.placed[0].place, CredentialPlace::Query("api_key".to_owned()));
        assert_eq!(credential.placed[0].value.expose(), b"a&b=c/12345");
        assert!(credential.echoes.contains(&Secret::new("a&b=c/12345")));
    }

    #[test]
    fn a_name_or_prefix_that_would_split_the_request_is_refused() {
        for (name, prefix) in
            [("", ""), ("X Key", ""), ("X:Key", ""), ("X-Key\r\n", ""), ("X-Key", "a\r\nb ")]
        {
            let refused = applied(Placement::Header, name, prefix, "key");
            assert_eq!(refused, Err(SchemeError::Manifest), "{name:?} {prefix:?}");
        }
        assert_eq!(applied(Placement::Header, "X-Key", "", "a\r\nb"), Err(SchemeError::Control));
        assert_eq!(applied(Placement::Query, "key", "", "a\0b"), Err(SchemeError::Control));
    }
}
