//! Runs: list, show, cancel.

use axum::Json;
use axum::http::StatusCode;
use domain::{FlowName, RunId};
use lockgate::RunsOf;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::caller::OfTenant;
use crate::dto::{Page, Run};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfFlow {
    /// Of this flow only.
    pub(super) flow: Option<String>,
    /// The most items; 1 to 500, 100 unless given.
    pub(super) limit: Option<usize>,
    /// The `next` of the page before.
    pub(super) after: Option<String>,
}

/// Runs, newest first.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs", params(OfFlow),
    responses((status = 200, description = "One page.", body = Page<Run>))
)]
pub(crate) async fn list_runs(
    OfTenant(tenant): OfTenant,
    Query(OfFlow { flow, limit, after }): Query<OfFlow>,
) -> Result<Json<Page<Run>>, Problem> {
    let paging = Paging::new(limit, after);
    let flow: Option<FlowName> = flow.map(|name| name.parse()).transpose()?;
    let page = tenant.runs(RunsOf { flow: flow.as_ref(), after: paging.after()? }, paging.limit()?)?;
    Ok(Json(Page::of(page, Run::from)))
}

/// One run: its counts, its status, and who has to act.
#[utoipa::path(
    get, path = "/v1/runs/{id}", tag = "runs", params(("id" = String, Path, description = "The run.")),
    responses((status = 200, description = "The run.", body = Run))
)]
pub(crate) async fn show_run(
    OfTenant(tenant): OfTenant,
    Path(id): Path<RunId>,
) -> Result<Json<Run>, Problem> {
    Ok(Json(tenant.run(&id)?.into()))
}

/// Asks for the end of a run. Calls under way are let finish; what it has not delivered waits for the next run.
#[utoipa::path(
    post, path = "/v1/runs/{id}/cancel", tag = "runs", params(("id" = String, Path, description = "The run.")),
    responses((status = 202, description = "The run: over, or about to end.", body = Run))
)]
pub(crate) async fn cancel_run(
    OfTenant(tenant): OfTenant,
    Path(id): Path<RunId>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(tenant.cancel_run(&id).await?.into())))
}
