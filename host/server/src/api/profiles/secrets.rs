//! Secrets of a profile: written, never read.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use domain::parts::Parts;
use domain::profile::{CredentialTerms, ROTATE_AFTER_MS};
use domain::{ProfileName, Secret, SecretName, Timestamp};

use super::shown;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, CredentialValue, SecretValue};
use crate::path::Path;
use crate::problem::Problem;

/// Stores the credential, sealed and bound to the hosts that the connector asks for. An old one is destroyed.
#[utoipa::path(
    put, path = "/v1/profiles/{name}/credential", tag = "profiles", request_body = CredentialValue,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn set_credential(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(credential): Body<CredentialValue>,
) -> Result<Json<dto::Profile>, Problem> {
    let CredentialValue { value, parts, expires_at, expires_in_s, rotate_after_days } = credential;
    let expires_at = match (expires_at, expires_in_s) {
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("invalid_expiry", "give expires_at or expires_in_s, not both"));
        }
        (Some(text), None) => Some(Timestamp::try_from(text).map_err(|error| {
            Problem::bad_request("invalid_expiry", format!("expires_at cannot be read: {error}"))
        })?),
        (None, seconds) => seconds.map(|seconds| tenant.now().plus_ms(seconds.saturating_mul(1_000))),
    };
    let days = rotate_after_days.map(|days| u64::from(days).saturating_mul(86_400_000));
    let terms = CredentialTerms { expires_at, rotate_after_ms: days.unwrap_or(ROTATE_AFTER_MS) };
    let secret = into_credential(value, parts)?;
    let profile = tenant.set_credential_on(&name, secret, terms).await?;
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

/// One value as it stands, several parts as the one text that is sealed.
fn into_credential(
    value: Option<String>,
    parts: Option<BTreeMap<String, String>>,
) -> Result<Secret, Problem> {
    match (value, parts) {
        (Some(value), None) => into_secret(SecretValue { value }),
        (None, Some(parts)) => {
            let parts = parts.into_iter().map(|(name, part)| (name, Secret::new(part)));
            let sealed = Parts::new(parts).and_then(|parts| parts.seal());
            sealed.map_err(|error| Problem::bad_request("invalid_credential", error.to_string()))
        }
        _ => Err(Problem::bad_request("invalid_credential", "give either `value` or `parts`")),
    }
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
