//! The first half of a consent: the link, and the browser that opens it.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::oauth::{HAND_OFF_MS, HAND_OFFS_MAX, HandOff};
use domain::{Digest, ProfileKey, Secret};
use store::{Change, Commit, Expect, HandOffs as _, Profiles as _};
use url::Url;

use super::authorize::{self, FromBrowser, chance};
use super::broker::Broker;
use super::case::Case;
use super::error::OauthError;
use super::refresh::TRIES;

/// A browser on its way to the provider.
#[derive(Debug)]
pub struct Opened {
    pub location: Url,
    /// To be kept by the browser, and by nobody else, until it comes back.
    pub browser: Secret,
}

impl Broker {
    /// Makes a link. Nothing of the profile changes before a consent comes back.
    pub(crate) async fn hand_off(
        &self,
        of: &ProfileKey,
        actor: &Actor,
        redirect_uri: &str,
    ) -> Result<HandOff, OauthError> {
        for _ in 0..TRIES {
            let case = Case::load(&self.store, of)?;
            if !case.by_person() {
                return Err(OauthError::NoConsent);
            }
            // What would fail after the consent is refused before it.
            case.secret(&self.store)?;
            self.judge(&case, &case.scheme.token_url)?;
            let now = self.now();
            let mut commit_over = Vec::new();
            let mut open = 0;
            for known in self.store.hand_offs(&of.tenant)? {
                if known.is_over(now) || known.profile == of.profile {
                    commit_over.push(known);
                } else {
                    open += 1;
                }
            }
            if open >= HAND_OFFS_MAX {
                return Err(OauthError::Busy);
            }
            let hand_off = HandOff {
                id: Digest::of(chance(&*self.randomness).as_bytes()).as_str().chars().take(32).collect(),
                tenant: of.tenant.clone(),
                profile: of.profile.clone(),
                actor: actor.to_string(),
                expires_at: now.plus_ms(HAND_OFF_MS),
                scopes: case.wanted(),
                redirect_uri: redirect_uri.to_owned(),
                browser: None,
            };
            // It fails now rather than in the browser.
            authorize::url(&case, &hand_off, &FromBrowser { hand_off: &hand_off.id, secret: "" })?;
            let subject = Subject::profile(&of.profile);
            let happening = Happening::new(now, actor.clone(), Verb::CredentialConnecting, subject);
            let mut change = Change::new(Chain::Tenant(of.tenant.clone()), happening);
            let mut profile = case.row.value.clone();
            profile.credential.hand_off_until = Some(hand_off.expires_at);
            change.put_profile(&of.tenant, &profile, Expect::Version(case.row.version));
            for over in &commit_over {
                change.commit().delete_hand_off(over, Expect::Any);
            }
            change.commit().put_hand_off(&hand_off, Expect::Absent);
            match self.store.commit(change).await {
                Ok(()) => return Ok(hand_off),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(OauthError::Overtaken)
    }

    /// The link was opened: binds the consent to this browser, in place of one that opened it before.
    pub(crate) async fn open(&self, id: &str) -> Result<Opened, OauthError> {
        let row = self.store.hand_off(id)?.ok_or(OauthError::Gone)?;
        let mut hand_off = row.value;
        if hand_off.is_over(self.now()) {
            return Err(OauthError::Gone);
        }
        let of = ProfileKey { tenant: hand_off.tenant.clone(), profile: hand_off.profile.clone() };
        let case = Case::load(&self.store, &of)?;
        let secret = chance(&*self.randomness);
        hand_off.browser = Some(Digest::of(secret.as_bytes()));
        let location = authorize::url(&case, &hand_off, &FromBrowser { hand_off: id, secret: &secret })?;
        let mut commit = Commit::new();
        commit.put_hand_off(&hand_off, Expect::Version(row.version));
        match self.store.commit(commit).await {
            Ok(()) => Ok(Opened { location, browser: Secret::new(secret) }),
            Err(error) if error.is_conflict() => Err(OauthError::Gone),
            Err(error) => Err(error.into()),
        }
    }

    /// A consent that came to nothing is over; what was connected before goes on.
    pub(crate) async fn end_hand_off(&self, of: &ProfileKey, code: &str, actor: Actor) {
        for _ in 0..TRIES {
            let Ok(Some(row)) = self.store.profile(&of.tenant, &of.profile) else { return };
            let subject = Subject::profile(&of.profile);
            let happening = Happening::new(self.now(), actor.clone(), Verb::CredentialConnected, subject);
            let mut change = Change::new(Chain::Tenant(of.tenant.clone()), happening.failed(code));
            let mut profile = row.value;
            profile.credential.hand_off_until = None;
            change.put_profile(&of.tenant, &profile, Expect::Version(row.version));
            match self.store.commit(change).await {
                Err(error) if error.is_conflict() => {}
                Ok(()) => return,
                Err(error) => return tracing::error!(%error, "the end of a consent cannot be written"),
            }
        }
    }
}
