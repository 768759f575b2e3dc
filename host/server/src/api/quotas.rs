//! Quotas: what a tenant holds and may hold, for itself and for an operator.

use axum::Json;
use axum::extract::State;
use domain::TenantId;
use lockgate::{Host, Tenant};

use crate::caller::{AsOperator, OfTenant};
use crate::dto::{Page, QuotaUsage};
use crate::path::Path;
use crate::problem::Problem;

/// What the tenant holds of each quota, and how much it may hold.
#[utoipa::path(
    get, path = "/v1/quotas", tag = "quotas",
    responses((status = 200, description = "One item for each quota.", body = Page<QuotaUsage>))
)]
pub(crate) async fn show_quotas(OfTenant(tenant): OfTenant) -> Result<Json<Page<QuotaUsage>>, Problem> {
    usage(&tenant)
}

/// The same of one tenant, for an operator. It tells numbers only.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/quotas", tag = "quotas",
    params(("tenant" = String, Path, description = "The tenant.")),
    responses((status = 200, description = "One item for each quota.", body = Page<QuotaUsage>))
)]
pub(crate) async fn show_tenants_quotas(
    _: AsOperator,
    State(host): State<Host>,
    Path(tenant): Path<TenantId>,
) -> Result<Json<Page<QuotaUsage>>, Problem> {
    usage(&host.tenant(tenant.as_str())?)
}

fn usage(tenant: &Tenant) -> Result<Json<Page<QuotaUsage>>, Problem> {
    let items = tenant.usage()?.into_iter().map(QuotaUsage::from).collect();
    Ok(Json(Page { items, next: None }))
}
