//! The log of a tenant: what its connectors said and what they sent.

use axum::Json;
use domain::{ProfileName, RunId};
use lockgate::LogFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::caller::OfTenant;
use crate::dto::{LogEntry, Page};
use crate::problem::Problem;
use crate::query::{Paging, Query};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfLog {
    /// Of this run only.
    run: Option<String>,
    /// Of this profile only.
    profile: Option<String>,
    /// The most items; 1 to 500, 100 unless given.
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Rows of the log, newest first: requests with their outcome, lines of guests, calls that failed.
#[utoipa::path(
    get, path = "/v1/logs", tag = "logs", params(OfLog),
    responses((status = 200, description = "One page.", body = Page<LogEntry>))
)]
pub(crate) async fn list_logs(
    OfTenant(tenant): OfTenant,
    Query(OfLog { run, profile, limit, after }): Query<OfLog>,
) -> Result<Json<Page<LogEntry>>, Problem> {
    let paging = Paging::new(limit, after);
    let run: Option<RunId> = run.map(|id| id.parse()).transpose()?;
    let profile: Option<ProfileName> = profile.map(|name| name.parse()).transpose()?;
    let filter = LogFilter { run: run.as_ref(), profile: profile.as_ref(), after: paging.after()? };
    let page = tenant.logs(filter, paging.limit()?)?;
    Ok(Json(Page::of(page, LogEntry::from)))
}
