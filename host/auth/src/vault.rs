//! Secrets in use: what `egress` and `runtime` are handed instead of the store.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use domain::audit::Actor;
use domain::egress::{Ceiling, Credential, Outgoing, Response};
use domain::injected::{CredentialError, HmacAlgorithm, Renewal};
use domain::oauth::HandOff;
use domain::{Clock, Credentials, Later, ProfileKey, Randomness, Secret, SecretName};
use egress::Egress;
use store::{Profiles, Purpose, Store, StoreError};
use wit::AuthScheme;

use crate::mac;
use crate::oauth::{Broker, Callback, Connected, OauthError, Opened, Reach, Why};
use crate::scheme::{Given, scheme};

/// Opens sealed secrets, each for its purpose and its hosts only.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    broker: Arc<Broker>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    pub fn new(store: Store, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        let broker = Arc::new(Broker::new(store.clone(), clock.clone(), randomness.clone(), None));
        Self { store, clock, randomness, broker }
    }

    /// The same with a way to token endpoints: a door with turns of its own, since whoever waits for a token holds one.
    #[must_use]
    pub fn reaching(self, egress: &Egress, ceiling: &Arc<Ceiling>) -> Self {
        let reach = Reach { egress: egress.apart(), ceiling: Arc::clone(ceiling) };
        let Self { store, clock, randomness, .. } = self;
        let broker = Arc::new(Broker::new(store.clone(), clock.clone(), randomness.clone(), Some(reach)));
        Self { store, clock, randomness, broker }
    }

    /// The same for a store that belongs to this process alone: it does not wait for the lease of one that was killed
    /// while it asked for a token.
    #[must_use]
    pub fn exclusive(self) -> Self {
        let Self { store, clock, randomness, broker } = self;
        let reach = broker.reach.clone();
        let broker = Broker::new(store.clone(), clock.clone(), randomness.clone(), reach).exclusive();
        Self { store, clock, randomness, broker: Arc::new(broker) }
    }

    /// Makes a link to the provider's consent, good once and for ten minutes.
    pub async fn connect(
        &self,
        of: &ProfileKey,
        actor: &Actor,
        redirect_uri: &str,
    ) -> Result<HandOff, OauthError> {
        self.broker.hand_off(of, actor, redirect_uri).await
    }

    /// The link was opened by a browser.
    pub async fn open(&self, hand_off: &str) -> Result<Opened, OauthError> {
        self.broker.open(hand_off).await
    }

    /// The browser came back. It is taken to its end also when nobody waits for it any more: the code works once.
    pub async fn complete(
        &self,
        callback: Callback,
        browser: Option<Secret>,
    ) -> Result<Connected, OauthError> {
        let broker = Arc::clone(&self.broker);
        let task = tokio::spawn(async move {
            let browser = browser.as_ref().and_then(|secret| std::str::from_utf8(secret.expose()).ok());
            broker.complete(&callback, browser).await
        });
        task.await.unwrap_or(Err(OauthError::Overtaken))
    }

    /// Gets another token now, whatever the last tries came to.
    pub async fn renew(&self, of: &ProfileKey) -> Result<(), OauthError> {
        let profile = self.store.profile(&of.tenant, &of.profile)?.ok_or(OauthError::NoProfile)?;
        let asked = Why::Asked(profile.value.credential.version);
        self.broker.current(of, asked).await.map(|_| ())
    }

    /// Renews the token if nobody has used it for as long as its scheme says.
    pub async fn keep_alive(&self, of: &ProfileKey) -> Result<(), OauthError> {
        self.broker.current(of, Why::KeepAlive).await.map(|_| ())
    }

    /// Gives the tokens back to the provider and destroys them. Whether the provider listened.
    pub async fn disconnect(&self, of: &ProfileKey, actor: &Actor) -> Result<bool, OauthError> {
        self.broker.disconnect(of, actor).await
    }

    /// Tells the provider that the tokens are no longer wanted, as far as it listens; nothing is destroyed here.
    pub async fn revoke(&self, of: &ProfileKey) -> bool {
        self.broker.revoke(of).await
    }

    fn apply(&self, of: &ProfileKey, request: Outgoing<'_>) -> Result<Option<Credential>, CredentialError> {
        let name = SecretName::credential();
        let profile = self.store.profile(&of.tenant, &of.profile).map_err(|error| unreadable(&error))?;
        let Some(profile) = profile.map(|row| row.value) else { return Ok(None) };
        let Some(auth) = profile.auth else { return Ok(None) };
        let opened = self.store.open_secret(&of.tenant, &of.profile, &name, Purpose::Credential);
        let Some(opened) = opened.map_err(|error| unopened(of, &name, &error))? else {
            return Err(CredentialError::Missing(name));
        };
        if !opened.bound.contains(request.origin) {
            return Ok(None);
        }
        let given = Given {
            secret: &opened.secret,
            user: auth.user.as_deref(),
            config: &profile.config,
            now: self.clock.now(),
            randomness: &*self.randomness,
        };
        let applied = scheme(&auth.scheme).apply(&given, request);
        applied.map(Some).map_err(|error| {
            tracing::warn!(tenant = %of.tenant, profile = %of.profile, %error, "a credential cannot be applied");
            CredentialError::Unusable(name)
        })
    }

    fn is_oauth(&self, of: &ProfileKey) -> Result<bool, CredentialError> {
        let profile = self.store.profile(&of.tenant, &of.profile).map_err(|error| unreadable(&error))?;
        let auth = profile.and_then(|row| row.value.auth);
        Ok(auth.is_some_and(|auth| matches!(auth.scheme, AuthScheme::Oauth2(_))))
    }

    fn handle(&self, of: &ProfileKey, name: &SecretName) -> Result<Secret, CredentialError> {
        let opened = self.store.open_secret(&of.tenant, &of.profile, name, Purpose::Handle);
        let opened = opened.map_err(|error| unopened(of, name, &error))?;
        opened.map(|opened| opened.secret).ok_or_else(|| CredentialError::Missing(name.clone()))
    }
}

