//! Tokens are given back: at the provider (RFC 7009) as far as it listens, and here for good.

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::profile::CredentialState;
use domain::{ProfileKey, SecretName};
use store::{Change, Expect};

use super::broker::Broker;
use super::case::Case;
use super::error::OauthError;
use super::form::{Ask, Asking};
use super::refresh::TRIES;

impl Broker {
    /// Tells the provider, once and without insisting. Whether it listened.
    pub(crate) async fn revoke(&self, of: &ProfileKey) -> bool {
        match self.revoked(of).await {
            Ok(heard) => heard,
            Err(error) => {
                tracing::warn!(tenant = %of.tenant, profile = %of.profile, code = error.code(), "tokens were not revoked at the provider");
                false
            }
        }
    }

    async fn revoked(&self, of: &ProfileKey) -> Result<bool, OauthError> {
        let case = Case::load(&self.store, of)?;
        let Some(url) = case.scheme.revoke_url.clone() else { return Ok(false) };
        let Some(held) = case.held(&self.store)? else { return Ok(false) };
        let secret = case.secret(&self.store)?;
        let at = case.endpoint(&url)?.url();
        let asking = Asking {
            case: &case,
            secret: secret.as_ref(),
            url: &at,
            now: self.now(),
            randomness: &*self.randomness,
        };
        // Giving back the refresh token ends what came of it, too.
        let ask = match &held.tokens.refresh {
            Some(refresh) => Ask::Revoke(refresh, "refresh_token"),
            None => Ask::Revoke(&held.tokens.access, "access_token"),
        };
        let prepared = asking.prepare(ask)?;
        let response = self.ask(&case, &url, prepared).await?;
        Ok((200..300).contains(&response.status))
    }

    /// Gives the tokens back and destroys them. The client's own secret stays.
    pub(crate) async fn disconnect(&self, of: &ProfileKey, actor: &Actor) -> Result<bool, OauthError> {
        let heard = self.revoke(of).await;
        for _ in 0..TRIES {
            let case = Case::load(&self.store, of)?;
            let now = self.now();
            let happening = Happening::new(
                now,
                actor.clone(),
                Verb::CredentialDisconnected,
                Subject::profile(&of.profile),
            );
            let fields = &["credential", "provider_scopes"];
            let mut change = Change::new(Chain::Tenant(of.tenant.clone()), happening.changing(fields));
            let mut profile = case.row.value.clone();
            let version = profile.credential.version.saturating_add(1);
            profile.credential = CredentialState { version, ..CredentialState::default() };
            profile.credential_set = !case.by_person() && profile.credential_set;
            profile.updated_at = now;
            change.put_profile(&of.tenant, &profile, Expect::Version(case.row.version));
            let name = SecretName::tokens();
            let seal_of = (&of.tenant, &of.profile, &name);
            self.store.delete_secret(&mut change, seal_of, Expect::Any, &*self.randomness)?;
            match self.store.commit(change).await {
                Ok(()) => return Ok(heard),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(OauthError::Overtaken)
    }
}
