//! Stores what the endpoint gave: sealed tokens, their life and the credential's new version, in one commit.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::egress::Origin;
use domain::manifest;
use domain::oauth::ASSUMED_LIFETIME_MS;
use domain::profile::{Profile, TokenLife};
use domain::{SecretName, Timestamp};
use serde_json::Value;
use store::{Change, Expect, Profiles as _, Purpose, Seal};

use super::answer::Granted;
use super::broker::Broker;
use super::case::{Case, Held};
use super::error::OauthError;
use super::lease::Mine;
use super::refresh::{Current, TRIES};
use super::tokens::TokenSet;

impl Broker {
    /// After a renewal: by the host itself, and only where the lease is still held and nobody has replaced the credential.
    pub(crate) async fn store_tokens(
        &self,
        case: &Case,
        held: Option<&Held>,
        granted: Granted,
        mine: &Mine,
    ) -> Result<Current, OauthError> {
        let now = self.now();
        let tokens = token_set(case, held, &granted, now);
        for _ in 0..TRIES {
            let row = self.store.profile(&case.of.tenant, &case.of.profile)?.ok_or(OauthError::NoProfile)?;
            if row.value.credential.version != case.version() {
                return Err(OauthError::Overtaken);
            }
            let mut profile = row.value;
            let mut bound = held.map(|held| held.bound.clone());
            if held.is_none() || !case.by_person() {
                profile.config = with_saved(case, &profile.config, &granted.saved)?;
                bound = None;
            }
            let bound = match bound {
                Some(bound) => bound,
                None => case.requested(&profile.config)?,
            };
            note(&mut profile, &tokens, &granted, case, now);
            let happening = Happening::new(
                now,
                Actor::Host,
                Verb::CredentialRefreshed,
                Subject::profile(&case.of.profile),
            );
            let mut change =
                Change::new(Chain::Tenant(case.of.tenant.clone()), happening.changing(&["tokens"]));
            self.seal(&mut change, case, &tokens, &bound, now)?;
            change.put_profile(&case.of.tenant, &profile, Expect::Version(row.version));
            self.leave(change.commit(), &case.of, mine, &mine.row.value.released());
            match self.store.commit(change).await {
                Ok(()) => return self.reloaded(case),
                Err(error) if error.is_conflict() => self.still_mine(case, mine)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(OauthError::Overtaken)
    }

    fn reloaded(&self, case: &Case) -> Result<Current, OauthError> {
        let case = Case::load(&self.store, &case.of)?;
        let held = case.held(&self.store)?.ok_or(OauthError::NotConnected)?;
        Ok(Current { case, held })
    }

    fn still_mine(&self, case: &Case, mine: &Mine) -> Result<(), OauthError> {
        let lease = store::TokenLeases::token_lease(&self.store, &case.of.tenant, &case.of.profile)?;
        if lease.version == mine.row.version { Ok(()) } else { Err(OauthError::Overtaken) }
    }

    pub(crate) fn seal(
        &self,
        change: &mut Change,
        case: &Case,
        tokens: &TokenSet,
        bound: &BTreeSet<Origin>,
        now: Timestamp,
    ) -> Result<(), OauthError> {
        let secret = tokens.to_secret().ok_or(OauthError::BadCallback)?;
        let seal = Seal {
            tenant: &case.of.tenant,
            profile: &case.of.profile,
            name: &SecretName::tokens(),
            purpose: Purpose::Tokens,
            bound,
            secret: &secret,
            now,
        };
        Ok(self.store.seal_secret(change, &seal, &*self.randomness)?)
    }
}

/// A new refresh token replaces the old; where none came, the old one goes on.
pub(crate) fn token_set(case: &Case, held: Option<&Held>, granted: &Granted, now: Timestamp) -> TokenSet {
    let old = held.and_then(|held| held.tokens.refresh.clone());
    let assumed_ms = match case.scheme.lifetime_s {
        Some(seconds) => Some(u64::from(seconds) * 1_000),
        // Nobody asks for one again that a person consented to: it is renewed when it is refused.
        None if case.by_person() => None,
        None => Some(ASSUMED_LIFETIME_MS),
    };
    TokenSet {
        access: granted.access.clone(),
        refresh: granted.refresh.clone().or(old),
        obtained_at: now,
        expires_at: granted.lifetime_ms.or(assumed_ms).map(|ms| now.plus_ms(ms)),
    }
}

/// The configuration with what the manifest wants saved, checked like one that a person writes.
pub(crate) fn with_saved(
    case: &Case,
    config: &Value,
    saved: &BTreeMap<String, Value>,
) -> Result<Value, OauthError> {
    if saved.is_empty() {
        return Ok(config.clone());
    }
    let mut config = config.clone();
    if let Some(members) = config.as_object_mut() {
        members.extend(saved.clone());
    }
    manifest::config(&case.manifest, config).map_err(|error| OauthError::Config(error.to_string()))
}

/// The facts of a new token.
pub(crate) fn note(profile: &mut Profile, tokens: &TokenSet, granted: &Granted, case: &Case, now: Timestamp) {
    let credential = &mut profile.credential;
    credential.version = credential.version.saturating_add(1);
    credential.problem = None;
    credential.hand_off_until = None;
    credential.token = Some(TokenLife {
        obtained_at: now,
        expires_at: tokens.expires_at,
        renewable: !case.by_person() || tokens.refresh.is_some(),
    });
    // An answer that names none means those that were asked for (RFC 6749, section 5.1).
    match &granted.scopes {
        Some(scopes) => credential.provider_scopes = Some(scopes.clone()),
        None if credential.provider_scopes.is_none() => credential.provider_scopes = Some(case.wanted()),
        None => {}
    }
    profile.updated_at = now;
}
