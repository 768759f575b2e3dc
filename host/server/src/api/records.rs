//! Records: where one is, by its key.

use axum::Json;
use domain::FlowName;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::caller::OfTenant;
use crate::dto::{FoundRecord, FoundRecords};
use crate::problem::Problem;
use crate::query::Query;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfRecord {
    /// The key of the record in its source. Without one, nothing is found.
    key: Option<String>,
    /// Every record whose key begins so.
    #[serde(default)]
    beginning: bool,
    /// In this flow only.
    flow: Option<String>,
}

/// Where a record is: read by which run, tried how often, waiting, delivered, dropped or a dead letter. Over all flows.
#[utoipa::path(
    get, path = "/v1/records", tag = "records", params(OfRecord),
    responses((status = 200, description = "What was found; nothing is an answer too.", body = FoundRecords))
)]
pub(crate) async fn find_records(
    OfTenant(tenant): OfTenant,
    Query(OfRecord { key, beginning, flow }): Query<OfRecord>,
) -> Result<Json<FoundRecords>, Problem> {
    let key = key.ok_or_else(|| Problem::bad_request("invalid_query", "name the record: ?key=4711"))?;
    let flow: Option<FlowName> = flow.map(|name| name.parse()).transpose()?;
    let found = tenant.find_records(&key, beginning, flow.as_ref())?;
    let items = found.records.into_iter().map(FoundRecord::from).collect();
    Ok(Json(FoundRecords { items, more: found.more }))
}
