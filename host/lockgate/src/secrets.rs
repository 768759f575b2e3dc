//! Secrets of a profile: set and removed, never read back.

use std::collections::BTreeSet;

use domain::audit::{Subject, Verb};
use domain::egress::Origin;
use domain::profile::{CredentialState, CredentialTerms, Profile};
use domain::{ProfileName, Secret, SecretName};
use store::{Change, Expect, Profiles as _, Purpose, Seal, Secrets as _};
use wit::{AuthScheme, Oauth2Grant};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How often setting begins again when another secret of the tenant was set at the same moment.
const SET_TRIES: usize = 16;

/// Whether a host would keep these bytes as a secret at all: to be asked as soon as somebody has given them. What a scheme
/// asks beyond that is told when the credential is set.
pub fn check_secret(secret: &Secret) -> Result<(), Error> {
    Ok(auth::check_secret(secret)?)
}

impl Tenant {
    /// Stores the credential of a profile, sealed and bound to the hosts that its connector asks for now: it will
    /// never be sent anywhere else, also when the configuration changes. An old one is destroyed; a request that is
    /// under way with it still has it masked in its answer.
    ///
    /// A scheme with a credential of several parts takes what [`domain::parts::Parts::seal`] makes of them.
    pub async fn set_credential(&self, profile: &ProfileName, credential: Secret) -> Result<Profile, Error> {
        self.set_credential_on(profile, credential, CredentialTerms::default()).await
    }

    /// The same, with what is known of the credential's life. Whoever waits for a good one goes on by itself.
    pub async fn set_credential_on(
        &self,
        profile: &ProfileName,
        credential: Secret,
        terms: CredentialTerms,
    ) -> Result<Profile, Error> {
        if terms.expires_at.is_some_and(|at| at <= self.now()) || terms.rotate_after_ms == 0 {
            let message = "a credential ends in the future, and is replaced after at least a day";
            return Err(Error::new(Kind::Invalid, "invalid_expiry", message));
        }
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
            let bound = self.bound_of_credential(&row.value)?;
            let by_person = by_person(&chosen.scheme);
            let name = SecretName::credential();
            let turn = self.turn().await;
            turn.has_room_for_secret(profile, &name)?;
            let fields = &["credential", "outcomes"];
            let verb = if row.value.credential_set { Verb::CredentialRotated } else { Verb::CredentialSet };
            let mut change = self.change(verb, Subject::profile(profile), fields);
            let now = self.now();
            self.seal(&mut change, profile, &name, Purpose::Credential, &bound, &credential)?;
            let mut changed = row.value;
            let before = (changed.credential_set, changed.credential.clone());
            changed.replace_credential(now, terms);
            if by_person {
                // With the secret of a client alone nothing can be sent: a person consents, before or after.
                let (set, CredentialState { hand_off_until, token, provider_scopes, .. }) = before;
                changed.credential_set = set;
                changed.credential =
                    CredentialState { hand_off_until, token, provider_scopes, ..changed.credential };
            } else if before.1.token.is_some() {
                // What the old one got ends with it.
                let of = (&self.id, profile, &SecretName::tokens());
                self.rooms.store.delete_secret(&mut change, of, Expect::Any, &*self.rooms.randomness)?;
            }
            let status = changed.restand(now);
            self.tell_status(change.commit(), &changed, status)?;
            if verb == Verb::CredentialRotated {
                self.tell_rotated(change.commit(), &changed, now)?;
            }
            change.put_profile(&self.id, &changed, Expect::Version(row.version));
            match self.rooms.store.commit(change).await {
                Ok(()) => {
                    self.wake_waiting(profile).await;
                    return Ok(changed);
                }
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

    /// A credential goes to the hosts of its connector; the secret of a client to the endpoints of its provider only.
    fn bound_of_credential(&self, profile: &Profile) -> Result<BTreeSet<Origin>, Error> {
        match profile.auth.as_ref().map(|auth| &auth.scheme) {
            Some(AuthScheme::Oauth2(scheme)) => {
                let manifest = self.connector_of(profile)?.manifest;
                Ok(auth::endpoints(scheme, &manifest, &profile.config)?)
            }
            _ => self.requested_hosts(profile),
        }
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

fn by_person(scheme: &AuthScheme) -> bool {
    matches!(scheme, AuthScheme::Oauth2(oauth2) if oauth2.grant == Oauth2Grant::AuthorizationCode)
}

fn contended(profile: &ProfileName) -> Error {
    let message =
        format!("secrets beside those of {profile} are being set by many callers at once; try again");
    Error::new(Kind::Conflict, "contended", message)
}
