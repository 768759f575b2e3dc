//! OAuth 2 of a profile: a link to the consent, a new token, the end of both.

use axum::Json;
use axum::http::StatusCode;
use domain::ProfileName;

use super::shown;
use crate::caller::OfTenant;
use crate::dto::{self, Connect};
use crate::path::Path;
use crate::problem::Problem;

/// Makes a link to the provider's consent, good once and for ten minutes. For a profile that is connected, the new
/// consent takes the place of the old at once when it comes back.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/connect", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 201, description = "To be opened in a browser.", body = Connect))
)]
pub(crate) async fn connect(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<(StatusCode, Json<Connect>), Problem> {
    let connect = tenant.connect(&name).await?;
    let expires_at = connect.expires_at.to_string();
    Ok((StatusCode::CREATED, Json(Connect { url: connect.url, expires_at })))
}

/// Gives the tokens back to the provider, as far as it listens, and destroys them.
#[utoipa::path(
    delete, path = "/v1/profiles/{name}/connect", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn disconnect(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.disconnect(&name).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Gets a new token now, also where the provider has refused one before.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/token", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn renew_token(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.renew_token(&name).await?;
    Ok(Json(shown(&tenant, profile)?))
}
