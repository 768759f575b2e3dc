//! Query parameters: typed, and refused when they are unknown or given twice.

use axum::extract::{FromRequestParts, Query as AxumQuery};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::body::expectation;
use crate::problem::Problem;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 500;
/// Longer than any cursor that the store makes.
const CURSOR_BYTES_MAX: usize = 1_024;

pub(crate) struct Query<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumQuery::<T>::from_request_parts(parts, state).await {
            Ok(AxumQuery(value)) => Ok(Self(value)),
            Err(rejection) => {
                let expected = expectation(&rejection.body_text());
                let expected = expected.unwrap_or_else(|| "see /openapi.json".to_owned());
                Err(Problem::bad_request(
                    "invalid_query",
                    format!("a query parameter cannot be read: {expected}"),
                ))
            }
        }
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The most items; 1 to 500, 100 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

impl Paging {
    pub(crate) fn new(limit: Option<usize>, after: Option<String>) -> Self {
        Self { limit, after }
    }

    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::bad_request("invalid_query", format!("limit is from 1 to {LIMIT_MAX}")));
        }
        Ok(limit)
    }

    pub(crate) fn after(&self) -> Result<Option<&str>, Problem> {
        match self.after.as_deref() {
            Some(after) if after.len() > CURSOR_BYTES_MAX => Err(Problem::bad_request(
                "invalid_query",
                "after is the `next` of the page before, as it was given",
            )),
            after => Ok(after),
        }
    }
}
