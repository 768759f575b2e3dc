//! Secrets in use: what `egress` and `runtime` are handed instead of the store.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use domain::egress::{Credential, Outgoing};
use domain::injected::{CredentialError, HmacAlgorithm};
use domain::{Clock, Credentials, Later, ProfileKey, Randomness, Secret, SecretName};
use store::{Profiles, Purpose, Store, StoreError};

use crate::mac;
use crate::scheme::{Given, scheme};

/// Opens sealed secrets, each for its purpose and its hosts only.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    pub fn new(store: Store, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { store, clock, randomness }
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
        Box::pin(async move { self.apply(of, request) })
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
