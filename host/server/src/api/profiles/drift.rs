//! Drift: what comes otherwise than declared.

use axum::Json;
use axum::http::StatusCode;
use domain::ProfileName;

use crate::caller::OfTenant;
use crate::dto::Drift;
use crate::path::Path;
use crate::problem::Problem;

/// What came from the profile's remote otherwise than its connector declares it. What breaks a declaration is parked as
/// a dead letter, unless the flow says `report`.
#[utoipa::path(
    get, path = "/v1/profiles/{name}/drift", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "Each difference once.", body = Drift))
)]
pub(crate) async fn show_drift(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<Drift>, Problem> {
    Ok(Json(tenant.drift(&name)?.into()))
}

/// Forgets what was met, because somebody has seen to it. What still differs is met again.
#[utoipa::path(
    delete, path = "/v1/profiles/{name}/drift", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 204, description = "Forgotten."))
)]
pub(crate) async fn clear_drift(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<StatusCode, Problem> {
    tenant.clear_drift(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
