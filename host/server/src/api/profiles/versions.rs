//! Another version of a profile's connector: what it asks for, and the way to it.

use axum::Json;
use domain::ProfileName;

use super::shown;
use crate::api::connectors::Version as VersionQuery;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, Consent, Diff, Judgements, NewJudgement, Upgrade};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Query;

/// What another version asks for, beside the one in use. Its digest is what consent names.
#[utoipa::path(
    get, path = "/v1/profiles/{name}/diff", tag = "profiles",
    params(("name" = String, Path, description = "The profile."), VersionQuery),
    responses((status = 200, description = "The difference.", body = Diff))
)]
pub(crate) async fn show_diff(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Query(VersionQuery { version }): Query<VersionQuery>,
) -> Result<Json<Diff>, Problem> {
    Ok(Json(tenant.diff(&name, version.as_deref())?.into()))
}

/// Plays recorded calls of the profile to another version, and says what it sends and returns otherwise. Nothing is
/// reached and nothing is kept. Refused with `recording_ended` unless the owner's consent to record the profile stands.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/judge", tag = "profiles", request_body = NewJudgement,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "What the version makes of each call.", body = Judgements))
)]
pub(crate) async fn judge(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(new): Body<NewJudgement>,
) -> Result<Json<Judgements>, Problem> {
    let judged = Box::pin(tenant.judge(&name, new.version.as_deref(), new.limit)).await;
    Ok(Json(judged.map_err(|error| Problem::at(error, tenant.now()))?.into()))
}

/// Moves the profile to a version that asks for no more. One that does is refused with `consent_needed`.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/upgrade", tag = "profiles", request_body = Upgrade,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn upgrade(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(upgrade): Body<Upgrade>,
) -> Result<Json<dto::Profile>, Problem> {
    let profile = tenant.upgrade(&name, upgrade.version.as_deref()).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Agrees to one difference: moves the profile to that version and grants what it adds. Refused with `diff_changed`
/// where the difference is another one than was shown.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/consent", tag = "profiles", request_body = Consent,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn consent(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(consent): Body<Consent>,
) -> Result<Json<dto::Profile>, Problem> {
    let digest = consent.diff.parse().map_err(|_| {
        Problem::bad_request("invalid_digest", "diff is the `digest` of the difference, as it was given")
    })?;
    let profile = tenant.consent(&name, &consent.version, &digest).await?;
    Ok(Json(shown(&tenant, profile)?))
}
