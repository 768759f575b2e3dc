//! Parts of a path, parsed into typed ids; a part that is no id is a problem, not axum's own text.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path as AxumPath};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

pub(crate) struct Path<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumPath::<T>::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(rejection) => Err(refuse(rejection)),
        }
    }
}

fn refuse(rejection: PathRejection) -> Problem {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return Problem::internal("a route without its path parameters");
    };
    match failed.into_kind() {
        // Text of our own ids: bounded and escaped where it shows what was given.
        ErrorKind::Message(message) | ErrorKind::DeserializeError { message, .. } => {
            Problem::bad_request("invalid_id", message)
        }
        _ => Problem::bad_request("invalid_path", "a part of the path cannot be read; use plain UTF-8"),
    }
}
