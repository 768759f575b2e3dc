//! Around every request: a bound on its time, an answer to a panic, and the headers that every response has.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Blame;
use futures_util::FutureExt as _;

use crate::options::Options;
use crate::pages::IsPage;
use crate::problem::{MEDIA_TYPE, Problem};

/// On every answer. Nothing here is a page: whatever a browser is made to do with an answer, it runs nothing, loads
/// nothing, frames nothing and keeps nothing.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// A year, as browsers and their lists expect.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(crate) async fn guard(State(options): State<Options>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    // A handler keeps nothing of its own between requests, so whatever a panic left half done is gone with it.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(options.request_time(), answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::internal("a handler panicked").into_response(),
        Err(_) => too_slow().into_response(),
    };
    if !in_our_shape(&response) {
        response = Problem::new(response.status(), "refused", "the request cannot be served as it is")
            .into_response();
    }
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    if is_chunked {
        // A proxy in front may have seen another end of this body, by a length that stood there too. Nothing that follows
        // on this connection is read, so it cannot be taken for a request.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if options.strict_transport {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_TLS);
    }
    response
}

/// Whether an error, also one that a library below has answered by itself, is a problem document.
fn in_our_shape(response: &Response) -> bool {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    // A page is for a person, who has no use for a problem document.
    let is_page = response.extensions().get::<IsPage>().is_some();
    !is_error || is_page || response.headers().get(CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE)
}

fn too_slow() -> Problem {
    let detail = "the request took too long and was given up; ask for its effect before you repeat it";
    Problem::blaming(Blame::Host, StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn through(path: &str) -> (Response, Problem) {
        async fn panics() {
            panic!("secret inside");
        }
        async fn hangs() {
            std::future::pending::<()>().await;
        }
        async fn plain() -> (StatusCode, &'static str) {
            (StatusCode::BAD_REQUEST, "internal words")
        }
        let options = Options { request_ms_max: 20, ..Options::default() };
        let router = Router::new()
            .route("/panics", get(panics))
            .route("/hangs", get(hangs))
            .route("/plain", get(plain))
            .layer(from_fn_with_state(options, guard));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        let problem = serde_json::from_slice(&bytes).unwrap();
        (Response::from_parts(parts, Body::empty()), problem)
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_its_text() {
        let (response, problem) = through("/panics").await;
        assert_eq!((response.status().as_u16(), problem.code.as_str()), (500, "internal"));
        assert!(!problem.detail.contains("secret"));
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_answered() {
        let (response, problem) = through("/hangs").await;
        assert_eq!((response.status().as_u16(), problem.code.as_str()), (504, "timeout"));
    }

    #[tokio::test]
    async fn an_error_of_a_library_gets_our_shape() {
        let (response, problem) = through("/plain").await;
        assert_eq!((response.status().as_u16(), problem.code.as_str()), (400, "refused"));
    }
}
