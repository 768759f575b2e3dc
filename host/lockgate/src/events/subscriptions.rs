//! Subscriptions of a tenant: made, tested, given another secret, ended.

use std::collections::BTreeSet;

use domain::audit::{Subject, Verb};
use domain::event::{
    Delivery, Event, EventKind, PREVIOUS_SECRET_MS, Subscription, URL_BYTES_MAX, WAITING_MAX, secrets_owner,
};
use domain::quota::Quota;
use domain::{Secret, SecretName, SubscriptionName};
use store::{Change, Events as _, Expect, Page, Purpose, Seal, Subscriptions as _, Versioned};

use super::way;
use crate::error::{Error, Kind};
use crate::tenant::{Tenant, paging};

/// How often a change is tried again when somebody else was faster.
const CHANGE_TRIES: usize = 16;

/// A subscription to be made.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// Its name, unique within the tenant.
    pub name: SubscriptionName,
    /// Where events go, by POST.
    pub url: String,
    /// Which types; none named: all of them.
    pub kinds: BTreeSet<EventKind>,
}

/// A subscription whose secret was just made. The secret is not shown again.
#[derive(Debug)]
pub struct Subscribed {
    /// The row, without the secret.
    pub subscription: Subscription,
    /// The signing secret in text, as receivers take it: `whsec_...`.
    pub secret: Secret,
}

impl Tenant {
    /// Makes a subscription: events from now on are sent to its address, signed with the secret that is in the answer.
    /// An address that no gate would let pass is refused with the gate's own words.
    pub async fn subscribe(&self, new: NewSubscription) -> Result<Subscribed, Error> {
        self.check_url(&new.url)?;
        let now = self.now();
        let subscription = Subscription {
            name: new.name,
            url: new.url,
            kinds: new.kinds,
            enabled: true,
            disabled_because: None,
            failing_since: None,
            previous_until: None,
            created_at: now,
            updated_at: now,
        };
        let turn = self.turn().await;
        turn.has_room(Quota::Subscriptions)?;
        let (key, secret) = auth::new_signing_secret(&*self.rooms.randomness);
        for _ in 0..CHANGE_TRIES {
            if self.rooms.store.subscription(&self.id, &subscription.name)?.is_some() {
                let message =
                    format!("a subscription named {} exists; choose another name", subscription.name);
                return Err(Error::new(Kind::Conflict, "subscription_exists", message));
            }
            let fields = &["url", "kinds", "secret"];
            let mut change = self.subscription_change(Verb::SubscriptionCreated, &subscription.name, fields);
            self.enrol(change.commit())?;
            self.seal_signing(&mut change, &subscription, subscription.secret(), &key)?;
            change.put_subscription(&self.id, &subscription, Expect::Absent);
            if self.changed(change).await? {
                return Ok(Subscribed { subscription, secret });
            }
        }
        Err(contended(&subscription.name))
    }

