//! Dead letters: list, show, replay.

use axum::Json;
use axum::http::StatusCode;
use domain::{DeadLetterId, FlowName};

use super::runs::OfFlow;
use crate::caller::OfTenant;
use crate::dto::{DeadLetter, DeadLetterSummary, Page, Run};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

/// Dead letters, newest first, without their bodies.
#[utoipa::path(
    get, path = "/v1/dead-letters", tag = "dead letters", params(OfFlow),
    responses((status = 200, description = "One page.", body = Page<DeadLetterSummary>))
)]
pub(crate) async fn list_dead_letters(
    OfTenant(tenant): OfTenant,
    Query(OfFlow { flow, limit, after }): Query<OfFlow>,
) -> Result<Json<Page<DeadLetterSummary>>, Problem> {
    let paging = Paging::new(limit, after);
    let flow: Option<FlowName> = flow.map(|name| name.parse()).transpose()?;
    let page = tenant.dead_letters(flow.as_ref(), paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, |letter| (&letter).into())))
}

/// One dead letter: the record as its source gave it, why it gave up, and every attempt.
#[utoipa::path(
    get, path = "/v1/dead-letters/{id}", tag = "dead letters",
    params(("id" = String, Path, description = "The dead letter.")),
    responses((status = 200, description = "The dead letter.", body = DeadLetter))
)]
pub(crate) async fn show_dead_letter(
    OfTenant(tenant): OfTenant,
    Path(id): Path<DeadLetterId>,
) -> Result<Json<DeadLetter>, Problem> {
    Ok(Json(tenant.dead_letter(&id)?.into()))
}

/// Sends a dead letter on its way again, under its old idempotency key, in a run of its own.
#[utoipa::path(
    post, path = "/v1/dead-letters/{id}/replay", tag = "dead letters",
    params(("id" = String, Path, description = "The dead letter.")),
    responses((status = 202, description = "The run that carries it.", body = Run))
)]
pub(crate) async fn replay_dead_letter(
    OfTenant(tenant): OfTenant,
    Path(id): Path<DeadLetterId>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let run = tenant.replay(&id).await?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}
