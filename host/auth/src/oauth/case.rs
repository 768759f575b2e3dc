//! One profile with everything that its tokens need: scheme, client, manifest, endpoints.

use std::collections::BTreeSet;

use domain::egress::Origin;
use domain::manifest;
use domain::oauth::{Endpoint, fill};
use domain::profile::Profile;
use domain::{ProfileKey, Secret, SecretName};
use serde_json::Value;
use store::{Connectors as _, Profiles as _, Purpose, Store, Versioned};
use wit::{AuthScheme, ClientAuth, Manifest, Oauth2, Oauth2Grant};

use super::error::OauthError;
use super::jwt;
use super::tokens::TokenSet;
use crate::scheme::{SchemeError, line};

pub(crate) struct Case {
    pub(crate) of: ProfileKey,
    pub(crate) row: Versioned<Profile>,
    pub(crate) manifest: Manifest,
    pub(crate) scheme: Oauth2,
    pub(crate) client_id: String,
}

/// The tokens at hand, and where they may go.
pub(crate) struct Held {
    pub(crate) tokens: TokenSet,
    pub(crate) bound: BTreeSet<Origin>,
}

impl Case {
    pub(crate) fn load(store: &Store, of: &ProfileKey) -> Result<Self, OauthError> {
        let row = store.profile(&of.tenant, &of.profile)?.ok_or(OauthError::NoProfile)?;
        let Some(auth) = &row.value.auth else { return Err(OauthError::NotOauth) };
        let AuthScheme::Oauth2(scheme) = &auth.scheme else { return Err(OauthError::NotOauth) };
        let (scheme, client_id) = ((**scheme).clone(), auth.user.clone().unwrap_or_default());
        let connector = store.connector(&of.tenant, &row.value.connector)?.ok_or(OauthError::NoProfile)?;
        Ok(Self { of: of.clone(), manifest: connector.value.manifest, scheme, client_id, row })
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.row.value
    }

    pub(crate) fn version(&self) -> u64 {
        self.row.value.credential.version
    }

    /// Whether a person has to consent.
    pub(crate) fn by_person(&self) -> bool {
        self.scheme.grant == Oauth2Grant::AuthorizationCode
    }

    pub(crate) fn held(&self, store: &Store) -> Result<Option<Held>, OauthError> {
        let name = SecretName::tokens();
        let opened = store.open_secret(&self.of.tenant, &self.of.profile, &name, Purpose::Tokens)?;
        Ok(opened.and_then(|opened| {
            Some(Held { tokens: TokenSet::from_secret(&opened.secret)?, bound: opened.bound })
        }))
    }

    /// The client's secret, its key, or what is exchanged.
    pub(crate) fn secret(&self, store: &Store) -> Result<Option<Secret>, OauthError> {
        let name = SecretName::credential();
        let opened = store.open_secret(&self.of.tenant, &self.of.profile, &name, Purpose::Credential)?;
        match opened {
            Some(opened) => Ok(Some(opened.secret)),
            None if wants_secret(&self.scheme) => Err(OauthError::NoSecret),
            None => Ok(None),
        }
    }

    pub(crate) fn endpoint(&self, url: &str) -> Result<Endpoint, OauthError> {
        let endpoint = Endpoint::resolve(url, &self.manifest.inputs, &self.profile().config);
        endpoint.map_err(|error| OauthError::Config(error.to_string()))
    }

    /// A text of the manifest with the client's id and the configuration filled in.
    pub(crate) fn text(&self, text: &str) -> Result<String, OauthError> {
        self.text_with(text, None)
    }

    pub(crate) fn text_with(&self, text: &str, credential: Option<&str>) -> Result<String, OauthError> {
        let value = |name: &str| match name {
            "client_id" => Some(self.client_id.clone()),
            "credential" => credential.map(str::to_owned),
            _ => match self.profile().config.get(name) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            },
        };
        fill(text, value).map_err(|error| OauthError::Config(error.to_string()))
    }

    /// The provider's words for what was granted to the profile.
    pub(crate) fn wanted(&self) -> BTreeSet<String> {
        domain::oauth::wanted(&self.scheme, &self.profile().grant.scopes)
    }

    pub(crate) fn wanted_text(&self) -> String {
        let wanted: Vec<_> = self.wanted().into_iter().collect();
        wanted.join(&self.scheme.scope_separator)
    }

    /// The hosts that the connector asks for with this configuration: where a token may go.
    pub(crate) fn requested(&self, config: &Value) -> Result<BTreeSet<Origin>, OauthError> {
        manifest::requested_hosts(&self.manifest, config)
            .map_err(|error| OauthError::Config(error.to_string()))
    }
}

fn wants_secret(scheme: &Oauth2) -> bool {
    scheme.client_auth != ClientAuth::None
        || matches!(scheme.grant, Oauth2Grant::JwtBearer | Oauth2Grant::TokenExchange)
}

/// Where the client's secret may go: to the provider's endpoints and nowhere else.
pub fn endpoints(
    scheme: &Oauth2,
    manifest: &Manifest,
    config: &Value,
) -> Result<BTreeSet<Origin>, OauthError> {
    let urls = [Some(&scheme.token_url), scheme.revoke_url.as_ref()];
    let origin = |url: &String| match Endpoint::resolve(url, &manifest.inputs, config) {
        Ok(endpoint) => Ok(endpoint.origin),
        Err(error) => Err(OauthError::Config(error.to_string())),
    };
    urls.into_iter().flatten().map(origin).collect()
}

/// Whether this can be the stored credential of a scheme: a key that signs, or one line of text.
pub(crate) fn check_secret(scheme: &Oauth2, secret: &Secret) -> Result<(), SchemeError> {
    match &scheme.assertion {
        Some(assertion) => jwt::sign(assertion.alg, secret, None, &serde_json::json!({})).map(|_| ()),
        None => line(secret).map(|_| ()),
    }
}
