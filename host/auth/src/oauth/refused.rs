//! The credential of a request, and what happens when the remote refuses it.

use std::sync::Arc;

use domain::ProfileKey;
use domain::egress::{Credential, Outgoing, Response};
use domain::injected::{CredentialError, Renewal};
use domain::oauth::Pattern;
use domain::profile::CredentialReason;
use wit::{AuthScheme, Oauth2};

use super::broker::Broker;
use super::case::Case;
use super::error::OauthError;
use super::refresh::{AFTER_RENEWAL, Why, told};
use crate::scheme::{Given, scheme};

/// Where a provider that says it in the body may say it.
const LOOKED_AT: [u16; 3] = [200, 400, 403];
/// A token that is refused later than this has worked in between, and is renewed like any other.
const STILL_NEW_MS: u64 = 60_000;

impl Broker {
    pub(crate) async fn credential(
        self: &Arc<Self>,
        of: &ProfileKey,
        request: Outgoing<'_>,
    ) -> Result<Option<Credential>, CredentialError> {
        let current = self.current(of, Why::Use).await.map_err(told)?;
        if !current.held.bound.contains(request.origin) {
            return Ok(None);
        }
        let profile = current.case.profile();
        let given = Given {
            secret: &current.held.tokens.access,
            user: None,
            config: &profile.config,
            now: self.now(),
            randomness: &*self.randomness,
        };
        let oauth2 = &current.case.scheme;
        let applied = scheme(&AuthScheme::Oauth2(Box::new(oauth2.clone()))).apply(&given, request);
        let mut credential = applied.map_err(|error| told(OauthError::Secret(error)))?;
        credential.version = current.case.version();
        credential.refused_with = oauth2.auth_error_statuses.clone();
        if oauth2.detect_on.is_some() {
            credential.refused_with.extend(LOOKED_AT);
        }
        Ok(Some(credential))
    }

    /// Renews once. The same refusal of what came then is for good, until somebody connects or the token ends.
    pub(crate) async fn refused(
        self: &Arc<Self>,
        of: &ProfileKey,
        version: u64,
        answer: &Response,
    ) -> Renewal {
        let Ok(case) = Case::load(&self.store, of) else { return Renewal::None };
        if !says_so(&case.scheme, answer) {
            return Renewal::None;
        }
        if case.version() != version {
            return Renewal::Renewed;
        }
        let obtained_at = case.profile().credential.token.as_ref().map(|token| token.obtained_at);
        let is_new = obtained_at.is_some_and(|at| self.now().ms_since(at) < STILL_NEW_MS);
        if is_new && self.came_after_refusal(of, version) {
            if case.profile().credential.problem.is_none() {
                self.give_up(&case, CredentialReason::AuthRevoked, AFTER_RENEWAL, None).await;
            }
            return Renewal::None;
        }
        match self.current(of, Why::Refused(version)).await {
            Ok(current) => {
                self.remember_refusal(of, current.case.version());
                Renewal::Renewed
            }
            Err(OauthError::Refused { reason, code }) => {
                if case.profile().credential.problem.is_none() {
                    self.give_up(&case, reason, &code, None).await;
                }
                Renewal::None
            }
            Err(error) => {
                tracing::warn!(tenant = %of.tenant, profile = %of.profile, code = error.code(), "a refused token cannot be renewed now");
                Renewal::None
            }
        }
    }
}

/// Whether the answer says that the token is no longer good.
fn says_so(scheme: &Oauth2, answer: &Response) -> bool {
    if scheme.auth_error_statuses.contains(&answer.status) {
        return true;
    }
    let Some(pattern) = &scheme.detect_on else { return false };
    Pattern::parse(pattern).is_ok_and(|pattern| pattern.is_in(&answer.body))
}
