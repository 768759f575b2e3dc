//! The JSON body of a request. What is refused is named by what was expected and by its place, never by its content:
//! a body may hold a secret, and an error may be logged.

use std::cell::Cell;

use axum::extract::{FromRef, FromRequest, Request};
use axum::http::StatusCode;
use serde::de::{DeserializeOwned, DeserializeSeed as _};

use super::capped::{Bounds, essence, read};
use super::strict::{Flaw, Strict};
use crate::options::Options;
use crate::problem::Problem;

/// No request of this API needs more.
const BYTES_MAX: usize = 1 << 20;
const DEPTH_MAX: usize = 64;

pub(crate) struct Json<T>(pub(crate) T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    Options: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if essence(&parts.headers).as_deref() != Some("application/json") {
            let detail = "send the body as `content-type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let bounds = Bounds { bytes_max: BYTES_MAX, time: Options::from_ref(state).body_time() };
        let bytes = read(&parts.headers, body, bounds).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// Reads one body as every route reads it.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    check(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let code = if text.starts_with("unknown field") { "unknown_field" } else { "invalid_body" };
        let sentence = text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text);
        let expected = expectation(sentence).unwrap_or_else(|| "see /openapi.json".to_owned());
        Problem::bad_request(code, format!("{}: {expected}", place(&error)))
    })
}

/// One walk over the text before anything is made of it.
fn check(bytes: &[u8]) -> Result<(), Problem> {
    let flaw = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let walked =
        Strict::new(DEPTH_MAX, &flaw).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    let Err(error) = walked else { return is_object(bytes) };
    let place = place(&error);
    Err(match flaw.get() {
        Some(Flaw::TooDeep) => {
            Problem::bad_request("too_deep", format!("{place}: values are nested more than {DEPTH_MAX} deep"))
        }
        Some(Flaw::DuplicateKey) => {
            Problem::bad_request("duplicate_key", format!("{place}: a key stands twice in one object"))
        }
        None => Problem::bad_request("malformed_json", format!("{place}: the body is not JSON")),
    })
}

/// Serde also reads a struct from an array, which no document of ours describes.
fn is_object(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return Ok(());
    }
    Err(Problem::bad_request("invalid_body", "line 1 column 1: expected an object"))
}

fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// The half of a serde error that speaks of our own names. The other half may quote what was sent.
pub(crate) fn expectation(sentence: &str) -> Option<String> {
    if sentence.ends_with("there are no fields") {
        return Some("no field is known here".to_owned());
    }
    if sentence.starts_with("missing field ") || sentence.starts_with("duplicate field ") {
        return Some(sentence.to_owned());
    }
    let at = sentence.rfind(", expected ")?;
    let expected = sentence.get(at + 2..)?;
    if sentence.contains("unknown field") {
        return Some(format!("an unknown field; {expected}"));
    }
    Some(expected.to_owned())
}

#[cfg(test)]
mod tests;
