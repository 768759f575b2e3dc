//! A canary: a share of a profile's work tries another version.

use axum::Json;
use domain::ProfileName;

use super::shown;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, NewCanary};
use crate::path::Path;
use crate::problem::Problem;

/// Lets a share of the profile's runs and calls go with another version, which may ask for no more than the one in use.
/// Where it fails more often, the host gives it up by itself, and what it had not delivered goes with the version in use.
#[utoipa::path(
    put, path = "/v1/profiles/{name}/canary", tag = "profiles", request_body = NewCanary,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn start_canary(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(new): Body<NewCanary>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.start_canary(&name, new.version.as_deref(), new.percent).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Ends the trial: everything goes with the version in use again.
#[utoipa::path(
    delete, path = "/v1/profiles/{name}/canary", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn stop_canary(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.stop_canary(&name).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Ends the trial and moves the profile to the version that was tried.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/canary/promote", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn promote_canary(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.promote_canary(&name).await?;
    Ok(Json(shown(&tenant, profile)?))
}
