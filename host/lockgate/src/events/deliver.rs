//! What is due of one subscription, one attempt after the other: signed, sent through the one door, and written down.
//!
//! An event that was sent and not written down is sent again with the same id: at least once, as it is promised.

use std::sync::Arc;

use domain::audit::{Subject, Verb};
use domain::event::{
    Answer, DISABLED_AFTER_MS, Delivery, DeliveryState, DisabledBecause, Event, Subscription, secrets_owner,
};
use domain::{CorrelationId, Secret, SubscriptionName, TenantId};
use egress::{Refusal, Sender};
use store::{Commit, Events as _, Expect, Purpose, StoreError, Subscriptions as _, Versioned};

use super::way;
use crate::background::Floor;

/// Attempts of one pass; the next tick goes on.
const PASS_MAX: usize = 20;
/// How often an outcome is written again because the subscription changed meanwhile.
const TRIES_MAX: usize = 5;

pub(crate) async fn pass(floor: Arc<Floor>, tenant: TenantId, name: SubscriptionName) {
    if let Err(error) = try_pass(&floor, &tenant, &name).await {
        tracing::error!(%tenant, subscription = %name, %error, "what became of an event could not be written down");
    }
}

async fn try_pass(floor: &Floor, tenant: &TenantId, name: &SubscriptionName) -> Result<(), StoreError> {
    for row in floor.store.due_deliveries(tenant, name, floor.now(), PASS_MAX)? {
        let Some(subscription) = floor.store.subscription(tenant, name)? else { return Ok(()) };
        if !subscription.value.enabled {
            return Ok(());
        }
        let answer = attempt(floor, tenant, &subscription.value, &row.value.event).await?;
        settle(floor, tenant, row, answer).await?;
    }
    Ok(())
}

async fn attempt(
    floor: &Floor,
    tenant: &TenantId,
    subscription: &Subscription,
    event: &Event,
) -> Result<Answer, StoreError> {
    let at = floor.now();
    let said = |result: Result<u16, String>| {
        let (status, error) = match result {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        Answer { at, duration_ms: floor.now().ms_since(at), status, error }
    };
    let body = event.body().to_string().into_bytes();
    let keys = keys(floor, tenant, subscription)?;
    let signature = auth::sign_event(&keys, event.id.as_str(), at, &body).filter(|_| !keys.is_empty());
    let Some(signature) = signature else {
        let missing =
            "the signing secret is missing; make another one with `lockgate events rotate-secret`".to_owned();
        return Ok(said(Err(missing)));
    };
    let headers = vec![
        ("content-type".to_owned(), b"application/json".to_vec()),
        ("webhook-id".to_owned(), event.id.as_str().as_bytes().to_vec()),
        ("webhook-timestamp".to_owned(), auth::seconds(at).to_string().into_bytes()),
        ("webhook-signature".to_owned(), signature.into_bytes()),
    ];
    let permit = match way::judge(&floor.ceiling, &subscription.url, headers, body, floor.options.answer_ms) {
        Ok(permit) => permit,
        Err(denial) => return Ok(said(Err(denial.to_string()))),
    };
    let correlation = CorrelationId::make(&*floor.randomness);
    let sender = Sender { tenant: tenant.clone(), profile: None, correlation, trace_state: None };
    let sent = Box::pin(floor.egress.send(&sender, permit, &*floor.credentials)).await;
    Ok(said(match sent.result {
        Ok(response) => Ok(response.status),
        Err(Refusal::Denied(denial)) => Err(denial.to_string()),
        Err(Refusal::Failed(failure)) => Err(failure.to_string()),
    }))
}

/// The newest first.
fn keys(floor: &Floor, tenant: &TenantId, subscription: &Subscription) -> Result<Vec<Secret>, StoreError> {
    let previous = subscription.previous_secret().filter(|_| subscription.has_previous(floor.now()));
    let owner = secrets_owner();
    let mut keys = Vec::new();
    for name in [subscription.secret(), previous].into_iter().flatten() {
        let opened = floor.store.open_secret(tenant, &owner, &name, Purpose::Signing)?;
        keys.extend(opened.map(|opened| opened.secret));
    }
    Ok(keys)
}

async fn settle(
    floor: &Floor,
    tenant: &TenantId,
    row: Versioned<Delivery>,
    answer: Answer,
) -> Result<(), StoreError> {
    let gone = answer.status == Some(410);
    let mut delivery = row.value;
    delivery.attempted(answer, floor.chance());
    let delivery = Versioned { version: row.version, value: delivery };
    let worked = matches!(delivery.value.state, DeliveryState::Delivered { .. });
    for _ in 0..TRIES_MAX {
        let Some(read) = floor.store.subscription(tenant, &delivery.value.subscription)? else {
            return Ok(());
        };
        let now = floor.now();
        let since = if worked { None } else { Some(read.value.failing_since.unwrap_or(now)) };
        let too_long = since.is_some_and(|since| now.ms_since(since) >= DISABLED_AFTER_MS);
        let commit = if gone || too_long {
            let because = if gone { DisabledBecause::Gone } else { DisabledBecause::Failing };
            let value = Subscription { failing_since: since, ..read.value };
            disable(floor, tenant, Versioned { version: read.version, value }, because, &delivery)?
        } else {
            let mut commit = Commit::new();
            commit.put_delivery(tenant, &delivery.value, Expect::Version(delivery.version));
            if read.value.failing_since != since {
                commit.put_failing_since(tenant, &read, since);
            }
            commit
        };
        match floor.store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    Ok(())
}

/// An endpoint that takes nothing for days is left alone until somebody enables it again. What waits for it waits on.
fn disable(
    floor: &Floor,
    tenant: &TenantId,
    subscription: Versioned<Subscription>,
    because: DisabledBecause,
    delivery: &Versioned<Delivery>,
) -> Result<Commit, StoreError> {
    let now = floor.now();
    let disabled = Subscription {
        enabled: false,
        disabled_because: Some(because),
        updated_at: now,
        ..subscription.value
    };
    let subject = Subject::subscription(&disabled.name);
    let mut change = floor.change(tenant, Verb::SubscriptionDisabled, subject, &["enabled"]);
    change.put_subscription(tenant, &disabled, Expect::Version(subscription.version));
    change.commit().put_delivery(tenant, &delivery.value, Expect::Version(delivery.version));
    let event = Event::subscription_disabled(floor.event_id(), now, &disabled);
    floor.store.tell(change.commit(), tenant, &event)?;
    Ok(change.into())
}
