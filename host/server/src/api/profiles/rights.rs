//! What a profile may do: grant and revoke, by name.

use std::collections::BTreeSet;

use axum::Json;
use domain::egress::Origin;
use domain::{ProfileName, ScopeName};

use super::shown;
use crate::body::Json as Body;
use crate::caller::OfTenant;
use crate::dto::{self, Rights};
use crate::path::Path;
use crate::problem::Problem;

/// Adds to what the profile may do. What its connector does not ask for is refused, and nothing is changed.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/grant", tag = "profiles", request_body = Rights,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn grant(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(rights): Body<Rights>,
) -> Result<Json<dto::Profile>, Problem> {
    let (hosts, scopes) = parse(&rights)?;
    let profile = tenant.grant(&name, &hosts, &scopes).await?;
    Ok(Json(shown(&tenant, profile)?))
}

/// Takes back what the profile may do. What was never granted is not an error.
#[utoipa::path(
    post, path = "/v1/profiles/{name}/revoke", tag = "profiles", request_body = Rights,
    params(("name" = String, Path, description = "The profile.")),
    responses((status = 200, description = "The profile as it is now.", body = dto::Profile))
)]
pub(crate) async fn revoke(
    OfTenant(tenant): OfTenant,
    Path(name): Path<ProfileName>,
    Body(rights): Body<Rights>,
) -> Result<Json<dto::Profile>, Problem> {
    let (hosts, scopes) = parse(&rights)?;
    let profile = tenant.revoke(&name, &hosts, &scopes).await?;
    Ok(Json(shown(&tenant, profile)?))
}

fn parse(rights: &Rights) -> Result<(BTreeSet<Origin>, BTreeSet<ScopeName>), Problem> {
    if rights.hosts.is_empty() && rights.scopes.is_empty() {
        return Err(Problem::bad_request("nothing_named", "name at least one of `hosts` or `scopes`"));
    }
    let mut hosts = BTreeSet::new();
    for (at, text) in rights.hosts.iter().enumerate() {
        let host = text.parse().map_err(|error: domain::egress::InvalidOrigin| {
            Problem::bad_request("invalid_host", format!("hosts[{at}]: {error}"))
        })?;
        hosts.insert(host);
    }
    let mut scopes = BTreeSet::new();
    for (at, text) in rights.scopes.iter().enumerate() {
        let scope = text.parse().map_err(|error: domain::InvalidId| {
            Problem::bad_request("invalid_scope", format!("scopes[{at}]: {error}"))
        })?;
        scopes.insert(scope);
    }
    Ok((hosts, scopes))
}
