//! Flows: create, list, show, update, run, resume, enable, disable.

use axum::Json;
use axum::http::StatusCode;
use domain::FlowName;

use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{Flow, FlowUpdated, NewFlow, Page, Run};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

/// Makes a flow, after everything that it names has been found and its mapping has been tried.
#[utoipa::path(
    post, path = "/v1/flows", tag = "flows", request_body = NewFlow,
    responses((status = 201, description = "Made.", body = Flow))
)]
pub(crate) async fn create_flow(
    OfTenant(tenant): OfTenant,
    Body(new): Body<NewFlow>,
) -> Result<(StatusCode, Json<Flow>), Problem> {
    let flow = tenant.create_flow(new.try_into()?).await?;
    Ok((StatusCode::CREATED, Json(flow.into())))
}

/// All flows, by name.
#[utoipa::path(
    get, path = "/v1/flows", tag = "flows", params(Paging),
    responses((status = 200, description = "One page.", body = Page<Flow>))
)]
pub(crate) async fn list_flows(
    OfTenant(tenant): OfTenant,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Flow>>, Problem> {
    let page = tenant.flows(paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, Flow::from)))
}

/// One flow.
#[utoipa::path(
    get, path = "/v1/flows/{name}", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    responses((status = 200, description = "The flow.", body = Flow))
)]
pub(crate) async fn show_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
) -> Result<Json<Flow>, Problem> {
    let flow = tenant.flow(&name)?;
    let standing = tenant.flow_standing(&flow)?;
    Ok(Json(Flow { standing: Some(standing.into()), ..flow.into() }))
}

/// Gives the flow another definition, a new version. Runs that are open end with the one that they began with.
#[utoipa::path(
    put, path = "/v1/flows/{name}", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    request_body = NewFlow,
    responses((status = 200, description = "The flow as it is now, and what differs.", body = FlowUpdated))
)]
pub(crate) async fn update_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
    Body(new): Body<NewFlow>,
) -> Result<Json<FlowUpdated>, Problem> {
    let new: lockgate::NewFlow = new.try_into()?;
    if new.name != name {
        let detail = format!("the body names the flow {}, the path {name}; a flow keeps its name", new.name);
        return Err(Problem::bad_request("invalid_flow", detail));
    }
    let (flow, changes) = tenant.update_flow(new).await?;
    Ok(Json(FlowUpdated { flow: flow.into(), changes: changes.into_iter().map(Into::into).collect() }))
}

/// Goes on with a flow that stands still at a record: with that record, under the same key, in a run that begins now.
#[utoipa::path(
    post, path = "/v1/flows/{name}/resume", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    responses((status = 202, description = "The run.", body = Run))
)]
pub(crate) async fn resume_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(tenant.resume_flow(&name).await?.into())))
}

/// Starts a run. It is durable when this answers; the work goes on behind it. While a run is open, it is that one.
#[utoipa::path(
    post, path = "/v1/flows/{name}/runs", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    responses((status = 202, description = "The run.", body = Run))
)]
pub(crate) async fn run_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let run = tenant.run_flow(&name).await?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}

/// Lets the flow run.
#[utoipa::path(
    post, path = "/v1/flows/{name}/enable", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    responses((status = 200, description = "The flow as it is now.", body = Flow))
)]
pub(crate) async fn enable_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
) -> Result<Json<Flow>, Problem> {
    Ok(Json(tenant.enable_flow(&name, true).await?.into()))
}

/// Stops the flow from starting again.
#[utoipa::path(
    post, path = "/v1/flows/{name}/disable", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    responses((status = 200, description = "The flow as it is now.", body = Flow))
)]
pub(crate) async fn disable_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
) -> Result<Json<Flow>, Problem> {
    Ok(Json(tenant.enable_flow(&name, false).await?.into()))
}

/// Removes the flow; refused while a run of it is open or an accepted record waits. Its runs and dead letters stay.
#[utoipa::path(
    delete, path = "/v1/flows/{name}", tag = "flows", params(("name" = String, Path, description = "The flow.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_flow(
    OfTenant(tenant): OfTenant,
    Path(name): Path<FlowName>,
) -> Result<StatusCode, Problem> {
    tenant.delete_flow(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
