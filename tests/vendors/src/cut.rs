//! Responses that break off, made from bodies that fail.
//!
//! hyper writes the head of a response and the first piece of its body in one flush. A body whose first poll fails
//! therefore closes the connection before any byte has left: the client cannot know whether its request took effect. A
//! body that yields a piece, waits one turn (which is when hyper flushes) and then fails leaves the client with a valid
//! head, half a body and a closed connection.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;

use crate::answer::Answer;

/// No byte of a response at all, and a closed connection.
pub(crate) fn severed() -> Response {
    let body = Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) }));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("1"));
    response
}

/// The head that promises the whole body, the first half of that body, and a closed connection.
pub(crate) fn truncated(answer: &Answer) -> Response {
    let whole = answer.body.len().max(2);
    let half = Bytes::copy_from_slice(answer.body.as_bytes().get(..whole / 2).unwrap_or_default());
    let pieces = stream::unfold(Some(half), |piece| async {
        match piece {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
            Some(_) => {
                tokio::task::yield_now().await;
                Some((Err(broken()), None))
            }
            None => None,
        }
    });
    let mut response = answer.respond_with(Body::from_stream(pieces));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(whole));
    response
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection is cut on purpose")
}
