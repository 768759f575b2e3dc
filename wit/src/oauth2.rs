//! OAuth 2 as a manifest describes it: where tokens come from, how the client proves itself, what to ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a profile gets its tokens. The host does all of it; a connector sees neither token nor client secret.
///
/// URLs begin like one of the manifest's `hosts`, word for word, and go on with a path: `https://{shop}.example.com/oauth/token`.
/// Texts may use a property of the configuration in braces, `{username}`, and the client's id, `{client_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oauth2 {
    /// Which of the ways.
    pub grant: Oauth2Grant,
    /// Where a person consents; for `authorization_code` only. Its host need not be in `hosts`: the browser goes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorize_url: Option<String>,
    /// Where tokens are had.
    pub token_url: String,
    /// Where a token is given back (RFC 7009), if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    /// The provider's own name, compared with `iss` in the callback (RFC 9207).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// How the client proves itself at the token endpoint.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Leaves PKCE out, for a provider that refuses it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disable_pkce: bool,
    /// For each scope of the manifest, what the provider calls it. Only those of granted scopes are asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, Vec<String>>,
    /// Always asked for, for instance `offline_access`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base_scopes: Vec<String>,
    /// Stands between two scopes; a space unless given.
    #[serde(default = "space", skip_serializing_if = "is_space")]
    pub scope_separator: String,
    /// Added to the URL of the consent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub authorize_params: BTreeMap<String, String>,
    /// Added to every request for tokens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub token_params: BTreeMap<String, String>,
    /// Parameters of the callback, each with the property of the configuration that it is saved as.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub save_callback: BTreeMap<String, String>,
    /// Members of the token's answer, each with the property of the configuration that it is saved as.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub save_token: BTreeMap<String, String>,
    /// What is signed, for `jwt_bearer` and for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion: Option<Assertion>,
    /// How the first token is turned into the second, for `token_exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<TokenExchange>,
    /// How long before its end a token is renewed; the smaller of 5 minutes and a quarter of its life unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_margin_s: Option<u32>,
    /// How long a token lives where the answer does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u32>,
    /// A token that nobody used is renewed after so many hours, so that the provider does not forget it; 0 for never.
    #[serde(default = "a_day", skip_serializing_if = "is_a_day")]
    pub keep_alive_hours: u32,
    /// Statuses that say that the token is no longer good; 401 unless given.
    #[serde(default = "only_401", skip_serializing_if = "is_only_401")]
    pub auth_error_statuses: Vec<u16>,
    /// A regular expression over the body that says the same, for a provider that says it with another status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect_on: Option<String>,
    /// The header that carries the access token; `authorization` unless given.
    #[serde(default = "authorization", skip_serializing_if = "is_authorization")]
    pub header: String,
    /// What stands before the token in it; `Bearer ` unless given.
    #[serde(default = "bearer", skip_serializing_if = "is_bearer")]
    pub prefix: String,
}

impl Oauth2 {
    /// A scheme with every default.
    pub fn new(grant: Oauth2Grant, token_url: impl Into<String>) -> Self {
        Self {
            grant,
            authorize_url: None,
            token_url: token_url.into(),
            revoke_url: None,
            issuer: None,
            client_auth: ClientAuth::default(),
            disable_pkce: false,
            scopes: BTreeMap::new(),
            base_scopes: Vec::new(),
            scope_separator: space(),
            authorize_params: BTreeMap::new(),
            token_params: BTreeMap::new(),
            save_callback: BTreeMap::new(),
            save_token: BTreeMap::new(),
            assertion: None,
            exchange: None,
            refresh_margin_s: None,
            lifetime_s: None,
            keep_alive_hours: a_day(),
            auth_error_statuses: only_401(),
            detect_on: None,
            header: authorization(),
            prefix: bearer(),
        }
    }
}

/// The ways to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oauth2Grant {
    /// A person consents in a browser (RFC 6749, section 4.1).
    AuthorizationCode,
    /// The client speaks for itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// The host signs who it speaks for (RFC 7523).
    JwtBearer,
    /// The stored credential is turned into a short-lived token: RFC 8693, or whatever `exchange` describes.
    TokenExchange,
}

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Id and secret as HTTP Basic.
    #[default]
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// A signed assertion in place of a secret (RFC 7523, section 2.2).
    PrivateKeyJwt,
    /// Nothing: a public client names itself only.
    None,
}

/// What the host signs with the profile's private key. The texts may use the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// How it is signed.
    pub alg: AssertionAlg,
    /// Who says it; the client's id unless given.
    #[serde(default = "client_id", skip_serializing_if = "is_client_id")]
    pub iss: String,
    /// Whom it is about; the client's id unless given.
    #[serde(default = "client_id", skip_serializing_if = "is_client_id")]
    pub sub: String,
    /// Whom it is for; the URL of the token endpoint unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Which key signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// How long it is good for; 180 seconds unless given.
    #[serde(default = "three_minutes", skip_serializing_if = "is_three_minutes")]
    pub lifetime_s: u32,
}

/// How an assertion is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssertionAlg {
    /// RSA, PKCS #1 v1.5, SHA-256.
    RS256,
    /// RSA-PSS, SHA-256.
    PS256,
    /// ECDSA on P-256, SHA-256.
    ES256,
}

/// A request that turns the stored credential into a token. Its values may use `{credential}`, besides the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenExchange {
    /// A form or JSON.
    #[serde(default)]
    pub encoding: BodyEncoding,
    /// The members of the body. RFC 8693 where it is left out: the credential is the subject token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub body: BTreeMap<String, String>,
    /// What kind of token the credential is (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_token_type: Option<String>,
    /// What kind of token is wanted (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_token_type: Option<String>,
    /// The member of the answer that holds the token; `access_token` unless given.
    #[serde(default = "access_token", skip_serializing_if = "is_access_token")]
    pub token_member: String,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyEncoding {
    /// `application/x-www-form-urlencoded`.
    #[default]
    Form,
    /// `application/json`.
    Json,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

macro_rules! defaults {
    ($($name:ident, $is:ident: $kind:ty = $value:expr;)*) => {
        $(
            fn $name() -> $kind {
                $value.into()
            }

            fn $is(value: &$kind) -> bool {
                *value == $name()
            }
        )*
    };
}

defaults! {
    space, is_space: String = " ";
    a_day, is_a_day: u32 = 24_u32;
    only_401, is_only_401: Vec<u16> = [401];
    authorization, is_authorization: String = "authorization";
    bearer, is_bearer: String = "Bearer ";
    client_id, is_client_id: String = "{client_id}";
    three_minutes, is_three_minutes: u32 = 180_u32;
    access_token, is_access_token: String = "access_token";
}
