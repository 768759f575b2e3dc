//! Profiles as rows: create, list, show, enable, disable.

use axum::Json;
use axum::http::StatusCode;
use domain::ProfileName;
use lockgate::{AuthChoice, NewProfile, TracingChange};

use super::shown;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, Page, ProfileSummary};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

/// Makes a profile: enabled, with nothing granted and no credential.
#[utoipa::path(
    post, path = "/v1/profiles", tag = "profiles", request_body = dto::NewProfile,
    responses((status = 201, description = "Made.", body = dto::Profile))
)]
pub(crate) async fn create_profile(
    OfTenant(tenant): OfTenant,
    Body(new): Body<dto::NewProfile>,
) -> Result<(StatusCode, Json<dto::Profile>), Problem> {
    let version = new.version.as_deref().map(str::parse).transpose().map_err(|_| {
        Problem::bad_request("invalid_version", "version is a semantic version, for instance 1.4.0")
    })?;
    let egress_address = new.egress_address.as_deref().map(str::parse).transpose();
    let egress_address = egress_address.map_err(|_| {
        Problem::bad_request(
            "invalid_egress_address",
            "egress_address is an IP address, for instance 192.0.2.10",
        )
    })?;
    let profile = tenant
        .create_profile(NewProfile {
            name: new.name.parse()?,
            connector: new.connector.parse()?,
            version,
            config: new.config.unwrap_or_else(|| serde_json::json!({})),
            auth: new.auth.map(|auth| AuthChoice { kind: auth.kind, user: auth.user }),
            rate: new.rate.map(Into::into),
            egress_address,
        })
        .await?;
    Ok((StatusCode::CREATED, Json(shown(&tenant, profile)?)))
}

/// All profiles, by name.
#[utoipa::path(
    get, path = "/v1/profiles", tag = "profiles", params(Paging),
    responses((status = 200, description = "One page.", body = Page<ProfileSummary>))
)]
pub(crate) async fn list_profiles(
    OfTenant(tenant): OfTenant,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ProfileSummary>>, Problem> {
    let page = tenant.profiles(paging.after()?, paging.limit()?)?;
    let now = tenant.now();
    Ok(Json(Page::of(page, |profile| ProfileSummary::new(&profile, now))))
}

/// One profile: its status, and what was requested beside what was granted. Never a secret.
#[utoipa::path(
    get, path = "/v1/profiles/{name}", tag = "profiles", params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile.", body = dto::Profile))
)]
pub(crate) async fn show_profile(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.profile(&name)?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Lets flows and calls use the profile.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/enable", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn enable_profile(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.enable(&name, true).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Stops flows and calls from using the profile.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/disable", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn disable_profile(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.enable(&name, false).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Says what the log keeps of the profile's requests, and what is sent beside them.
#[utoipa::path(
    put, path = "/v1/profiles/{name}/tracing", tag = "profiles", request_body = dto::NewTracing,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn set_tracing(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(new): Body<dto::NewTracing>,
) -> Result<Json<dto::Profile>, Problem> {
    let change = TracingChange { log_bodies: new.log_bodies, send_correlation: new.send_correlation };
    let profile = tenant.set_tracing(&name, change).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Removes the profile and destroys its secrets; refused while a flow uses it.
#[utoipa::path(
    delete, path = "/v1/profiles/{name}", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 204, description = "It is gone, and its secrets with it."))
)]
pub(crate) async fn delete_profile(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<StatusCode, Problem> {
    tenant.delete_profile(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
