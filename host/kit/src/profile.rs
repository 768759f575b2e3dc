//! From the profile of a test file to one of the host: configured, with a credential that is none, and granted.

use std::collections::BTreeSet;

use domain::parts::{self, Parts};
use domain::schema::sample::{Kind as Sample, sample};
use domain::{ProfileName, Secret};
use lockgate::{AuthChoice, Callback, Error, Kind, NewProfile, Rate};
use lockgate_testing::{Exchange, file};
use serde_json::{Map, Value, json};
use wit::{Assertion, AuthScheme, Manifest, Oauth2, Oauth2Grant};

use crate::keys;
use crate::stand::Stand;

/// A credential that nobody uses, long enough to be searched for everywhere.
pub(crate) const CANARY: &str = "canary-3b8e17f2c94d60a5e2f1";
/// What a client proves itself with where tokens are had for it. Not the same: a provider that repeats the secret it was
/// sent has it masked, and the token would be masked with it.
const CLIENT_SECRET: &str = "client-secret-of-nobody-77c1d9";
/// Tests have no time to be polite.
const RATE: Rate = Rate { per_second: 10_000, burst: 10_000 };

/// What is known of the credential.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) profile: ProfileName,
    /// What stands in requests; none where the connector has no credential, or one that is never sent.
    pub(crate) credential: Option<String>,
    /// The exchanges by which the host gets tokens.
    pub(crate) tokens: Vec<Exchange>,
}

impl Stand {
    /// Makes the profile, with everything that the connector asks for unless the test says less.
    pub(crate) async fn profile(&self, wanted: &file::Profile, name: &str) -> Result<Known, Error> {
        let manifest = &self.connector.manifest;
        let config = self.config(wanted);
        let name: ProfileName = name.parse()?;
        let scheme = scheme(manifest, wanted.auth.as_deref());
        let auth = scheme.map(|scheme| AuthChoice {
            kind: scheme.kind().to_owned(),
            user: wanted.user.clone().or_else(|| default_user(scheme).map(str::to_owned)),
        });
        let new = NewProfile {
            name: name.clone(),
            connector: self.connector.name.clone(),
            version: Some(self.connector.version.clone()),
            config,
            // A misspelt scheme is refused by the host, which knows what is offered.
            auth: auth
                .or_else(|| wanted.auth.clone().map(|kind| AuthChoice { kind, user: wanted.user.clone() })),
            rate: Some(RATE),
            egress_address: None,
        };
        let tenant = &self.tenant;
        let row = tenant.create_profile(new).await?;
        let hosts = match &wanted.hosts {
            None => tenant.requested_hosts(&row)?,
            Some(hosts) => hosts
                .iter()
                .map(|host| host.parse().map_err(|_| invalid(format!("{host:?} in `hosts` is no origin"))))
                .collect::<Result<BTreeSet<_>, _>>()?,
        };
        let scopes = match &wanted.scopes {
            None => manifest.scopes.iter().map(|scope| scope.name.parse()).collect::<Result<_, _>>()?,
            Some(scopes) => scopes.iter().map(|scope| scope.parse()).collect::<Result<_, _>>()?,
        };
        tenant.grant(&name, &hosts, &scopes).await?;
        for secret in &manifest.secrets {
            let value = wanted.secrets.get(secret).cloned();
            let value = value.unwrap_or_else(|| format!("{CANARY}-{secret}"));
            tenant.set_secret(&name, &secret.parse()?, Secret::new(value)).await?;
        }
        if let Some(unknown) = wanted.secrets.keys().find(|name| !manifest.secrets.contains(*name)) {
            return Err(invalid(format!("the connector uses no secret named {unknown:?}")));
        }
        let mut known = Known { profile: name, credential: None, tokens: Vec::new() };
        if let Some(scheme) = scheme {
            self.credential(wanted, scheme, &row.config, &mut known).await?;
        }
        Ok(known)
    }

    /// The configuration of the test, with a made-up value for everything that is required and missing.
    fn config(&self, wanted: &file::Profile) -> Value {
        let manifest = &self.connector.manifest;
        let given = Value::Object(wanted.config.clone());
        if domain::manifest::config(manifest, given.clone()).is_ok() || !wanted.config.is_empty() {
            return given;
        }
        let mut made = match sample(&manifest.config, Sample::Empty) {
            Value::Object(made) => made,
            _ => Map::new(),
        };
        for input in manifest.inputs.iter().filter(|input| input.default.is_none()) {
            let value = match input.kind {
                wit::InputKind::Label => "example",
                wit::InputKind::HostName => "api.example.com",
                wit::InputKind::Origin => "https://api.example.com",
            };
            made.insert(input.name.clone(), json!(value));
        }
        let secret = |schema: &Value| {
            schema.get("writeOnly") == Some(&json!(true)) || schema.get("format") == Some(&json!("password"))
        };
        let properties = manifest.config.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten().filter(|(_, schema)| secret(schema)) {
            if schema.get("type") == Some(&json!("string")) {
                made.insert(name.clone(), json!(CANARY));
            }
        }
        Value::Object(made)
    }

