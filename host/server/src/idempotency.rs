//! POSTs under an `Idempotency-Key`: done once, and answered the same however often they are sent.
//!
//! The body is digested while the handler reads it, so that nothing is held for it; a repetition is only digested. The
//! request goes on when its sender has gone, so that its answer is there when it comes back.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Blame, Digest, DigestOf};
use futures_util::StreamExt as _;
use hyper::body::{Frame, SizeHint};
use lockgate::{Answer, Begun, Tenant, Unfinished};

use crate::caller::tenant_of;
use crate::options::Options;
use crate::problem::Problem;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_CHARS_MAX: usize = 255;
/// A longer answer is not kept: whoever repeats the request is told that it was answered, and with which status.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// No answer of a POST is longer.
const ANSWER_BYTES_READ_MAX: usize = 64 << 20;

pub(crate) async fn idempotent(State(options): State<Options>, request: Request, next: Next) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    let (key, tenant) = match (key(request.headers()), tenant_of(&request)) {
        (Err(problem), _) => return problem.into_response(),
        (Ok(None), _) | (_, None) => return next.run(request).await,
        (Ok(Some(key)), Some(tenant)) => (key, tenant),
    };
    // With its query: it is a part of what is asked for.
    let route = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    match tenant.begin_request(&route, &key).await {
        Err(error) => Problem::from(error).into_response(),
        Ok(Begun::InProgress) => in_progress().into_response(),
        Ok(Begun::Interrupted) => interrupted().into_response(),
        Ok(Begun::Answered { body, answer }) => {
            let read = digest(DigestOf::default(), request.into_body(), &options);
            match tokio::time::timeout(options.upload_time(), read).await {
                Ok(Some(again)) if body.as_ref() == Some(&again) => replayed(answer),
                Ok(Some(_)) => other_body().into_response(),
                _ => Problem::bad_request("broken_body", "the body ended before it was complete")
                    .into_response(),
            }
        }
        Ok(Begun::New(unfinished)) => {
            let work = tokio::spawn(once(tenant, unfinished, request, next, options));
            work.await.unwrap_or_else(|_| Problem::internal("a request under a key panicked").into_response())
        }
    }
}

async fn once(tenant: Tenant, begun: Unfinished, request: Request, next: Next, options: Options) -> Response {
    let (parts, body) = request.into_parts();
    let read = Arc::new(Mutex::new(Read { body, digest: DigestOf::default() }));
    let watched = Watched(Arc::clone(&read));
    let response = next.run(Request::from_parts(parts, Body::new(watched))).await;
    let status = response.status();
    // A refusal has done nothing, and so has a host that was too busy: the key may be used again.
    if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE {
        let freed = tenant.forget_request(&begun).await;
        return freed.map_or_else(|error| Problem::from(error).into_response(), |()| response);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, ANSWER_BYTES_READ_MAX).await else {
        return Problem::internal("an answer could not be read").into_response();
    };
    // A handler that has no use for a body leaves it unread; it is a part of the request all the same.
    let Read { body, digest: so_far } = Read::take(&read);
    let digest = tokio::time::timeout(options.upload_time(), digest(so_far.clone(), body, &options)).await;
    let digest = digest.ok().flatten().unwrap_or_else(|| so_far.end());
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answer = Answer {
        status: status.as_u16(),
        media_type: media_type.map(str::to_owned),
        body: (bytes.len() <= ANSWER_BYTES_MAX).then(|| bytes.to_vec()),
    };
    if let Err(error) = tenant.end_request(&begun, digest, answer).await {
        // It was done all the same: the row stays as it is, and a repetition is told that nobody knows.
        tracing::error!(%error, "the answer under an idempotency key could not be kept");
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// At most one header: two readers must never see two different keys.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let good = value.to_str().ok().filter(|text| {
        (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match (good, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => {
            let detail = "send one idempotency-key of 1 to 255 visible ASCII characters";
            Err(Problem::bad_request("invalid_idempotency_key", detail))
        }
    }
}

fn replayed(answer: Answer) -> Response {
    let Some(body) = answer.body else {
        let detail = format!(
            "the request under this key was done and answered with the status {}; the answer was too large to be kept",
            answer.status
        );
        return Problem::new(StatusCode::CONFLICT, "idempotency_answer_not_kept", detail).into_response();
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    if let Some(media_type) = answer.media_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn in_progress() -> Problem {
    let detail = "a request under this key is on its way; wait a moment and send it again";
    Problem::new(StatusCode::CONFLICT, "idempotency_in_progress", detail)
}

fn interrupted() -> Problem {
    let detail = "the host ended while it worked on the request under this key, and nobody knows whether it was done; \
                  look for its effect (`lockgate audit list` has every one), then send it under a new key if it is missing";
    Problem::blaming(Blame::Host, StatusCode::CONFLICT, "idempotency_interrupted", detail)
}

fn other_body() -> Problem {
    let detail = "this key was used with another body; a new request needs a new key";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
}

/// Reads a body to its end and keeps nothing of it.
async fn digest(mut digest: DigestOf, body: Body, options: &Options) -> Option<Digest> {
    let mut bytes = 0_usize;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        bytes = bytes.saturating_add(chunk.len());
        if bytes > options.upload_bytes_max.saturating_add(1) {
            return None;
        }
        digest.add(&chunk);
    }
    Some(digest.end())
}

/// A body whose digest is taken while somebody else reads it.
struct Watched(Arc<Mutex<Read>>);

/// What is left of it, and the digest of what was read.
struct Read {
    body: Body,
    digest: DigestOf,
}

impl Read {
    fn take(shared: &Mutex<Self>) -> Self {
        let empty = Self { body: Body::empty(), digest: DigestOf::default() };
        std::mem::replace(&mut *locked(shared), empty)
    }
}

fn locked(shared: &Mutex<Read>) -> MutexGuard<'_, Read> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut read = locked(&self.0);
        let polled = Pin::new(&mut read.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            read.digest.add(data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        locked(&self.0).body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        locked(&self.0).body.size_hint()
    }
}
