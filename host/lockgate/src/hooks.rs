//! Hooks of a tenant: addresses that systems send webhooks to, each for one webhook trigger of one profile.

mod arriving;
mod notes;
mod paces;
mod sample;
mod secrets;

use domain::audit::{Subject, Verb};
use domain::hook::{Hook, HookLimits, HookNotes, InvalidLimits};
use domain::quota::Quota;
use domain::{HookId, ProfileName, Secret};
use store::{Expect, Hooks as _, PAGE_ITEMS_MAX, Page, Paging};
use wit::{TriggerKind, Webhook};

pub use arriving::{HookAnswer, HookRefused, HookRequest, OpenHook};
pub(crate) use notes::NoteBook;
pub(crate) use paces::HookPaces;
pub use secrets::{KeepOld, MadeHook};

use crate::error::{Error, Kind};
use crate::host::Host;
use crate::tenant::{Tenant, paging};

/// How often a change begins again because somebody else changed the same at the same moment.
pub(crate) const TRIES_MAX: usize = 16;
/// Where hooks are, below the host's own address.
const PATH: &str = "/hooks/";
const WITHOUT_A_NAME: &str = "http://127.0.0.1:7070";

/// A hook to be made.
#[derive(Clone, Debug)]
pub struct NewHook {
    /// For whom it takes events.
    pub profile: ProfileName,
    /// One of the connector's webhook triggers.
    pub trigger: String,
    /// What it takes.
    pub limits: HookLimits,
    /// What the sender signs with; made by the host if there is none.
    pub secret: Option<Secret>,
}

impl Host {
    /// Tells the host under which address the world reaches it, as in `https://gate.example`: the URLs of hooks begin
    /// with it, and senders that sign the URL sign it so.
    pub fn reached_at(&self, public_url: &str) {
        let mut known = self.rooms.reached_at.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *known = public_url.trim_end_matches('/').to_owned();
    }

    /// Where a hook's events are sent to.
    pub fn hook_url(&self, id: &HookId) -> String {
        self.rooms.hook_url(id.as_str())
    }
}

impl crate::host::Rooms {
    pub(crate) fn hook_url(&self, rest: &str) -> String {
        let known = self.reached_at.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &self.public_url {
            _ if !known.is_empty() => format!("{known}{PATH}{rest}"),
            Some(url) => format!("{url}{PATH}{rest}"),
            None => format!("{WITHOUT_A_NAME}{PATH}{rest}"),
        }
    }
}

