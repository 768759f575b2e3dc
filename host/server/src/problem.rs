//! Every error as `application/problem+json` (RFC 9457), with a stable code and who has to act.
//!
//! The body tells a caller what to do and nothing of the inside: the text of an internal error goes to the log, and
//! the response carries the correlation id under which it stands there.

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{Blame, CorrelationId, InvalidId, Timestamp};
use lockgate::{Error, Kind, OsRandomness};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dto;

/// What went wrong, for programs (`code`) and for people (`detail`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:lockgate:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Box<str>,
    /// The status in words.
    #[schema(value_type = String)]
    pub title: Box<str>,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong, where, and what to do.
    pub detail: String,
    /// Stable: programs may decide by it.
    pub code: String,
    /// Who has to act.
    pub blame: dto::Blame,
    /// Where the host's own log says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// After how many seconds it is worth trying again; in the header `retry-after`.
    #[serde(skip)]
    #[schema(ignore)]
    pub retry_after_s: Option<u32>,
}

/// The media type of every error.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

impl Problem {
    /// A problem of the caller's making.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self::blaming(Blame::Operator, status, code, detail)
    }

    pub(crate) fn blaming(blame: Blame, status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:lockgate:problem:{code}").into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            blame: blame.into(),
            correlation: None,
            retry_after_s: None,
        }
    }

    /// A failure inside. What it was is written to the log only.
    pub(crate) fn internal(what: &str) -> Self {
        let correlation = CorrelationId::make(&OsRandomness);
        tracing::error!(%correlation, error = what, "a request failed inside");
        let detail = "the host could not do its part; its log says why, under the correlation id";
        let problem = Self::blaming(Blame::Host, StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
        Self { correlation: Some(correlation.to_string()), ..problem }
    }

    /// One body for every wrong token: it tells nobody what was nearly right.
    pub(crate) fn unauthenticated() -> Self {
        let detail = "the bearer token is missing or not valid; send `Authorization: Bearer <token>`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    pub(crate) fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    pub(crate) fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
}

impl Problem {
    /// The same as from the error alone, with how long it is not worth trying again.
    pub(crate) fn at(error: Error, now: Timestamp) -> Self {
        let left_s = error.until.map(|until| until.ms_since(now).div_ceil(1_000).max(1));
        let retry_after_s = left_s.map(|left_s| u32::try_from(left_s).unwrap_or(u32::MAX));
        Self { retry_after_s, ..Self::from(error) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Dependency => StatusCode::FAILED_DEPENDENCY,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict | Kind::OverQuota => StatusCode::CONFLICT,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unauthenticated => return Self::unauthenticated(),
            Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Guest | Kind::Remote => StatusCode::BAD_GATEWAY,
            Kind::Internal => return Self::internal(&error.message),
        };
        Self::blaming(error.blame, status, error.code, error.message)
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        Self::bad_request("invalid_id", error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, self.retry_after_s.unwrap_or(1).into());
            }
            _ => {
                if let Some(left_s) = self.retry_after_s {
                    headers.insert(RETRY_AFTER, left_s.into());
                }
            }
        }
        response
    }
}

/// The answer to a path that is none of ours.
pub(crate) async fn no_such_route() -> Problem {
    unknown_path()
}

/// The same for an address that leads nowhere.
pub(crate) fn unknown_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "there is no such path; /openapi.json lists every path",
    )
}

/// The answer to a path of ours with another method.
pub(crate) fn method_not_allowed(allowed: &str) -> Response {
    let detail = format!("this path takes {allowed}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    let mut response = problem.into_response();
    if let Ok(value) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

#[cfg(test)]
mod tests;
