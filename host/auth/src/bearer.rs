//! A bearer token (RFC 6750).

use domain::Secret;
use domain::egress::{Credential, CredentialPlace, Outgoing};

use crate::scheme::{Given, Scheme, SchemeError, header_text};

pub(crate) struct Bearer;

impl Scheme for Bearer {
    fn apply(&self, given: &Given<'_>, _: Outgoing<'_>) -> Result<Credential, SchemeError> {
        let secret = given.secret;
        let token = header_text(secret)?;
        if token.contains(' ') {
            return Err(SchemeError::Space);
        }
        let place = CredentialPlace::Header("authorization".to_owned());
        let value = Secret::new([b"Bearer ", token.as_bytes()].concat());
        Ok(Credential::one(place, value, vec![secret.clone()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::applied_to_any;

    #[test]
    fn a_token_goes_into_the_authorization_header() {
        let credential = applied_to_any(&Bearer, None, "mF_9.B5f-4.1JqM").unwrap();
        assert_eq!(credential.placed[0].place, CredentialPlace::Header("authorization".to_owned()));
        assert_eq!(credential.placed[0].value.expose(), b"Bearer mF_9.B5f-4.1JqM");
    }
}
