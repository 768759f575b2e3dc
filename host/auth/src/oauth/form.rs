//! What a token endpoint is asked, with the proof of who asks.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::egress::{Credential, CredentialPlace};
use domain::{Randomness, Secret, Timestamp};
use serde_json::json;
use url::form_urlencoded::{Serializer, byte_serialize};
use wit::{BodyEncoding, ClientAuth, TokenExchange};
use zeroize::Zeroizing;

use super::authorize::chance;
use super::case::Case;
use super::error::OauthError;
use super::jwt;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Ask<'a> {
    Code {
        code: &'a Secret,
        verifier: Option<&'a str>,
        redirect_uri: &'a str,
    },
    Refresh(&'a Secret),
    Client,
    Jwt,
    Exchange(&'a TokenExchange),
    /// The second: what kind of token it is.
    Revoke(&'a Secret, &'static str),
}

/// A request that is ready to be judged.
pub(crate) struct Prepared {
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) content_type: &'static str,
    /// Goes in beside the body, after the gates.
    pub(crate) basic: Option<Credential>,
}

pub(crate) struct Asking<'a> {
    pub(crate) case: &'a Case,
    /// The client's secret, its key, or what is exchanged.
    pub(crate) secret: Option<&'a Secret>,
    /// Where it goes, for the audience of an assertion.
    pub(crate) url: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) randomness: &'a dyn Randomness,
}

impl Asking<'_> {
    pub(crate) fn prepare(&self, ask: Ask<'_>) -> Result<Prepared, OauthError> {
        let mut fields = BTreeMap::new();
        let mut encoding = BodyEncoding::Form;
        let case = self.case;
        let mut set = |name: &str, value: &str| {
            fields.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
        };
        match ask {
            Ask::Code { code, verifier, redirect_uri } => {
                set("grant_type", "authorization_code");
                set("code", text(code)?);
                set("redirect_uri", redirect_uri);
                if let Some(verifier) = verifier {
                    set("code_verifier", verifier);
                }
            }
            Ask::Refresh(token) => {
                set("grant_type", "refresh_token");
                set("refresh_token", text(token)?);
            }
            Ask::Client => set("grant_type", "client_credentials"),
            Ask::Jwt => {
                set("grant_type", JWT_BEARER);
                set("assertion", text(&self.assertion()?)?);
            }
            Ask::Exchange(exchange) => {
                encoding = exchange.encoding;
                let credential = text(self.secret.ok_or(OauthError::NoSecret)?)?;
                for (name, value) in &exchange.body {
                    set(name, &case.text_with(value, Some(credential))?);
                }
                if exchange.body.is_empty() {
                    set("grant_type", EXCHANGE);
                    set("subject_token", credential);
                    set("subject_token_type", exchange.subject_token_type.as_deref().unwrap_or(ACCESS_TOKEN));
                    if let Some(kind) = &exchange.requested_token_type {
                        set("requested_token_type", kind);
                    }
                }
            }
            Ask::Revoke(token, hint) => {
                set("token", text(token)?);
                set("token_type_hint", hint);
            }
        }
        let free_form = matches!(ask, Ask::Exchange(exchange) if !exchange.body.is_empty());
        if matches!(ask, Ask::Client | Ask::Jwt | Ask::Exchange(_)) && !free_form {
            let scope = case.wanted_text();
            if !scope.is_empty() {
                set("scope", &scope);
            }
        }
        if !matches!(ask, Ask::Revoke(..)) {
            for (name, value) in &case.scheme.token_params {
                set(name, &case.text(value)?);
            }
        }
        let basic = if free_form { None } else { self.prove(&mut fields)? };
        Ok(written(fields, encoding, basic))
    }

    /// Adds what proves the client.
    fn prove(
        &self,
        fields: &mut BTreeMap<String, Zeroizing<String>>,
    ) -> Result<Option<Credential>, OauthError> {
        let case = self.case;
        let mut set = |name: &str, value: &str| {
            fields.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
        };
        match case.scheme.client_auth {
            ClientAuth::None => set("client_id", &case.client_id),
            ClientAuth::ClientSecretPost => {
                set("client_id", &case.client_id);
                set("client_secret", text(self.secret.ok_or(OauthError::NoSecret)?)?);
            }
            ClientAuth::PrivateKeyJwt => {
                set("client_id", &case.client_id);
                set("client_assertion_type", CLIENT_ASSERTION);
                set("client_assertion", text(&self.client_assertion()?)?);
            }
            ClientAuth::ClientSecretBasic => {
                let secret = self.secret.ok_or(OauthError::NoSecret)?;
                // Both are written as in a form first (RFC 6749, section 2.3.1).
                let id: String = byte_serialize(case.client_id.as_bytes()).collect();
                let password = Zeroizing::new(byte_serialize(secret.expose()).collect::<String>());
                let pair = Zeroizing::new(format!("{id}:{}", *password));
                let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                let place = CredentialPlace::Header("authorization".to_owned());
                return Ok(Some(Credential::one(place, value, vec![secret.clone()])));
            }
        }
        Ok(None)
    }

    /// Who the host speaks for.
    fn assertion(&self) -> Result<Secret, OauthError> {
        let assertion = self.case.scheme.assertion.as_ref().ok_or_else(no_assertion)?;
        let (iss, sub) = (self.case.text(&assertion.iss)?, self.case.text(&assertion.sub)?);
        self.signed(&iss, &sub)
    }

    /// Who the client is: itself, in both places (RFC 7523, section 3).
    fn client_assertion(&self) -> Result<Secret, OauthError> {
        self.signed(&self.case.client_id, &self.case.client_id)
    }

    fn signed(&self, iss: &str, sub: &str) -> Result<Secret, OauthError> {
        let assertion = self.case.scheme.assertion.as_ref().ok_or_else(no_assertion)?;
        let aud = match &assertion.aud {
            Some(aud) => self.case.text(aud)?,
            None => self.url.to_owned(),
        };
        let now_s = self.now.as_ms().div_euclid(1_000);
        let claims = json!({
            "iss": iss, "sub": sub, "aud": aud, "iat": now_s,
            "exp": now_s.saturating_add(i64::from(assertion.lifetime_s)), "jti": chance(self.randomness),
        });
        let kid = assertion.kid.as_deref().map(|kid| self.case.text(kid)).transpose()?;
        let key = self.secret.ok_or(OauthError::NoSecret)?;
        Ok(jwt::sign(assertion.alg, key, kid.as_deref(), &claims)?)
    }
}

fn no_assertion() -> OauthError {
    OauthError::Config("the manifest does not say what is signed".to_owned())
}

fn written(
    fields: BTreeMap<String, Zeroizing<String>>,
    encoding: BodyEncoding,
    basic: Option<Credential>,
) -> Prepared {
    match encoding {
        BodyEncoding::Form => {
            let mut form = Serializer::new(String::new());
            for (name, value) in &fields {
                form.append_pair(name, value);
            }
            let body = Zeroizing::new(form.finish().into_bytes());
            Prepared { body, content_type: "application/x-www-form-urlencoded", basic }
        }
        BodyEncoding::Json => {
            let members: BTreeMap<&str, &str> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let body = Zeroizing::new(serde_json::to_vec(&members).unwrap_or_default());
            Prepared { body, content_type: "application/json", basic }
        }
    }
}

fn text(secret: &Secret) -> Result<&str, OauthError> {
    std::str::from_utf8(secret.expose()).map_err(|_| OauthError::Secret(crate::scheme::SchemeError::NotText))
}
