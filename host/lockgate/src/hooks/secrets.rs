//! The secrets of hooks: made or given, replaced with a time in which both are good, never shown again.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::audit::{Subject, Verb};
use domain::hook::{Hook, Previous};
use domain::{HookId, Secret, SecretName};
use store::{Change, Expect, Purpose, Seal};
use wit::WebhookScheme;

use super::{TRIES_MAX, contended};
use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// As Standard Webhooks writes them, and good for every scheme.
const PREFIX: &str = "whsec_";
const SECRET_BYTES: usize = 32;
/// A secret that is shorter can be guessed by trying.
const GIVEN_BYTES_MIN: usize = 8;
/// A time to change over that is longer was written by mistake.
const KEPT_MS_MAX: u64 = 366 * 86_400_000;

/// A hook that was just made or given a new secret.
#[derive(Clone, Debug)]
pub struct MadeHook {
    /// The row.
    pub hook: Hook,
    /// The secret, where the host made it: it cannot be shown again.
    pub secret: Option<Secret>,
}

/// How long the secret before stays good beside a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepOld {
    /// Not at all.
    No,
    /// For so many milliseconds.
    ForMs(u64),
    /// Until it is retired.
    UntilRetired,
}

impl Tenant {
    /// Gives a hook another secret. The one before stays good for a while, so that the sender can be changed over
    /// without losing an event; the one before that does not.
    pub async fn rotate_hook_secret(
        &self,
        id: &HookId,
        secret: Option<Secret>,
        keep: KeepOld,
    ) -> Result<MadeHook, Error> {
        if matches!(keep, KeepOld::ForMs(ms) if ms > KEPT_MS_MAX) {
            return Err(Error::new(
                Kind::Invalid,
                "invalid_time",
                "an old secret is kept for a year at most",
            ));
        }
        let (profile, trigger) = {
            let hook = self.hook(id)?;
            (hook.profile, hook.trigger)
        };
        let (secret, made) = self.hook_secret(&self.webhook_of(&profile, &trigger)?.scheme, secret)?;
        for _ in 0..TRIES_MAX {
            let row = self.hook_row(id)?;
            let (mut hook, now) = (row.value, self.now());
            let mut change = self.change(Verb::HookRotated, Subject::hook(id), &["secret"]);
            let current = self.open_hook_secret(&hook, &hook.secret_name()?)?;
            hook.previous = match (keep, current) {
                (KeepOld::No, _) | (_, None) => {
                    self.destroy(&mut change, &hook, &hook.previous_name()?)?;
                    None
                }
                (KeepOld::ForMs(_) | KeepOld::UntilRetired, Some(current)) => {
                    self.seal_hook_secret(&mut change, &hook, &hook.previous_name()?, &current)?;
                    let until = if let KeepOld::ForMs(ms) = keep { Some(now.plus_ms(ms)) } else { None };
                    Some(Previous { until })
                }
            };
            hook.rotated_at = Some(now);
            self.seal_hook_secret(&mut change, &hook, &hook.secret_name()?, &secret)?;
            change.put_hook(&self.id, &hook, Expect::Version(row.version));
            match self.rooms.store.commit(change).await {
                Ok(()) => return Ok(MadeHook { hook, secret: made }),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    /// Whether the secret before the current one is still good.
    pub fn is_old_secret_good(&self, hook: &Hook) -> bool {
        hook.previous_holds(self.now())
    }

    /// Ends the time in which the secret before is still good, and destroys it.
    pub async fn retire_hook_secret(&self, id: &HookId) -> Result<Hook, Error> {
        for _ in 0..TRIES_MAX {
            let row = self.hook_row(id)?;
            let mut hook = row.value;
            let mut change = self.change(Verb::HookRetired, Subject::hook(id), &["secret"]);
            self.destroy(&mut change, &hook, &hook.previous_name()?)?;
            hook.previous = None;
            change.put_hook(&self.id, &hook, Expect::Version(row.version));
            match self.rooms.store.commit(change).await {
                Ok(()) => return Ok(hook),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    /// The secret to be sealed, and the same one again if it has to be shown because the host made it.
    pub(super) fn hook_secret(
        &self,
        scheme: &WebhookScheme,
        given: Option<Secret>,
    ) -> Result<(Secret, Option<Secret>), Error> {
        let invalid = |message: &str| Error::new(Kind::Invalid, "invalid_secret", message);
        match given {
            Some(secret) => {
                if secret.len() < GIVEN_BYTES_MIN {
                    return Err(invalid("a hook's secret has at least 8 bytes; use one of good chance"));
                }
                auth::webhook::secret_fits(scheme, &secret)
                    .map_err(|_| invalid("the scheme wants its secret as `whsec_` and base64, or the sender's public key as `whpk_` and base64"))?;
                Ok((secret, None))
            }
            None => {
                let mut chance = [0; SECRET_BYTES];
                self.rooms.randomness.fill(&mut chance);
                let secret = Secret::new(format!("{PREFIX}{}", STANDARD.encode(chance)));
                Ok((secret.clone(), Some(secret)))
            }
        }
    }

    pub(super) fn seal_hook_secret(
        &self,
        change: &mut Change,
        hook: &Hook,
        name: &SecretName,
        secret: &Secret,
    ) -> Result<(), Error> {
        // It is never sent anywhere.
        let bound = BTreeSet::new();
        let seal = Seal {
            tenant: &self.id,
            profile: &hook.profile,
            name,
            purpose: Purpose::Webhook,
            bound: &bound,
            secret,
            now: self.now(),
        };
        Ok(self.rooms.store.seal_secret(change, &seal, &*self.rooms.randomness)?)
    }

    pub(super) fn open_hook_secret(&self, hook: &Hook, name: &SecretName) -> Result<Option<Secret>, Error> {
        let store = &self.rooms.store;
        let opened = store.open_secret(&self.id, &hook.profile, name, Purpose::Webhook)?;
        Ok(opened.map(|opened| opened.secret))
    }

    /// Every secret that a request may be signed with now.
    pub(super) fn good_hook_secrets(&self, hook: &Hook) -> Result<Vec<Secret>, Error> {
        let mut secrets: Vec<Secret> =
            self.open_hook_secret(hook, &hook.secret_name()?)?.into_iter().collect();
        if hook.previous_holds(self.now()) {
            secrets.extend(self.open_hook_secret(hook, &hook.previous_name()?)?);
        }
        Ok(secrets)
    }

    pub(super) fn destroy_hook_secrets(&self, change: &mut Change, hook: &Hook) -> Result<(), Error> {
        self.destroy(change, hook, &hook.secret_name()?)?;
        self.destroy(change, hook, &hook.previous_name()?)
    }

    fn destroy(&self, change: &mut Change, hook: &Hook, name: &SecretName) -> Result<(), Error> {
        let of = (&self.id, &hook.profile, name);
        Ok(self.rooms.store.delete_secret(change, of, Expect::Any, &*self.rooms.randomness)?)
    }
}
