//! Secrets of a profile: written, never read.

use axum::Json;
use axum::http::StatusCode;
use domain::{ProfileName, Secret, SecretName};

use super::shown;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, SecretValue};
use crate::path::Path;
use crate::problem::Problem;

/// Stores the credential, sealed and bound to the hosts that the connector asks for. An old one is destroyed.
#[utoipa::path(
    put, path = "/v1/profiles/{name}/credential", tag = "profiles", request_body = SecretValue,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn set_credential(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(secret): Body<SecretValue>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.set_credential(&name, into_secret(secret)?).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Stores a secret that the connector may use by handle, under a name that its manifest declares.
#[utoipa::path(
    put, path = "/v1/profiles/{name}/secrets/{secret}", tag = "profiles", request_body = SecretValue,
    params(
        ("name" = String, Path, description = "The profile."),
        ("secret" = String, Path, description = "The name that the manifest declares."),
    ),
    responses((status = 204, description = "Stored."))
)]
pub(crate) async fn set_secret(
    OfTenant(tenant): OfTenant,
    Path((name, secret_name)): Path<(ProfileName, SecretName)>,
    Body(secret): Body<SecretValue>,
) -> Result<StatusCode, Problem> {
    tenant.set_secret(&name, &secret_name, into_secret(secret)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn into_secret(secret: SecretValue) -> Result<Secret, Problem> {
    if secret.value.is_empty() {
        return Err(Problem::bad_request(
            "empty_secret",
            "the value is empty; a secret has at least one character",
        ));
    }
    Ok(Secret::new(secret.value))
}
