//! Calls by which an author sees what a connector does: everything that a call left behind, and nothing kept of it.
//!
//! The sandbox, the gates, the credential and the wire are those of every other call. What stands around a call in
//! production is left out: schemas, circuits, the profile's status, the log and the audit trail.

use domain::audit::Verb;
use domain::call::{GuestError, Inbound, Input, Page};
use domain::profile::{Auth, Profile};
use domain::{ProfileName, Secret};
use runtime::CallReport;
use wit::{AuthScheme, Placement};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

impl Tenant {
    /// For a profile whose scheme is OAuth 2: sends this access token where the scheme would send the one that a consent
    /// brings. It is not renewed.
    pub async fn rehearse_with_token(&self, profile: &ProfileName, token: Secret) -> Result<Profile, Error> {
        self.change_profile(profile, Verb::CredentialSet, |row| {
            let Some(AuthScheme::Oauth2(scheme)) = row.auth.as_ref().map(|auth| &auth.scheme) else {
                let message =
                    format!("{profile} does not authenticate with OAuth 2, so it takes no access token");
                return Err(Error::new(Kind::Invalid, "not_oauth2", message));
            };
            let (name, prefix) = (scheme.header.clone(), scheme.prefix.clone());
            let scheme = AuthScheme::ApiKey { place: Placement::Header, name, prefix };
            row.auth = Some(Auth { scheme, user: None });
            Ok(())
        })
        .await?;
        self.set_credential(profile, token).await
    }

    /// Has the connector verify the profile.
    pub async fn rehearse_check(
        &self,
        profile: &ProfileName,
    ) -> Result<CallReport<Result<(), GuestError>>, Error> {
        let prepared = self.prepare(&self.profile(profile)?).await?;
        Ok(prepared.linked.check(&prepared.call_for(&self.correlation())).await)
    }

    /// Runs an action on inputs as they are.
    pub async fn rehearse_run(
        &self,
        profile: &ProfileName,
        action: &str,
        inputs: &[Input],
    ) -> Result<CallReport<Vec<Result<String, GuestError>>>, Error> {
        let prepared = self.prepare(&self.profile(profile)?).await?;
        let call = prepared.call_for_action(&self.correlation(), action);
        Ok(prepared.linked.run(&call, action, inputs).await)
    }

    /// Reads one page of a trigger.
    pub async fn rehearse_poll(
        &self,
        profile: &ProfileName,
        trigger: &str,
        cursor: Option<&str>,
    ) -> Result<CallReport<Result<Page, GuestError>>, Error> {
        let prepared = self.prepare(&self.profile(profile)?).await?;
        Ok(prepared.linked.poll(&prepared.call_for(&self.correlation()), trigger, cursor).await)
    }

    /// Hands over an event, as if its signature had been verified.
    pub async fn rehearse_receive(
        &self,
        profile: &ProfileName,
        hook: &str,
        event: Inbound,
    ) -> Result<CallReport<Result<Vec<domain::call::PolledRecord>, GuestError>>, Error> {
        let prepared = self.prepare(&self.profile(profile)?).await?;
        Ok(prepared.linked.receive(&prepared.call_for(&self.correlation()), hook, event).await)
    }
}