impl Tenant {
    /// Makes a hook with its secret. A secret that the host made is in the answer, and never shown again.
    pub async fn create_hook(&self, new: NewHook) -> Result<MadeHook, Error> {
        new.limits.check()?;
        let webhook = self.webhook_of(&new.profile, &new.trigger)?;
        let (secret, made) = self.hook_secret(&webhook.scheme, new.secret)?;
        let turn = self.turn().await;
        turn.has_room(Quota::Hooks)?;
        turn.has_room(Quota::Secrets)?;
        for _ in 0..TRIES_MAX {
            let hook = Hook {
                id: HookId::make(&*self.rooms.randomness),
                profile: new.profile.clone(),
                trigger: new.trigger.clone(),
                enabled: true,
                limits: new.limits,
                created_at: self.now(),
                rotated_at: None,
                previous: None,
            };
            let mut change = self.change(
                Verb::HookCreated,
                Subject::hook(&hook.id),
                &["profile", "trigger", "limits", "secret"],
            );
            // Its secret goes with the profile: none may come after that has gone.
            change.commit().require_profile(&self.id, &hook.profile, Expect::Present);
            self.seal_hook_secret(&mut change, &hook, &hook.secret_name()?, &secret)?;
            change.put_hook(&self.id, &hook, Expect::Absent);
            match self.rooms.store.commit(change).await {
                Ok(()) => return Ok(MadeHook { hook, secret: made }),
                Err(error) if error.is_conflict() => {
                    self.profile(&new.profile)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    /// One hook.
    pub fn hook(&self, id: &HookId) -> Result<Hook, Error> {
        Ok(self.hook_row(id)?.value)
    }

    /// All hooks, by id.
    pub fn hooks(&self, after: Option<&str>, limit: usize) -> Result<Page<Hook>, Error> {
        Ok(self.rooms.store.hooks(&self.id, &paging(after, limit))?.map(|row| row.value))
    }

    /// What happened at a hook: how much it took, and which requests it refused for which reason.
    pub async fn hook_notes(&self, id: &HookId) -> Result<HookNotes, Error> {
        self.hook(id)?;
        let _turn = self.rooms.notes.turn.lock().await;
        let mut notes = self.rooms.store.hook_notes(&self.id, id)?.value;
        self.rooms.notes.unwritten(id, &mut notes);
        Ok(notes)
    }

    /// Where a hook's events are sent to.
    pub fn hook_url(&self, id: &HookId) -> String {
        self.rooms.hook_url(id.as_str())
    }

    /// Lets a hook take events, or has it answer that it is gone. What it has taken is still delivered.
    pub async fn enable_hook(&self, id: &HookId, enabled: bool) -> Result<Hook, Error> {
        let mut row = self.hook_row(id)?;
        row.value.enabled = enabled;
        let verb = if enabled { Verb::HookEnabled } else { Verb::HookDisabled };
        let mut change = self.change(verb, Subject::hook(id), &["enabled"]);
        change.put_hook(&self.id, &row.value, Expect::Version(row.version));
        self.rooms.store.commit(change).await?;
        Ok(row.value)
    }

    /// Removes a hook and destroys its secrets. Its address never comes back; what it has taken is still delivered.
    pub async fn delete_hook(&self, id: &HookId) -> Result<(), Error> {
        for _ in 0..TRIES_MAX {
            let row = self.hook_row(id)?;
            let mut change = self.change(Verb::HookRemoved, Subject::hook(id), &["secret"]);
            self.destroy_hook_secrets(&mut change, &row.value)?;
            change.delete_hook(&self.id, id, Expect::Version(row.version));
            match self.rooms.store.commit(change).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    /// The first hook of a profile, if it has one.
    pub(crate) fn hook_of_profile(&self, profile: &ProfileName) -> Result<Option<HookId>, Error> {
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = self.rooms.store.hooks(&self.id, &paging)?;
            if let Some(row) = page.items.into_iter().find(|row| row.value.profile == *profile) {
                return Ok(Some(row.value.id));
            }
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => return Ok(None),
            }
        }
    }

    fn hook_row(&self, id: &HookId) -> Result<store::Versioned<Hook>, Error> {
        self.rooms.store.hook(&self.id, id)?.ok_or_else(|| Error::not_found("hook", id))
    }

    /// How the requests of a webhook trigger are signed.
    fn webhook_of(&self, profile: &ProfileName, trigger: &str) -> Result<Webhook, Error> {
        let manifest = self.connector_of(&self.profile(profile)?)?.manifest;
        let found = manifest.triggers.into_iter().find(|offered| offered.name == trigger);
        match found.map(|trigger| trigger.kind) {
            Some(TriggerKind::Webhook(webhook)) => Ok(webhook),
            Some(TriggerKind::Poll) => {
                let message = format!("the trigger {trigger:?} is polled; nobody sends to it");
                Err(Error::new(Kind::Refused, "not_a_webhook", message))
            }
            None => {
                let message =
                    format!("{} has no trigger {trigger:?}; see `lockgate connectors show`", manifest.name);
                Err(Error::new(Kind::Invalid, "unknown_trigger", message))
            }
        }
    }
}

pub(crate) fn contended() -> Error {
    let message = "the hook is changed from too many sides at once; try again";
    Error::new(Kind::Conflict, "contended", message)
}

impl From<InvalidLimits> for Error {
    fn from(error: InvalidLimits) -> Self {
        Self::new(Kind::Invalid, "invalid_limits", error.to_string())
    }
}
