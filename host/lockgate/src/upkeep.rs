//! Looks at every profile again and again: what time alone changes is found out here, from what is written down.
//!
//! No connector and no network is involved. A credential ends, a hand-over is not finished in time: each becomes a
//! status, and an event in the same commit.

use std::sync::Arc;

use domain::audit::{Subject, Verb};
use domain::event::{Event, secrets_owner};
use domain::profile::Profile;
use domain::{TenantId, Timestamp};
use store::{
    Commit, Connectors as _, Events as _, Expect, PAGE_ITEMS_MAX, Paging, Profiles as _, StoreError,
    Subscriptions as _, Versioned,
};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::background::Floor;

pub(crate) async fn all(floor: Arc<Floor>, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(floor.tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last: Option<Timestamp> = None;
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        let now = floor.now();
        // A last time that lies ahead was told by a clock that has been set back since.
        let waits = |at: Timestamp| at <= now && now.ms_since(at) < floor.options.recompute_ms;
        if last.is_some_and(waits) {
            continue;
        }
        last = Some(now);
        if let Err(error) = everything(&floor).await {
            tracing::error!(%error, "how the profiles fare could not be worked out");
        }
    }
}

async fn everything(floor: &Floor) -> Result<(), StoreError> {
    for tenant in floor.tenants()? {
        let mut paging = Paging::first(PAGE_ITEMS_MAX);
        loop {
            let page = floor.store.profiles(&tenant, &paging)?;
            for row in page.items {
                look(floor, &tenant, row).await?;
            }
            match page.next {
                Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
                None => break,
            }
        }
        destroy_old_secrets(floor, &tenant).await?;
        loop {
            let commit = floor.store.prune_events(&tenant, floor.options.events_kept)?;
            if commit.is_empty() {
                break;
            }
            floor.store.commit(commit).await?;
        }
    }
    Ok(())
}

async fn look(floor: &Floor, tenant: &TenantId, row: Versioned<Profile>) -> Result<(), StoreError> {
    let now = floor.now();
    let mut seen = row.value.clone();
    // Rows of earlier builds do not say whether there is a host to be granted.
    if let Some(connector) = floor.store.connector(tenant, &seen.connector)? {
        seen.needs_no_host = connector.value.manifest.hosts.is_empty();
    }
    let mut events = Vec::new();
    if let Some(change) = seen.restand(now) {
        events.push(Event::status_changed(floor.event_id(), &seen, &change));
    }
    let milestones = seen.credential.life.as_mut().map(|life| life.tell(now)).unwrap_or_default();
    for milestone in milestones {
        events.push(Event::milestone(floor.event_id(), now, &seen, milestone));
    }
    if seen == row.value {
        return Ok(());
    }
    let mut commit = Commit::new();
    for event in &events {
        floor.store.tell(&mut commit, tenant, event)?;
    }
    commit.put_health(tenant, &row, seen);
    match floor.store.commit(commit).await {
        // Somebody has changed it meanwhile: the next look sees that.
        Err(error) if error.is_conflict() => Ok(()),
        other => other,
    }
}

async fn destroy_old_secrets(floor: &Floor, tenant: &TenantId) -> Result<(), StoreError> {
    for row in floor.store.subscriptions(tenant)? {
        let (version, mut subscription) = (row.version, row.value);
        let Some(name) = subscription.previous_secret() else { continue };
        if subscription.previous_until.is_none() || subscription.has_previous(floor.now()) {
            continue;
        }
        let subject = Subject::subscription(&subscription.name);
        let mut change = floor.change(tenant, Verb::SubscriptionSecretDestroyed, subject, &["secret"]);
        let owner = secrets_owner();
        let of = (tenant, &owner, &name);
        floor.store.delete_secret(&mut change, of, Expect::Any, &*floor.randomness)?;
        subscription.previous_until = None;
        change.put_subscription(tenant, &subscription, Expect::Version(version));
        match floor.store.commit(change).await {
            Err(error) if error.is_conflict() => {}
            other => other?,
        }
    }
    Ok(())
}
