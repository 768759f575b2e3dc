//! Secrets of a profile: set and removed, never read back.

use std::collections::BTreeSet;

use domain::audit::{Subject, Verb};
use domain::egress::Origin;
use domain::profile::Profile;
use domain::{ProfileName, Secret, SecretName};
use store::{Change, Expect, Profiles as _, Purpose, Seal, Secrets as _};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How often setting begins again when another secret of the tenant was set at the same moment.
const SET_TRIES: usize = 16;

impl Tenant {
    /// Stores the credential of a profile, sealed and bound to the hosts that its connector asks for now: it will
    /// never be sent anywhere else, also when the configuration changes. An old one is destroyed; a request that is
    /// under way with it still has it masked in its answer.
    pub async fn set_credential(&self, profile: &ProfileName, credential: Secret) -> Result<Profile, Error> {
        for _ in 0..SET_TRIES {
            let Some(row) = self.rooms.store.profile(&self.id, profile)? else {
                return Err(Error::not_found("profile", profile));
            };
            let Some(chosen) = &row.value.auth else {
                let message = format!("{} asks for no credential", row.value.connector);
                return Err(Error::new(Kind::Refused, "no_credential_wanted", message));
            };
            let config = &row.value.config;
            auth::check_credential(&chosen.scheme, chosen.user.as_deref(), config, &credential)?;
            let bound = self.requested_hosts(&row.value)?;
            let name = SecretName::credential();
            let turn = self.turn().await;
            turn.has_room_for_secret(profile, &name)?;
            let fields = &["credential", "outcomes"];
            let mut change = self.change(Verb::CredentialSet, Subject::profile(profile), fields);
            let now = self.now();
            self.seal(&mut change, profile, &name, Purpose::Credential, &bound, &credential)?;
            let mut changed = row.value;
            changed.credential_set = true;
            // What the old credential did says nothing about the new one.
            changed.outcomes.clear();
            changed.updated_at = now;
            change.put_profile(&self.id, &changed, Expect::Version(row.version));
            match self.rooms.store.commit(change).await {
                Ok(()) => return Ok(changed),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended(profile))
    }

    /// Stores a secret that the connector may use by handle, under a name that its manifest declares.
    pub async fn set_secret(
        &self,
        profile: &ProfileName,
        name: &SecretName,
        secret: Secret,
    ) -> Result<(), Error> {
        let row = self.profile(profile)?;
        let manifest = self.connector_of(&row)?.manifest;
        if !manifest.secrets.iter().any(|declared| declared == name.as_str()) {
            let message = format!("{} uses no secret named {name}", row.connector);
            return Err(Error::new(Kind::Refused, "secret_not_declared", message));
        }
        auth::check_secret(&secret)?;
        let bound = self.requested_hosts(&row)?;
        let turn = self.turn().await;
        turn.has_room_for_secret(profile, name)?;
        for _ in 0..SET_TRIES {
            // A secret goes with its profile: none may come after it has gone.
            self.profile(profile)?;
            let mut change = self.change(Verb::SecretSet, Subject::secret(profile, name), &["secret"]);
            change.commit().require_profile(&self.id, profile, Expect::Present);
            self.seal(&mut change, profile, name, Purpose::Handle, &bound, &secret)?;
            match self.rooms.store.commit(change).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended(profile))
    }

    fn seal(
        &self,
        change: &mut Change,
        profile: &ProfileName,
        name: &SecretName,
        purpose: Purpose,
        bound: &BTreeSet<Origin>,
        secret: &Secret,
    ) -> Result<(), Error> {
        let seal = Seal { tenant: &self.id, profile, name, purpose, bound, secret, now: self.now() };
        Ok(self.rooms.store.seal_secret(change, &seal, &*self.rooms.randomness)?)
    }

    /// The names of a profile's secrets.
    pub fn secret_names(&self, profile: &ProfileName) -> Result<Vec<SecretName>, Error> {
        self.profile(profile)?;
        Ok(self.rooms.store.secret_names(&self.id, profile)?)
    }
}

fn contended(profile: &ProfileName) -> Error {
    let message =
        format!("secrets beside those of {profile} are being set by many callers at once; try again");
    Error::new(Kind::Conflict, "contended", message)
}
