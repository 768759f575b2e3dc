//! The audit trail: a tenant's token reads its tenant's, an operator's token the host's.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::audit::Head;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::caller::OwnTrail;
use crate::dto::{AuditEntry, AuditVerdict, Page};
use crate::problem::Problem;
use crate::query::{Paging, Query};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Noted {
    /// A head that was noted earlier, as NUMBER:DIGEST; the chain must contain it.
    head: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Behind {
    /// The number of the last entry that the caller has; 0 for none.
    after: Option<u64>,
    /// The most entries; 1 to 500, 500 unless given.
    limit: Option<usize>,
}

/// Entries, newest first. Reading leaves none.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", params(Paging),
    responses((status = 200, description = "One page.", body = Page<AuditEntry>))
)]
pub(crate) async fn list_audit(
    OwnTrail(trail): OwnTrail,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let page = trail.entries(paging.after()?, paging.limit()?)?;
    Ok(Json(Page::of(page, AuditEntry::from)))
}

/// Reads the whole chain, and names the first entry that is not as it was written.
#[utoipa::path(
    get, path = "/v1/audit/verify", tag = "audit", params(Noted),
    responses((status = 200, description = "Whether it is whole.", body = AuditVerdict))
)]
pub(crate) async fn verify_audit(
    OwnTrail(trail): OwnTrail,
    Query(Noted { head }): Query<Noted>,
) -> Result<Json<AuditVerdict>, Problem> {
    let wrong =
        |error: String| Problem::bad_request("invalid_query", format!("head cannot be read: {error}"));
    let head: Option<Head> = head.map(|text| text.parse().map_err(wrong)).transpose()?;
    let verdict = trail.verify(head).await?;
    Ok(Json(AuditVerdict::of(trail.chain(), verdict)))
}

/// The entries behind a number, oldest first, one JSON object a line. No line is the end: whoever collects goes on from
/// the number of the last line.
#[utoipa::path(
    get, path = "/v1/audit/export", tag = "audit", params(Behind),
    responses((status = 200, description = "One entry a line.", body = String, content_type = "application/x-ndjson"))
)]
pub(crate) async fn export_audit(
    OwnTrail(trail): OwnTrail,
    Query(Behind { after, limit }): Query<Behind>,
) -> Result<Response, Problem> {
    let limit = Paging::new(Some(limit.unwrap_or(500)), None).limit()?;
    let mut lines = String::new();
    for entry in trail.behind(after.unwrap_or(0), limit)? {
        let line = serde_json::to_string(&AuditEntry::from(entry));
        lines.push_str(&line.map_err(|_| Problem::internal("an audit entry cannot be written as JSON"))?);
        lines.push('\n');
    }
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}
