//! Whose signature the tenant wants under an upload.

use axum::Json;

use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::Signers;
use crate::problem::Problem;

/// The keys of which one must have signed an upload. An empty list: unsigned components are taken.
#[utoipa::path(
    get, path = "/v1/signers", tag = "connectors",
    responses((status = 200, description = "The public keys.", body = Signers))
)]
pub(crate) async fn list_signers(OfTenant(tenant): OfTenant) -> Result<Json<Signers>, Problem> {
    Ok(Json(Signers::of(&tenant.signers()?)))
}

/// Replaces the keys. What was uploaded before stays as it is.
#[utoipa::path(
    put, path = "/v1/signers", tag = "connectors", request_body = Signers,
    responses((status = 200, description = "The keys as they are now.", body = Signers))
)]
pub(crate) async fn set_signers(
    OfTenant(tenant): OfTenant,
    Body(signers): Body<Signers>,
) -> Result<Json<Signers>, Problem> {
    let mut keys = Vec::new();
    for (at, text) in signers.signers.iter().enumerate() {
        let key = text.parse().map_err(|error: domain::signing::InvalidSigning| {
            Problem::bad_request("invalid_signing", format!("signers[{at}]: {error}"))
        })?;
        keys.push(key);
    }
    Ok(Json(Signers::of(&tenant.set_signers(keys).await?)))
}
