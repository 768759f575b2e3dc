//! Reads a body up to a cap and within a time; one byte more ends the reading.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt as _;

use crate::problem::Problem;

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: usize,
    pub(crate) time: Duration,
}

/// The media type without its parameters, in lower case. None where it is missing or given twice.
pub(crate) fn essence(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

pub(crate) async fn read(headers: &HeaderMap, body: Body, bounds: Bounds) -> Result<Vec<u8>, Problem> {
    // Nothing is decompressed: a small body stays a small body.
    if headers.contains_key(CONTENT_ENCODING) {
        let detail = "send the body as it is, without content-encoding";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail));
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bounds.bytes_max as u64) {
        return Err(too_large(bounds));
    }
    match tokio::time::timeout(bounds.time, collect(body, bounds)).await {
        Ok(read) => read,
        Err(_) => {
            let detail = format!("the body did not arrive within {} s", bounds.time.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail))
        }
    }
}

/// The announced length is not trusted for memory: the vector grows with what has really arrived.
async fn collect(body: Body, bounds: Bounds) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|_| Problem::bad_request("broken_body", "the body ended before it was complete"))?;
        if bytes.len().saturating_add(chunk.len()) > bounds.bytes_max {
            return Err(too_large(bounds));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_large(bounds: Bounds) -> Problem {
    let detail = format!("the body is larger than {} bytes", bounds.bytes_max);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream;

    use super::*;

    const BOUNDS: Bounds = Bounds { bytes_max: 10, time: Duration::from_millis(50) };

    #[tokio::test]
    async fn an_endless_body_is_refused_while_it_arrives() {
        let endless = stream::repeat_with(|| Ok::<_, std::convert::Infallible>(Bytes::from_static(b"xxxx")));
        let problem = read(&HeaderMap::new(), Body::from_stream(endless), BOUNDS).await.unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (413, "too_large"));
    }

    #[tokio::test]
    async fn a_body_that_is_announced_too_large_is_not_read_at_all() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, 11.into());
        let never = stream::pending::<Result<Bytes, std::convert::Infallible>>();
        let problem = read(&headers, Body::from_stream(never), BOUNDS).await.unwrap_err();
        assert_eq!(problem.code, "too_large");
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let never = stream::pending::<Result<Bytes, std::convert::Infallible>>();
        let problem = read(&HeaderMap::new(), Body::from_stream(never), BOUNDS).await.unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (408, "body_timeout"));
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_cap_is_read() {
        assert_eq!(read(&HeaderMap::new(), Body::from("0123456789"), BOUNDS).await.unwrap(), b"0123456789");
    }
}
