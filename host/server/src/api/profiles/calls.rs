//! Calls through a profile: verify it, or run one action now.

use axum::Json;
use domain::ProfileName;

use super::shown;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, CallInputs, Called, Checked};
use crate::path::Path;
use crate::problem::Problem;

/// Verifies that target and credential work. A failed check is an answer, not a problem.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/check", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "How it went.", body = Checked))
)]
pub(crate) async fn check_profile(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<Checked>, Problem> {
    let outcome = tenant.check(&name).await.map_err(|error| Problem::at(error, tenant.now()))?;
    let status = tenant.standing(&tenant.profile(&name)?).status;
    Ok(Json(Checked { ok: outcome.is_ok(), error: outcome.err().map(Into::into), status: status.into() }))
}

/// Verifies the profile now and works out its status. At most one such call is under way; who asks meanwhile gets the
/// same answer. After a refused credential one call is let through every 30 seconds; all others get 424 `profile_backoff`.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/refresh", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn refresh_profile(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let refreshed = tenant.refresh(&name).await.map_err(|error| Problem::at(error, tenant.now()))?;
    Ok(Json(shown(&tenant, refreshed.profile)?))
}

/// Runs one action now, in a fresh sandbox. One result per input, in order.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/actions/{action}", tag = "profiles", request_body = CallInputs,
    params(
        ("name" = String, Path, description = "The profile."),
        ("action" = String, Path, description = "One of the connector's actions."),
    ),
    responses((status = 200, description = "One result per input.", body = Called))
)]
pub(crate) async fn run_action(
    OfTenant(tenant): OfTenant,
    Path((name, action)): Path<(ProfileName, String)>,
    Body(call): Body<CallInputs>,
) -> Result<Json<Called>, Problem> {
    let called = tenant.call(&name, &action, call.inputs, call.key.as_deref()).await;
    let called = called.map_err(|error| Problem::at(error, tenant.now()))?;
    Ok(Json(called.into()))
}
