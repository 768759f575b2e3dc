//! Hooks of a tenant: made, shown, given another secret, switched, tried, removed.

use axum::Json;
use axum::http::StatusCode;
use domain::HookId;

use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{Hook, HookMade, HookSample, HookShown, HookTested, NewHook, NewHookSecret, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::{Paging, Query};

/// Makes a hook for one webhook trigger of a profile. A secret that the host makes is in this answer and never again.
#[utoipa::path(
    post, path = "/v1/hooks", tag = "hooks", request_body = NewHook,
    responses((status = 201, description = "Made.", body = HookMade))
)]
pub(crate) async fn create_hook(
    OfTenant(tenant): OfTenant,
    Body(new): Body<NewHook>,
) -> Result<(StatusCode, Json<HookMade>), Problem> {
    let made = tenant.create_hook(new.try_into()?).await?;
    Ok((StatusCode::CREATED, Json(HookMade::of(&tenant, made))))
}

/// All hooks, by id.
#[utoipa::path(
    get, path = "/v1/hooks", tag = "hooks", params(Paging),
    responses((status = 200, description = "One page.", body = Page<Hook>))
)]
pub(crate) async fn list_hooks(
    OfTenant(tenant): OfTenant,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Hook>>, Problem> {
    let page = tenant.hooks(paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, |hook| Hook::of(&tenant, hook))))
}

/// One hook, with what happened at it: how much it took, and which requests it refused for which reason.
#[utoipa::path(
    get, path = "/v1/hooks/{id}", tag = "hooks", params(("id" = String, Path, description = "The hook.")),
    responses((status = 200, description = "The hook.", body = HookShown))
)]
pub(crate) async fn show_hook(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
) -> Result<Json<HookShown>, Problem> {
    let notes = tenant.hook_notes(&id).await?;
    Ok(Json(HookShown::of(&tenant, tenant.hook(&id)?, notes)))
}

/// Gives the hook another secret. The one before stays good for as long as this says.
#[utoipa::path(
    put, path = "/v1/hooks/{id}/secret", tag = "hooks", request_body = NewHookSecret,
    params(("id" = String, Path, description = "The hook.")),
    responses((status = 200, description = "The hook, and the secret if the host made it.", body = HookMade))
)]
pub(crate) async fn rotate_hook_secret(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
    Body(new): Body<NewHookSecret>,
) -> Result<Json<HookMade>, Problem> {
    let keep = new.keep();
    let made = tenant.rotate_hook_secret(&id, new.secret(), keep).await?;
    Ok(Json(HookMade::of(&tenant, made)))
}

/// Ends the time in which the secret before is still good.
#[utoipa::path(
    post, path = "/v1/hooks/{id}/retire", tag = "hooks", params(("id" = String, Path, description = "The hook.")),
    responses((status = 200, description = "The hook as it is now.", body = Hook))
)]
pub(crate) async fn retire_hook_secret(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
) -> Result<Json<Hook>, Problem> {
    let hook = tenant.retire_hook_secret(&id).await?;
    Ok(Json(Hook::of(&tenant, hook)))
}

/// Lets the hook take events.
#[utoipa::path(
    post, path = "/v1/hooks/{id}/enable", tag = "hooks", params(("id" = String, Path, description = "The hook.")),
    responses((status = 200, description = "The hook as it is now.", body = Hook))
)]
pub(crate) async fn enable_hook(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
) -> Result<Json<Hook>, Problem> {
    let hook = tenant.enable_hook(&id, true).await?;
    Ok(Json(Hook::of(&tenant, hook)))
}

/// The hook answers 410 from now on. What it has taken is still delivered.
#[utoipa::path(
    post, path = "/v1/hooks/{id}/disable", tag = "hooks", params(("id" = String, Path, description = "The hook.")),
    responses((status = 200, description = "The hook as it is now.", body = Hook))
)]
pub(crate) async fn disable_hook(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
) -> Result<Json<Hook>, Problem> {
    let hook = tenant.enable_hook(&id, false).await?;
    Ok(Json(Hook::of(&tenant, hook)))
}

/// Sends a signed sample through everything that a real event passes: it is delivered like one.
#[utoipa::path(
    post, path = "/v1/hooks/{id}/test", tag = "hooks", request_body = HookSample,
    params(("id" = String, Path, description = "The hook.")),
    responses((status = 200, description = "What became of it.", body = HookTested))
)]
pub(crate) async fn test_hook(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
    Body(sample): Body<HookSample>,
) -> Result<Json<HookTested>, Problem> {
    Ok(Json(tenant.test_hook(&id, sample.body.map(String::into_bytes)).await?.into()))
}

/// Removes the hook and destroys its secret. Its address never comes back.
#[utoipa::path(
    delete, path = "/v1/hooks/{id}", tag = "hooks", params(("id" = String, Path, description = "The hook.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_hook(
    OfTenant(tenant): OfTenant,
    Path(id): Path<HookId>,
) -> Result<StatusCode, Problem> {
    tenant.delete_hook(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
