//! Events: what happened, and subscriptions to be told of it.

use axum::Json;
use axum::http::StatusCode;
use domain::SubscriptionName;
use domain::event::EventKind;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{Event, EventDelivery, NewSubscription, Page, Subscription, SubscriptionMade};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfEvents {
    /// Of this type only.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The most items; 1 to 500, 100 unless given.
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// What happened lately, newest first.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(OfEvents),
    responses((status = 200, description = "One page.", body = Page<Event>))
)]
pub(crate) async fn list_events(
    OfTenant(tenant): OfTenant,
    Query(OfEvents { kind, limit, after }): Query<OfEvents>,
) -> Result<Json<Page<Event>>, Problem> {
    let paging = Paging::new(limit, after);
    let kind = kind.as_deref().map(kind_of).transpose()?;
    Ok(Json(Page::of(tenant.events(kind, paging.after()?, paging.limit()?)?, Event::from)))
}

/// All subscriptions, by name.
#[utoipa::path(
    get, path = "/v1/event-subscriptions", tag = "events",
    responses((status = 200, description = "All of them.", body = Page<Subscription>))
)]
pub(crate) async fn list_subscriptions(
    OfTenant(tenant): OfTenant,
) -> Result<Json<Page<Subscription>>, Problem> {
    let items = tenant.subscriptions()?.into_iter().map(Into::into).collect();
    Ok(Json(Page { items, next: None }))
}

/// Makes a subscription. The secret that verifies its signatures is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/v1/event-subscriptions", tag = "events", request_body = NewSubscription,
    responses((status = 201, description = "Made.", body = SubscriptionMade))
)]
pub(crate) async fn create_subscription(
    OfTenant(tenant): OfTenant,
    Body(new): Body<NewSubscription>,
) -> Result<(StatusCode, Json<SubscriptionMade>), Problem> {
    let kinds = new.types.iter().map(|kind| kind_of(kind)).collect::<Result<_, _>>()?;
    let new = lockgate::NewSubscription { name: new.name.parse()?, url: new.url, kinds };
    Ok((StatusCode::CREATED, Json(made(tenant.subscribe(new).await?)?)))
}

/// One subscription.
#[utoipa::path(
    get, path = "/v1/event-subscriptions/{name}", tag = "events",
    params(("name" = String, Path, description = "The subscription.")),
    responses((status = 200, description = "The subscription.", body = Subscription))
)]
pub(crate) async fn show_subscription(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
) -> Result<Json<Subscription>, Problem> {
    Ok(Json(tenant.subscription(&name)?.into()))
}

/// Sends events again, what waits first.
#[utoipa::path(
    post, path = "/v1/event-subscriptions/{name}/enable", tag = "events",
    params(("name" = String, Path, description = "The subscription.")),
    responses((status = 200, description = "The subscription as it is now.", body = Subscription))
)]
pub(crate) async fn enable_subscription(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
) -> Result<Json<Subscription>, Problem> {
    Ok(Json(tenant.enable_subscription(&name, true).await?.into()))
}

/// Sends no more events. What waits goes on waiting.
#[utoipa::path(
    post, path = "/v1/event-subscriptions/{name}/disable", tag = "events",
    params(("name" = String, Path, description = "The subscription.")),
    responses((status = 200, description = "The subscription as it is now.", body = Subscription))
)]
pub(crate) async fn disable_subscription(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
) -> Result<Json<Subscription>, Problem> {
    Ok(Json(tenant.enable_subscription(&name, false).await?.into()))
}

/// Sends an event of the type `event_subscription.test` to this subscription alone.
#[utoipa::path(
    post, path = "/v1/event-subscriptions/{name}/test", tag = "events",
    params(("name" = String, Path, description = "The subscription.")),
    responses((status = 202, description = "On its way.", body = Event))
)]
pub(crate) async fn test_subscription(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
) -> Result<(StatusCode, Json<Event>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(tenant.test_subscription(&name).await?.into())))
}

/// Makes another secret. For a day the one before signs as well.
#[utoipa::path(
    post, path = "/v1/event-subscriptions/{name}/rotate-secret", tag = "events",
    params(("name" = String, Path, description = "The subscription.")),
    responses((status = 200, description = "The new secret.", body = SubscriptionMade))
)]
pub(crate) async fn rotate_subscription_secret(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
) -> Result<Json<SubscriptionMade>, Problem> {
    Ok(Json(made(tenant.rotate_subscription_secret(&name).await?)?))
}

/// What was sent: on the first page what still waits, oldest first; then what is over, newest first.
#[utoipa::path(
    get, path = "/v1/event-subscriptions/{name}/deliveries", tag = "events",
    params(("name" = String, Path, description = "The subscription."), Paging),
    responses((status = 200, description = "One page.", body = Page<EventDelivery>))
)]
pub(crate) async fn list_deliveries(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<EventDelivery>>, Problem> {
    let limit = paging.limit()?;
    let finished = tenant.finished_deliveries(&name, paging.after()?, limit)?;
    let mut page = Page::of(finished, EventDelivery::from);
    if paging.after()?.is_none() {
        let waiting = tenant.waiting_deliveries(&name, limit)?.into_iter().map(EventDelivery::from);
        page.items.splice(0..0, waiting);
    }
    Ok(Json(page))
}

/// Ends a subscription, with its secret and what waits for it.
#[utoipa::path(
    delete, path = "/v1/event-subscriptions/{name}", tag = "events",
    params(("name" = String, Path, description = "The subscription.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_subscription(
    OfTenant(tenant): OfTenant,
    Path(name): Path<SubscriptionName>,
) -> Result<StatusCode, Problem> {
    tenant.delete_subscription(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn kind_of(text: &str) -> Result<EventKind, Problem> {
    text.parse().map_err(|error: domain::event::UnknownKind| {
        Problem::bad_request("unknown_event_type", error.to_string())
    })
}

fn made(subscribed: lockgate::Subscribed) -> Result<SubscriptionMade, Problem> {
    let secret = std::str::from_utf8(subscribed.secret.expose());
    let secret = secret.map_err(|_| Problem::internal("a signing secret is no text"))?.to_owned();
    Ok(SubscriptionMade { secret, subscription: subscribed.subscription.into() })
}