    /// All subscriptions, by name.
    pub fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        Ok(self.rooms.store.subscriptions(&self.id)?.into_iter().map(|row| row.value).collect())
    }

    /// One subscription.
    pub fn subscription(&self, name: &SubscriptionName) -> Result<Subscription, Error> {
        Ok(self.subscription_row(name)?.value)
    }

    /// Lets events go to it again, what waits first, or stops them.
    pub async fn enable_subscription(
        &self,
        name: &SubscriptionName,
        enabled: bool,
    ) -> Result<Subscription, Error> {
        let verb = if enabled { Verb::SubscriptionEnabled } else { Verb::SubscriptionDisabled };
        for _ in 0..CHANGE_TRIES {
            let Versioned { version, mut value } = self.subscription_row(name)?;
            value.enabled = enabled;
            value.disabled_because = None;
            value.failing_since = None;
            value.updated_at = self.now();
            let mut change = self.subscription_change(verb, name, &["enabled"]);
            change.put_subscription(&self.id, &value, Expect::Version(version));
            if self.changed(change).await? {
                return Ok(value);
            }
        }
        Err(contended(name))
    }

    /// Makes another secret. For a day both sign, so that the receiver can change over; then the old one is destroyed.
    pub async fn rotate_subscription_secret(&self, name: &SubscriptionName) -> Result<Subscribed, Error> {
        let (key, secret) = auth::new_signing_secret(&*self.rooms.randomness);
        for _ in 0..CHANGE_TRIES {
            let Versioned { version, value: mut subscription } = self.subscription_row(name)?;
            let now = self.now();
            let mut change = self.subscription_change(Verb::SubscriptionSecretRotated, name, &["secret"]);
            let open = |name: SecretName| {
                self.rooms.store.open_secret(&self.id, &secrets_owner(), &name, Purpose::Signing)
            };
            if let Some(current) = subscription.secret().map(open).transpose()?.flatten() {
                let previous = subscription.previous_secret();
                self.seal_signing(&mut change, &subscription, previous, &current.secret)?;
                subscription.previous_until = Some(now.plus_ms(PREVIOUS_SECRET_MS));
            }
            self.seal_signing(&mut change, &subscription, subscription.secret(), &key)?;
            subscription.updated_at = now;
            change.put_subscription(&self.id, &subscription, Expect::Version(version));
            if self.changed(change).await? {
                return Ok(Subscribed { subscription, secret });
            }
        }
        Err(contended(name))
    }

    /// Sends an event to this one alone. How it went is in its deliveries.
    pub async fn test_subscription(&self, name: &SubscriptionName) -> Result<Event, Error> {
        let row = self.subscription_row(name)?;
        if !row.value.enabled {
            let message = format!(
                "the subscription {name} is disabled; enable it with `lockgate events enable {name}`"
            );
            return Err(Error::new(Kind::Refused, "subscription_disabled", message));
        }
        let store = &self.rooms.store;
        if store.count_waiting_deliveries(&self.id, name)? >= WAITING_MAX as u64 {
            let message = format!("{WAITING_MAX} deliveries wait for {name} already; try again later");
            return Err(Error::new(Kind::TooMany, "too_many_deliveries", message));
        }
        let now = self.now();
        let event = Event::test(self.event_id(), now, &row.value);
        let mut change = self.subscription_change(Verb::SubscriptionTested, name, &[]);
        change.commit().require_subscription(&self.id, name, Expect::Present);
        let delivery = Delivery::new(name.clone(), event.clone(), now);
        change.commit().put_delivery(&self.id, &delivery, Expect::Absent);
        store.commit(change).await?;
        Ok(event)
    }

    /// Ends a subscription, with its secrets and everything that waits for it.
    pub async fn delete_subscription(&self, name: &SubscriptionName) -> Result<(), Error> {
        let store = &self.rooms.store;
        for _ in 0..CHANGE_TRIES {
            let row = self.subscription_row(name)?;
            let mut change = self.subscription_change(Verb::SubscriptionRemoved, name, &["secret"]);
            let (owner, randomness) = (secrets_owner(), &*self.rooms.randomness);
            let names = [row.value.secret(), row.value.previous_secret()];
            for secret in names.into_iter().flatten() {
                if store.holds_secret(&self.id, &owner, &secret, Purpose::Signing)? {
                    store.delete_secret(&mut change, (&self.id, &owner, &secret), Expect::Any, randomness)?;
                }
            }
            store.forget_deliveries(change.commit(), &self.id, name)?;
            change.delete_subscription(&self.id, name, Expect::Version(row.version));
            if self.changed(change).await? {
                return Ok(());
            }
        }
        Err(contended(name))
    }

    /// What waits for a subscription, oldest first.
    pub fn waiting_deliveries(&self, name: &SubscriptionName, limit: usize) -> Result<Vec<Delivery>, Error> {
        self.subscription_row(name)?;
        let waiting = self.rooms.store.waiting_deliveries(&self.id, name, limit.min(WAITING_MAX))?;
        Ok(waiting.into_iter().map(|row| row.value).collect())
    }

    /// What was delivered or has failed, newest first.
    pub fn finished_deliveries(
        &self,
        name: &SubscriptionName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Delivery>, Error> {
        self.subscription_row(name)?;
        Ok(self.rooms.store.finished_deliveries(&self.id, name, &paging(after, limit))?)
    }

    fn subscription_row(&self, name: &SubscriptionName) -> Result<Versioned<Subscription>, Error> {
        let found = self.rooms.store.subscription(&self.id, name)?;
        found.ok_or_else(|| Error::not_found("event subscription", name))
    }

    fn subscription_change(&self, verb: Verb, name: &SubscriptionName, fields: &[&'static str]) -> Change {
        self.change(verb, Subject::subscription(name), fields)
    }

    /// False: somebody was faster, and it is to be tried again.
    async fn changed(&self, change: Change) -> Result<bool, Error> {
        match self.rooms.store.commit(change).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn check_url(&self, url: &str) -> Result<(), Error> {
        if url.len() > URL_BYTES_MAX {
            let message = format!("the address has more than {URL_BYTES_MAX} bytes; use a shorter one");
            return Err(Error::new(Kind::TooLarge, "url_too_long", message));
        }
        let judged = way::judge(&self.rooms.ceiling, url, Vec::new(), Vec::new(), 1_000);
        judged.map(drop).map_err(|denial| {
            Error::new(Kind::Refused, "url_refused", format!("the address cannot be used: {denial}"))
        })
    }

    fn seal_signing(
        &self,
        change: &mut Change,
        subscription: &Subscription,
        name: Option<SecretName>,
        key: &Secret,
    ) -> Result<(), Error> {
        let Some(name) = name else { return Err(contended(&subscription.name)) };
        let origin = way::origin(&subscription.url);
        let origin = origin.map_err(|denial| Error::new(Kind::Refused, "url_refused", denial.to_string()))?;
        let (owner, bound) = (secrets_owner(), BTreeSet::from([origin]));
        let seal = Seal {
            tenant: &self.id,
            profile: &owner,
            name: &name,
            purpose: Purpose::Signing,
            bound: &bound,
            secret: key,
            now: self.now(),
        };
        Ok(self.rooms.store.seal_secret(change, &seal, &*self.rooms.randomness)?)
    }
}

fn contended(name: &SubscriptionName) -> Error {
    let message = format!("the subscription {name} is being changed by many callers at once; try again");
    Error::new(Kind::Conflict, "contended", message)
}