    async fn credential(
        &self,
        wanted: &file::Profile,
        scheme: &AuthScheme,
        config: &Value,
        known: &mut Known,
    ) -> Result<(), Error> {
        let made_up = if matches!(scheme, AuthScheme::Oauth2(_)) { CLIENT_SECRET } else { CANARY };
        let secret = match (&wanted.credential, parts::wanted(scheme)) {
            (Some(Value::String(text)), _) => Secret::new(text.clone()),
            (Some(Value::Object(parts)), _) => {
                let parts = parts.iter().map(|(name, value)| {
                    (name.clone(), Secret::new(value.as_str().unwrap_or_default().to_owned()))
                });
                sealed(Parts::new(parts))?
            }
            (Some(_), _) => return Err(invalid("`credential` is a text, or its parts by name")),
            (None, []) => match assertion(scheme) {
                Some(assertion) => Secret::new(keys::made_up(assertion.alg)),
                None => Secret::new(made_up),
            },
            (None, wanted) => {
                let parts = wanted.iter().filter(|part| part.required).map(|part| {
                    // A key id has a shape of its own.
                    let value = if part.name == "access_key_id" { "AKIACANARY3B8E17F2C9" } else { made_up };
                    (part.name.to_owned(), Secret::new(value))
                });
                sealed(Parts::new(parts))?
            }
        };
        self.tenant.set_credential(&known.profile, secret).await?;
        match scheme {
            AuthScheme::Oauth2(oauth2) => {
                known.credential = Some(CANARY.to_owned());
                // A setting that nobody gave has its default.
                let mut settings = config.as_object().cloned().unwrap_or_default();
                for input in &self.connector.manifest.inputs {
                    if let Some(default) = &input.default {
                        settings.entry(&input.name).or_insert_with(|| json!(default));
                    }
                }
                known.tokens = token_exchange(oauth2, &settings).into_iter().collect();
                if oauth2.grant == Oauth2Grant::AuthorizationCode {
                    self.consent(known).await?;
                }
            }
            AuthScheme::ApiKey { .. } | AuthScheme::Basic | AuthScheme::Bearer => {
                let text = wanted.credential.as_ref().and_then(Value::as_str).unwrap_or(CANARY);
                known.credential = Some(text.to_owned());
            }
            // A signature is made of it.
            AuthScheme::AwsSigv4 { .. } | AuthScheme::Oauth1 { .. } => {}
        }
        Ok(())
    }

    /// Goes the way of a browser, to a provider that always says yes.
    async fn consent(&self, known: &Known) -> Result<(), Error> {
        self.wire.put(lockgate_testing::Vendor::new(known.tokens.clone()));
        let link = self.tenant.connect(&known.profile).await?;
        let id = link.url.rsplit('/').next().unwrap_or_default();
        let opened = self.host.open_consent(id).await?;
        let state = opened.location.query_pairs().find(|(name, _)| name == "state");
        let state = state.map(|(_, value)| value.into_owned()).unwrap_or_default();
        let query = format!("state={state}&code=consent-3b8e17f2");
        let callback = Callback::read(&query).ok_or_else(|| invalid("the consent cannot be made up"))?;
        self.host.complete_consent(callback, Some(opened.browser)).await?;
        Ok(())
    }
}

fn sealed(parts: Result<Parts, parts::InvalidParts>) -> Result<Secret, Error> {
    parts.and_then(|parts| parts.seal()).map_err(|error| invalid(error.to_string()))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Kind::Invalid, "invalid_test", message)
}

/// The scheme that the test names, or the first.
fn scheme<'a>(manifest: &'a Manifest, kind: Option<&str>) -> Option<&'a AuthScheme> {
    match kind {
        Some(kind) => manifest.auth.iter().find(|scheme| scheme.kind() == kind),
        None => manifest.auth.first(),
    }
}

/// What the host signs with the credential, if that is a key.
fn assertion(scheme: &AuthScheme) -> Option<&Assertion> {
    match scheme {
        AuthScheme::Oauth2(oauth2) => oauth2.assertion.as_ref(),
        _ => None,
    }
}

fn default_user(scheme: &AuthScheme) -> Option<&'static str> {
    match scheme {
        AuthScheme::Basic => Some("user"),
        AuthScheme::Oauth2(_) => Some("client-of-the-test"),
        _ => None,
    }
}

/// A token endpoint that always says yes.
fn token_exchange(oauth2: &Oauth2, settings: &Map<String, Value>) -> Option<Exchange> {
    let mut url = oauth2.token_url.clone();
    for (name, value) in settings {
        if let Some(text) = value.as_str() {
            url = url.replace(&format!("{{{name}}}"), text);
        }
    }
    let tokens = json!({
        "access_token": CANARY, "token_type": "Bearer", "expires_in": 3600, "refresh_token": format!("{CANARY}-refresh"),
    });
    Some(Exchange::new("POST", &url).json(&tokens.to_string()).any_times())
}
