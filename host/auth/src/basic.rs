//! User and password (RFC 7617), in UTF-8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use domain::egress::{Credential, CredentialPlace, Outgoing};

use crate::scheme::{Given, Scheme, SchemeError, VALUE_BYTES_MAX, line};

pub(crate) struct Basic;

impl Scheme for Basic {
    fn apply(&self, given: &Given<'_>, _: Outgoing<'_>) -> Result<Credential, SchemeError> {
        let Given { secret, user, .. } = *given;
        let user = user.ok_or(SchemeError::NoUser)?;
        // The first colon ends the user, so one in the user would move a part of it into the password.
        if user.contains(|c: char| c == ':' || c.is_control()) {
            return Err(SchemeError::User);
        }
        let password = line(secret)?;
        let both = Secret::new([user.as_bytes(), b":", password.as_bytes()].concat());
        let encoded = Secret::new(STANDARD.encode(both.expose()));
        let value = Secret::new([b"Basic ", encoded.expose()].concat());
        if value.len() > VALUE_BYTES_MAX {
            return Err(SchemeError::TooLong);
        }
        let place = CredentialPlace::Header("authorization".to_owned());
        Ok(Credential::one(place, value, vec![secret.clone(), both]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::applied_to_any;

    fn applied(user: Option<&str>, password: &str) -> Result<Credential, SchemeError> {
        applied_to_any(&Basic, user, password)
    }

    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let credential = applied(Some("Aladdin"), "open sesame").unwrap();
        assert_eq!(credential.placed[0].value.expose(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let credential = applied(Some("test"), "123\u{a3}").unwrap();
        assert_eq!(credential.placed[0].value.expose(), b"Basic dGVzdDoxMjPCow==");
    }

    #[test]
    fn neither_the_password_nor_the_pair_may_come_back() {
        let echoes = applied(Some("Aladdin"), "open sesame").unwrap().echoes;
        assert!(echoes.contains(&Secret::new("open sesame")));
        assert!(echoes.contains(&Secret::new("Aladdin:open sesame")));
    }

    #[test]
    fn a_user_that_would_shift_the_password_is_refused() {
        assert_eq!(applied(None, "password"), Err(SchemeError::NoUser));
        for user in ["a:b", ":", "a\nb", "a\0"] {
            assert_eq!(applied(Some(user), "password"), Err(SchemeError::User), "{user:?}");
        }
        assert!(applied(Some(""), "pass:word").is_ok(), "a password may contain colons");
        assert_eq!(applied(Some("u"), "pass\nword"), Err(SchemeError::Control));
    }
}
