//! The log of a tenant: what its connectors said and what they sent, a page at a time or as it grows.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::{CorrelationId, ProfileName, RecordKey, RunId};
use lockgate::LogFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::caller::OfTenant;
use crate::dto::{LogEntry, LogLine, Page};
use crate::follow::{Followed, follow};
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
    /// What was done for this record only, by its key.
    record: Option<String>,
    /// Of this correlation id only: one piece of work, through host, connector and remote.
    correlation: Option<String>,
    /// Only what became of records, attempt by attempt.
    #[serde(default)]
    settled: bool,
    /// The most items; 1 to 500, 100 unless given.
    limit: Option<usize>,
    /// The `next` of the page before; where the log is followed, the `number` of the last row that the caller has.
    after: Option<String>,
    /// Go on sending rows as they are written, oldest first, one JSON object a line, until the connection ends.
    #[serde(default)]
    follow: bool,
}

/// What a filter names, read.
pub(crate) struct Named {
    pub(crate) run: Option<RunId>,
    pub(crate) profile: Option<ProfileName>,
    pub(crate) record: Option<RecordKey>,
    pub(crate) correlation: Option<CorrelationId>,
    pub(crate) settled: bool,
}

impl Named {
    pub(crate) fn filter(&self) -> LogFilter<'_> {
        LogFilter {
            run: self.run.as_ref(),
            profile: self.profile.as_ref(),
            record: self.record.as_ref(),
            correlation: self.correlation.as_ref(),
            settled: self.settled,
            after: None,
        }
    }
}

/// Rows of the log, newest first: requests with their outcome, lines of guests, calls that failed, what became of
/// records. With `follow`, rows as they are written, oldest first, one a line; whoever comes back with the number of the
/// last row as `after` misses none and sees none twice. A reader who is too slow is told how many rows were removed
/// before it came to them.
#[utoipa::path(
    get, path = "/v1/logs", tag = "logs", params(OfLog),
    responses((status = 200, description = "One page; with `follow`, one row a line.", content(
        (Page<LogEntry> = "application/json"),
        (LogLine = "application/x-ndjson"),
    )))
)]
pub(crate) async fn list_logs(
    OfTenant(tenant): OfTenant,
    State(app): State<App>,
    Query(of): Query<OfLog>,
) -> Result<Response, Problem> {
    let named = Named {
        run: of.run.map(|id| id.parse()).transpose()?,
        profile: of.profile.map(|name| name.parse()).transpose()?,
        record: of.record.map(|key| key.parse()).transpose()?,
        correlation: of.correlation.map(|id| id.parse()).transpose()?,
        settled: of.settled,
    };
    if of.follow {
        let number = |text: String| text.parse::<u64>().map_err(|_| not_a_number());
        let after = of.after.map(number).transpose()?;
        let place = app.followers.take(tenant.id()).ok_or_else(too_many)?;
        let after = after.map_or_else(|| tenant.last_log(), Ok)?;
        let body = follow(Followed { tenant, host: app.host, named, after, _place: place });
        return Ok(([(CONTENT_TYPE, "application/x-ndjson")], body).into_response());
    }
    let paging = Paging::new(of.limit, of.after);
    let filter = LogFilter { after: paging.after()?, ..named.filter() };
    let page = tenant.logs(filter, paging.limit()?)?;
    Ok(Json(Page::of(page, LogEntry::from)).into_response())
}

fn not_a_number() -> Problem {
    Problem::bad_request("invalid_query", "after is the number of the last row that was read")
}

fn too_many() -> Problem {
    let detail = "so many readers follow the tenant's log already; end one of them first";
    Problem::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "too_many_followers", detail)
}
