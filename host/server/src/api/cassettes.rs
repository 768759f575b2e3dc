//! Cassettes of calls in production: what is kept, one as a file, and the consent of a profile's owner.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::{CassetteId, ProfileName, RunId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{KeptCassette, NewRecording, Page, Recording};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Query;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfProfile {
    /// Of this profile only.
    profile: Option<String>,
}

/// The cassettes that are kept, oldest first: at most 100 of a tenant.
#[utoipa::path(
    get, path = "/v1/cassettes", tag = "cassettes", params(OfProfile),
    responses((status = 200, description = "All of them.", body = Page<KeptCassette>))
)]
pub(crate) async fn list_cassettes(
    OfTenant(tenant): OfTenant,
    Query(OfProfile { profile }): Query<OfProfile>,
) -> Result<Json<Page<KeptCassette>>, Problem> {
    let profile: Option<ProfileName> = profile.map(|name| name.parse()).transpose()?;
    let kept = tenant.cassettes(profile.as_ref())?;
    Ok(Json(Page { items: kept.into_iter().map(Into::into).collect(), next: None }))
}

/// The cassettes that are kept of a run's calls, oldest first.
#[utoipa::path(
    get, path = "/v1/runs/{id}/cassettes", tag = "cassettes",
    params(("id" = String, Path, description = "The run.")),
    responses((status = 200, description = "All of them.", body = Page<KeptCassette>))
)]
pub(crate) async fn list_cassettes_of_run(
    OfTenant(tenant): OfTenant,
    Path(id): Path<RunId>,
) -> Result<Json<Page<KeptCassette>>, Problem> {
    let kept = tenant.cassettes_of_run(&id)?;
    Ok(Json(Page { items: kept.into_iter().map(Into::into).collect(), next: None }))
}

/// One cassette as a file, for `lockgate replay`. It holds what the records and the remote said, with what a name says is
/// secret taken out. That it was given out is in the audit trail.
#[utoipa::path(
    get, path = "/v1/cassettes/{id}", tag = "cassettes",
    params(("id" = String, Path, description = "The cassette.")),
    responses((status = 200, description = "The file.", body = String, content_type = "application/json"))
)]
pub(crate) async fn export_cassette(
    OfTenant(tenant): OfTenant,
    Path(id): Path<CassetteId>,
) -> Result<Response, Problem> {
    let cassette = tenant.cassette(&id).await?;
    Ok(([(CONTENT_TYPE, "application/json")], cassette.write()).into_response())
}

/// The last consent to record a profile.
#[utoipa::path(
    get, path = "/v1/profiles/{name}/recording", tag = "cassettes",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The consent, which may be over.", body = Recording))
)]
pub(crate) async fn show_recording(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<Recording>, Problem> {
    Ok(Json(tenant.recording(&name)?.into()))
}

/// Consents to keep cassettes of the profile's calls for a while, or takes that back.
#[utoipa::path(
    put, path = "/v1/profiles/{name}/recording", tag = "cassettes", request_body = NewRecording,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The consent.", body = Recording))
)]
pub(crate) async fn set_recording(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(new): Body<NewRecording>,
) -> Result<Json<Recording>, Problem> {
    let recording = match new.for_ms {
        0 => tenant.stop_recording(&name).await?,
        for_ms => tenant.record_calls(&name, new.wanted.into(), for_ms).await?,
    };
    Ok(Json(recording.into()))
}
