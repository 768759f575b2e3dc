//! A bearer token (RFC 6750).

use domain::Secret;
use domain::egress::{Credential, CredentialPlace};

use crate::scheme::{Scheme, SchemeError, header_text};

pub(crate) struct Bearer;

impl Scheme for Bearer {
    fn apply(&self, secret: &Secret, _user: Option<&str>) -> Result<Credential, SchemeError> {
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

    #[test]
    fn a_token_goes_into_the_authorization_header() {
        let credential = Bearer.apply(&Secret::new("mF_9.B5f-4.1JqM"), None).unwrap();
        assert_eq!(credential.placed[0].place, CredentialPlace::Header("authorization".to_owned()));
        assert_eq!(credential.placed[0].value.expose(), b"Bearer mF_9.B5f-4.1JqM");
    }
}