impl Credentials for Vault {
    fn credential<'a>(
        &'a self,
        of: &'a ProfileKey,
        request: Outgoing<'a>,
    ) -> Later<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async move {
            if self.is_oauth(of)? {
                return Box::pin(self.broker.credential(of, request)).await;
            }
            self.apply(of, request)
        })
    }

    fn refused<'a>(&'a self, of: &'a ProfileKey, version: u64, answer: &'a Response) -> Later<'a, Renewal> {
        Box::pin(self.broker.refused(of, version, answer))
    }

    fn holds<'a>(
        &'a self,
        of: &'a ProfileKey,
        name: &'a SecretName,
    ) -> Later<'a, Result<bool, CredentialError>> {
        let held = self.store.holds_secret(&of.tenant, &of.profile, name, Purpose::Handle);
        Box::pin(ready(held.map_err(|error| unopened(of, name, &error))))
    }

    fn hmac<'a>(
        &'a self,
        of: &'a ProfileKey,
        name: &'a SecretName,
        algorithm: HmacAlgorithm,
        data: &'a [u8],
    ) -> Later<'a, Result<Vec<u8>, CredentialError>> {
        Box::pin(async move {
            let digest = mac::hmac(&self.handle(of, name)?, algorithm, data);
            digest.map_err(|_| CredentialError::Unusable(name.clone()))
        })
    }

    fn fingerprint<'a>(
        &'a self,
        of: &'a ProfileKey,
        name: &'a SecretName,
    ) -> Later<'a, Result<String, CredentialError>> {
        Box::pin(async move {
            let print = mac::fingerprint(&self.handle(of, name)?);
            print.map_err(|_| CredentialError::Unusable(name.clone()))
        })
    }
}

/// A row that somebody has meddled with is named to whoever can mend it; anything else is an error of the store.
fn unopened(of: &ProfileKey, name: &SecretName, error: &StoreError) -> CredentialError {
    match error {
        StoreError::SecretRolledBack { .. } | StoreError::SecretDamaged { .. } => {
            let code = error.code();
            tracing::error!(tenant = %of.tenant, profile = %of.profile, %name, code, "a stored secret was tampered with");
            CredentialError::Tampered { name: name.clone(), code }
        }
        _ => unreadable(error),
    }
}

/// What went wrong in the store is for the operator's log, not for whoever asked for a credential.
fn unreadable(error: &StoreError) -> CredentialError {
    tracing::error!(%error, "a secret cannot be read");
    CredentialError::Store
}

#[cfg(test)]
mod tests;
