//! Replays of many dead letters: planned, started, watched, cancelled.

use axum::Json;
use axum::http::StatusCode;
use domain::ReplayJobId;
use domain::dead_letter::StateName;
use lockgate::Replay;

use super::dead_letters::OfLetters;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{NewReplay, Page, ReplayJob, ReplayPlan};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

const PER_SECOND: u32 = 10;
/// Letters that a plan shows.
const SHOWN: usize = 10;

/// Replays every parked dead letter of a filter, oldest first, at a pace. A dry run only says how many there are and
/// which come first.
#[utoipa::path(
    post, path = "/v1/replays", tag = "dead letters", request_body = NewReplay,
    responses(
        (status = 202, description = "It goes on behind this answer, also through a restart.", body = ReplayPlan),
        (status = 200, description = "What it would send.", body = ReplayPlan),
    )
)]
pub(crate) async fn start_replay(
    OfTenant(tenant): OfTenant,
    Body(new): Body<NewReplay>,
) -> Result<(StatusCode, Json<ReplayPlan>), Problem> {
    let NewReplay { flow, code, blame, since, until, key, dry_run, per_second, as_new } = new;
    let of = OfLetters { flow, code, blame, since, until, key, ..OfLetters::default() };
    let mut filter = of.filter()?;
    filter.state = Some(StateName::Parked);
    let counted = tenant.count_dead_letters(&filter, SHOWN)?;
    let job = if dry_run {
        None
    } else {
        let job = tenant.replay_many(filter, per_second.unwrap_or(PER_SECOND), Replay { as_new }).await?;
        Some(job.into())
    };
    let status = if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED };
    let first = counted.first.iter().map(Into::into).collect();
    Ok((status, Json(ReplayPlan { count: counted.count, more: counted.more, first, job })))
}

/// Replays of many letters, newest first.
#[utoipa::path(
    get, path = "/v1/replays", tag = "dead letters", params(Paging),
    responses((status = 200, description = "One page.", body = Page<ReplayJob>))
)]
pub(crate) async fn list_replays(
    OfTenant(tenant): OfTenant,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ReplayJob>>, Problem> {
    let page = tenant.replay_jobs(paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, ReplayJob::from)))
}

/// One of them.
#[utoipa::path(
    get, path = "/v1/replays/{id}", tag = "dead letters",
    params(("id" = String, Path, description = "The replay.")),
    responses((status = 200, description = "Where it stands.", body = ReplayJob))
)]
pub(crate) async fn show_replay(
    OfTenant(tenant): OfTenant,
    Path(id): Path<ReplayJobId>,
) -> Result<Json<ReplayJob>, Problem> {
    Ok(Json(tenant.replay_job(&id)?.into()))
}

/// Ends a replay; what was sent goes on.
#[utoipa::path(
    post, path = "/v1/replays/{id}/cancel", tag = "dead letters",
    params(("id" = String, Path, description = "The replay.")),
    responses((status = 200, description = "As it ended.", body = ReplayJob))
)]
pub(crate) async fn cancel_replay(
    OfTenant(tenant): OfTenant,
    Path(id): Path<ReplayJobId>,
) -> Result<Json<ReplayJob>, Problem> {
    Ok(Json(tenant.cancel_replay_job(&id).await?.into()))
}
