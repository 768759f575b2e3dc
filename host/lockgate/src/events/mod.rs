//! Events: what happened, who subscribed to it, and how each is brought there.
//!
//! They are written by whoever makes what they tell of, in the same commit, with one delivery for each subscription
//! (`store`). `courier` finds what is due, `deliver` makes one attempt, `way` is the policy that it goes by.

pub(crate) mod courier;
mod deliver;
mod subscriptions;
mod way;

use domain::event::{Event, EventKind};
use domain::profile::{Profile, StatusChange};
use domain::{EventId, Timestamp};
use store::{Commit, EventFilter, Events as _, Page};

pub use subscriptions::{NewSubscription, Subscribed};

use crate::error::Error;
use crate::tenant::{Tenant, paging};

impl Tenant {
    /// What happened lately, newest first.
    pub fn events(
        &self,
        kind: Option<EventKind>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Event>, Error> {
        Ok(self.rooms.store.events(&self.id, EventFilter { kind }, &paging(after, limit))?)
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId::make(&*self.rooms.clock, &*self.rooms.randomness)
    }

    /// Adds the event of a changed status to the commit that changes it.
    pub(crate) fn tell_status(
        &self,
        commit: &mut Commit,
        profile: &Profile,
        change: Option<StatusChange>,
    ) -> Result<(), Error> {
        let Some(change) = change else { return Ok(()) };
        let event = Event::status_changed(self.event_id(), profile, &change);
        Ok(self.rooms.store.tell(commit, &self.id, &event)?)
    }

    /// Adds the event of a replaced credential to the commit that replaces it.
    pub(crate) fn tell_rotated(
        &self,
        commit: &mut Commit,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<(), Error> {
        let event = Event::rotated(self.event_id(), now, profile);
        Ok(self.rooms.store.tell(commit, &self.id, &event)?)
    }
}
