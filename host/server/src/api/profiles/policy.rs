//! The policy of a profile: what its gates say of a request, and what its connector tried.

use axum::Json;
use domain::ProfileName;

use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{Explanation, NewExplanation, NewObservation, Proposal};
use crate::path::Path;
use crate::problem::Problem;

/// Says what every gate answers to a request, and the line that would change each refusal. The name is looked up;
/// nothing is sent, no credential is opened and no budget is spent.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/policy/explain", tag = "profiles", request_body = NewExplanation,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "One verdict for each gate, in order.", body = Explanation))
)]
pub(crate) async fn explain(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(request): Body<NewExplanation>,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(tenant.explain(&name, request.into()).await?.into()))
}

/// Takes down what the profile's connector tries, for a while, or ends that. It lets nothing through that the grant
/// does not.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/observe", tag = "profiles", request_body = NewObservation,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "What has been seen so far.", body = Proposal))
)]
pub(crate) async fn observe(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(new): Body<NewObservation>,
) -> Result<Json<Proposal>, Problem> {
    let observed = match new.for_ms {
        0 => tenant.stop_observing(&name).await?,
        for_ms => tenant.observe(&name, for_ms).await?,
    };
    Ok(Json(observed.into()))
}

/// The least policy that covers what was tried in the profile's last observation.
#[utoipa::path(
    get, path = "/v1/profiles/{name}/policy/proposal", tag = "profiles",
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "What to grant, what could go, and what no grant covers.", body = Proposal))
)]
pub(crate) async fn show_proposal(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
) -> Result<Json<Proposal>, Problem> {
    Ok(Json(tenant.observed(&name)?.into()))
}
