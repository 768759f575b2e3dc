//! The second half of a consent: the browser comes back, the code is exchanged, the tokens are stored.

use std::collections::BTreeMap;

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::oauth::HandOff;
use domain::{Digest, ProfileKey, ProfileName, Secret, TenantId};
use serde_json::Value;
use store::{Change, Commit, Expect, HandOffs as _, Profiles as _};
use url::Url;

use super::answer::{Granted, callback_code};
use super::authorize::{FromBrowser, hand_off_of};
use super::broker::Broker;
use super::case::Case;
use super::error::OauthError;
use super::form::Ask;
use super::keep::{note, token_set, with_saved};
use super::refresh::TRIES;

const PARAMETERS_MAX: usize = 32;
const PARAMETER_BYTES_MAX: usize = 8 << 10;
const SAVED_BYTES_MAX: usize = 512;

/// What the provider sent the browser back with. Nothing in it is believed before it has been compared.
pub struct Callback {
    parameters: BTreeMap<String, Secret>,
}

/// A profile that has tokens now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    pub tenant: TenantId,
    pub profile: ProfileName,
}

impl Callback {
    /// None where a parameter stands twice, or there are too many: no provider does that.
    pub fn read(query: &str) -> Option<Self> {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let fits = name.len() <= 128 && value.len() <= PARAMETER_BYTES_MAX;
            if !fits || parameters.len() >= PARAMETERS_MAX {
                return None;
            }
            if parameters.insert(name.into_owned(), Secret::new(value.into_owned())).is_some() {
                return None;
            }
        }
        Some(Self { parameters })
    }

    /// Which hand-off it says that it belongs to; the browser's proof is kept under this name.
    pub fn hand_off(&self) -> Option<&str> {
        let id = hand_off_of(self.text("state")?)?;
        (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
    }

    fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.parameters.get(name)?.expose()).ok()
    }
}

impl Broker {
    pub(crate) async fn complete(
        &self,
        callback: &Callback,
        browser: Option<&str>,
    ) -> Result<Connected, OauthError> {
        let id = callback.hand_off().ok_or(OauthError::BadCallback)?;
        let row = self.store.hand_off(id)?.ok_or(OauthError::Gone)?;
        let hand_off = row.value;
        if hand_off.is_over(self.now()) {
            return Err(OauthError::Gone);
        }
        let secret = browser.ok_or(OauthError::OtherBrowser)?;
        // Both are digests of 256 random bits: how long comparing them takes says nothing that helps.
        if hand_off.browser.as_ref() != Some(&Digest::of(secret.as_bytes())) {
            return Err(OauthError::OtherBrowser);
        }
        let from = FromBrowser { hand_off: id, secret };
        let expected = Digest::of(from.state().as_bytes());
        if callback.text("state").map(|state| Digest::of(state.as_bytes())) != Some(expected) {
            return Err(OauthError::BadCallback);
        }
        // Used once: whoever takes the row away goes on, and nobody else.
        let mut commit = Commit::new();
        commit.delete_hand_off(&hand_off, Expect::Version(row.version));
        match self.store.commit(commit).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => return Err(OauthError::Gone),
            Err(error) => return Err(error.into()),
        }
        let of = ProfileKey { tenant: hand_off.tenant.clone(), profile: hand_off.profile.clone() };
        let actor: Actor = hand_off.actor.parse().unwrap_or(Actor::Host);
        match self.exchange(&of, &hand_off, callback, &from, &actor).await {
            Ok(()) => Ok(Connected { tenant: of.tenant, profile: of.profile }),
            Err(error) => {
                self.end_hand_off(&of, error.code(), actor).await;
                Err(error)
            }
        }
    }

    async fn exchange(
        &self,
        of: &ProfileKey,
        hand_off: &HandOff,
        callback: &Callback,
        from: &FromBrowser<'_>,
        actor: &Actor,
    ) -> Result<(), OauthError> {
        let case = Case::load(&self.store, of)?;
        if !case.by_person() {
            return Err(OauthError::NoConsent);
        }
        check_issuer(&case, callback)?;
        if let Some(error) = callback.text("error") {
            return Err(OauthError::Declined(callback_code(error)));
        }
        let code = callback.parameters.get("code").filter(|code| !code.is_empty());
        let code = code.ok_or(OauthError::BadCallback)?;
        let verifier = (!case.scheme.disable_pkce).then(|| from.verifier());
        let ask = Ask::Code { code, verifier: verifier.as_deref(), redirect_uri: &hand_off.redirect_uri };
        let mut granted = self.token_request(&case, ask).await?;
        granted.scopes.get_or_insert_with(|| hand_off.scopes.clone());
        for (parameter, property) in &case.scheme.save_callback {
            let value = callback.text(parameter).filter(|value| value.len() <= SAVED_BYTES_MAX);
            if let Some(value) = value {
                granted.saved.insert(property.clone(), Value::String(value.to_owned()));
            }
        }
        self.swap(&case, granted, actor).await
    }

    /// Puts the new tokens in place of the old, which are destroyed with it. Requests find them with their next try.
    async fn swap(&self, case: &Case, granted: Granted, actor: &Actor) -> Result<(), OauthError> {
        let of = &case.of;
        let now = self.now();
        let tokens = token_set(case, None, &granted, now);
        for _ in 0..TRIES {
            let row = self.store.profile(&of.tenant, &of.profile)?.ok_or(OauthError::NoProfile)?;
            let mut profile = row.value;
            let before = profile.config.clone();
            profile.config = with_saved(case, &profile.config, &granted.saved)?;
            let bound = case.requested(&profile.config)?;
            note(&mut profile, &tokens, &granted, case, now);
            profile.credential_set = true;
            // What the old ones did says nothing about the new ones.
            profile.outcomes.clear();
            (profile.healthy, profile.probe_at) = (None, None);
            let happening =
                Happening::new(now, actor.clone(), Verb::CredentialConnected, Subject::profile(&of.profile));
            let fields: &[&'static str] = if before == profile.config {
                &["credential", "provider_scopes", "outcomes"]
            } else {
                &["credential", "provider_scopes", "outcomes", "config"]
            };
            let mut change = Change::new(Chain::Tenant(of.tenant.clone()), happening.changing(fields));
            self.seal(&mut change, case, &tokens, &bound, now)?;
            change.put_profile(&of.tenant, &profile, Expect::Version(row.version));
            match self.store.commit(change).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(OauthError::Overtaken)
    }
}

/// RFC 9207: an answer that names its provider names the one that was asked.
fn check_issuer(case: &Case, callback: &Callback) -> Result<(), OauthError> {
    let Some(iss) = callback.text("iss") else { return Ok(()) };
    let fits = match &case.scheme.issuer {
        Some(issuer) => case.text(issuer)? == iss,
        // Nobody said what it is called; it is at least where the consent was.
        None => {
            let asked = case.scheme.authorize_url.as_deref().map(|url| case.endpoint(url)).transpose()?;
            let named = Url::parse(iss).ok().and_then(|url| domain::egress::Origin::of(&url).ok());
            asked.is_some_and(|asked| named == Some(asked.origin))
        }
    };
    if fits { Ok(()) } else { Err(OauthError::WrongIssuer) }
}
