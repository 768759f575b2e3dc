//! Removing what a tenant no longer needs, from the top down: a flow, then its profiles, then their connector.
//!
//! Each is refused while the one above still uses it, so nothing ever points into the void. What goes with a row goes
//! in the same commit: a profile's secrets are destroyed with it. Runs, dead letters and the log stay as history.

use domain::audit::{Subject, Verb};
use domain::canary::Canary;
use domain::connector::ConnectorRef;
use domain::profile::Profile;
use domain::{ConnectorName, Digest, FlowName, ProfileName};
use store::{
    Cassettes as _, Change, Expect, FlowStates as _, Flows as _, Holdings as _, Inbox as _, Outbox as _,
    PAGE_ITEMS_MAX, Paging, Profiles as _, Runs as _, Secrets as _, Store,
};

use crate::error::{Error, Kind};
use crate::system::off_the_workers;
use crate::tenant::Tenant;

impl Tenant {
    /// Removes a flow: refused while a run of it is open or an accepted record waits, since that would be lost.
    ///
    /// What it has delivered is remembered: a flow made again under the name begins at the start of its source and
    /// delivers none of it twice.
    pub async fn delete_flow(&self, name: &FlowName) -> Result<(), Error> {
        let store = &self.rooms.store;
        let _turn = self.turn().await;
        // Every trigger writes the state: of a trigger and a removal at the same time, one finds it changed.
        let state = store.flow_state(&self.id, name)?;
        let Some(flow) = store.flow(&self.id, name)? else { return Err(Error::not_found("flow", name)) };
        if let Some(run) = store.open_runs_of(&self.id, name)?.into_iter().next() {
            let message = format!(
                "the run {} of {name} is open; disable the flow, wait until the run has ended, and try again",
                run.value.id
            );
            return Err(in_use(message));
        }
        let waiting = store.count_parcels(&self.id, name)?;
        if waiting > 0 {
            let message = format!(
                "{waiting} accepted records of {name} wait for delivery; run it until each is delivered or a dead letter"
            );
            return Err(in_use(message));
        }
        let events = store.count_events_of(&self.id, name)?;
        if events > 0 {
            let message =
                format!("{events} events that were taken for {name} wait; run it until each has been read");
            return Err(in_use(message));
        }
        let mut change = self.change(Verb::FlowRemoved, Subject::flow(name), &[]);
        change.delete_flow(&self.id, &flow.value, Expect::Version(flow.version));
        change.commit().delete_flow_state(&self.id, name, Expect::Version(state.version));
        self.remove(change).await
    }

    /// Removes a profile and destroys its secrets; refused while a flow uses it.
    pub async fn delete_profile(&self, name: &ProfileName) -> Result<(), Error> {
        let store = &self.rooms.store;
        if self.flow_through(name)?.is_none()
            && store.profile(&self.id, name)?.is_some_and(|row| row.value.credential.token.is_some())
        {
            // Before they are destroyed here, and as far as the provider listens.
            self.rooms.vault.revoke(&self.key_of(name)).await;
        }
        let _turn = self.turn().await;
        let Some(profile) = store.profile(&self.id, name)? else {
            return Err(Error::not_found("profile", name));
        };
        if let Some(flow) = self.flow_through(name)? {
            return Err(in_use(format!("the flow {flow} uses {name}; remove the flow first")));
        }
        if let Some(hook) = self.hook_of_profile(name)? {
            return Err(in_use(format!("the hook {hook} takes events for {name}; remove the hook first")));
        }
        let mut change =
            self.change(Verb::ProfileRemoved, Subject::profile(name), &["credential", "secrets"]);
        for secret in store.secret_names(&self.id, name)? {
            let of = (&self.id, name, &secret);
            store.delete_secret(&mut change, of, Expect::Any, &*self.rooms.randomness)?;
        }
        // What its connector tried is nobody's after it; one that is made again under the name begins unwatched.
        change.commit().delete_observation(&self.id, name);
        store.delete_cassettes_of(change.commit(), &self.id, name)?;
        change.commit().delete_drift(&self.id, name);
        change.commit().delete_token_lease(&self.id, name);
        change.commit().delete_trial(&self.id, name);
        change.delete_profile(&self.id, name, Expect::Version(profile.version));
        self.remove(change).await
    }

    /// Removes one version of a connector; refused while a profile uses it.
    pub async fn delete_connector(&self, name: &ConnectorName, version: &str) -> Result<(), Error> {
        let rooms = &self.rooms;
        let turn = self.turn().await;
        let connector = self.connector(name, Some(version))?;
        let reference = ConnectorRef { name: connector.name, version: connector.version };
        if let Some(profile) = self.profile_of(&reference)? {
            return Err(in_use(format!("the profile {profile} uses {reference}; remove the profile first")));
        }
        let mut change = self.change(Verb::ConnectorRemoved, Subject::connector(&reference), &[]);
        change.delete_connector(&self.id, &reference, Expect::Present);
        self.remove(change).await?;
        drop(turn);
        // Alone, so that nobody who uploads the same bytes finds the file there and loses it a moment later. A file that
        // is left because the process ends here is only litter.
        let _files = rooms.component_files.write().await;
        let (store, digest) = (rooms.store.clone(), connector.digest);
        Ok(off_the_workers(move || discard(&store, &digest)).await??)
    }

    async fn remove(&self, change: Change) -> Result<(), Error> {
        match self.rooms.store.commit(change).await {
            Err(error) if error.is_conflict() => {
                Err(in_use("somebody began to use it at the same moment; look again".to_owned()))
            }
            other => Ok(other?),
        }
    }

    fn flow_through(&self, profile: &ProfileName) -> Result<Option<FlowName>, Error> {
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = self.rooms.store.flows(&self.id, &paging)?;
            let uses = |flow: &domain::flow::Flow| {
                flow.source.profile == *profile || flow.destination.profile == *profile
            };
            if let Some(flow) = page.items.into_iter().map(|row| row.value).find(uses) {
                return Ok(Some(flow.name));
            }
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => return Ok(None),
            }
        }
    }

    fn profile_of(&self, connector: &ConnectorRef) -> Result<Option<ProfileName>, Error> {
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = self.rooms.store.profiles(&self.id, &paging)?;
            let uses = |profile: &Profile| {
                let tries = |canary: &Canary| canary.version == connector.version;
                profile.connector.name == connector.name
                    && (profile.connector.version == connector.version
                        || profile.canary.as_ref().is_some_and(tries))
            };
            if let Some(row) = page.items.into_iter().find(|row| uses(&row.value)) {
                return Ok(Some(row.value.name));
            }
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => return Ok(None),
            }
        }
    }
}

fn discard(store: &Store, digest: &Digest) -> Result<(), store::StoreError> {
    if store.is_component_held(digest)? { Ok(()) } else { store.discard_component(digest) }
}

fn in_use(message: String) -> Error {
    Error::new(Kind::Conflict, "in_use", message)
}
