//! After a refusal, reads on for a while what the client is still sending.
//!
//! Closing a connection with bytes unread makes the kernel reset it, and the reset can overtake the answer: the client
//! then sees a broken pipe where it should read why its upload was refused. What is read here is thrown away.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

use crate::options::Options;

/// Twice the largest upload: more than a client sends that does not mean harm.
const BYTES_MAX: usize = 64 << 20;

pub(crate) async fn linger(State(options): State<Options>, request: Request, next: Next) -> Response {
    // Such a client waits to be asked for its body; a refusal is what it waits for.
    let waits = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let (left, rest) = oneshot::channel();
    let body = Body::new(Lent { body: Some(body), left: Some(left), touched: false });
    let response = next.run(Request::from_parts(parts, body)).await;
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if refused
        && let Ok(rest) = rest.await
        && (rest.touched || !waits)
    {
        let _ = tokio::time::timeout(options.linger_time(), drain(rest.body)).await;
    }
    response
}

async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut bytes = 0_usize;
    while let Some(Ok(chunk)) = chunks.next().await {
        bytes = bytes.saturating_add(chunk.len());
        if bytes > BYTES_MAX {
            return;
        }
    }
}

/// What is left of a body after its reader has dropped it.
struct Rest {
    body: Body,
    touched: bool,
}

/// A body that comes back when its reader drops it.
struct Lent {
    body: Option<Body>,
    left: Option<oneshot::Sender<Rest>>,
    touched: bool,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.touched = true;
        match self.body.as_mut() {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(left)) = (self.body.take(), self.left.take())
            && !body.is_end_stream()
        {
            let _ = left.send(Rest { body, touched: self.touched });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use futures_util::stream;
    use tower::ServiceExt as _;

    use super::*;

    const OPTIONS: Options = Options { linger_ms_max: 20, ..Options::DEFAULT };

    /// How many chunks of ten were read of a body to a route that answers with this status at once.
    async fn read(status: StatusCode, expect: bool) -> usize {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = read.clone();
        let chunks = stream::iter(0..10).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(Bytes::from_static(b"chunk"))
        });
        let refuse = move |_: Request| std::future::ready(status);
        let router = Router::new().route("/", post(refuse)).layer(from_fn_with_state(OPTIONS, linger));
        let mut request = Request::post("/").body(Body::from_stream(chunks)).unwrap();
        if expect {
            request.headers_mut().insert(EXPECT, "100-continue".parse().unwrap());
        }
        assert_eq!(router.oneshot(request).await.unwrap().status(), status);
        read.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn what_follows_a_refusal_is_read_and_thrown_away() {
        assert_eq!(read(StatusCode::PAYLOAD_TOO_LARGE, false).await, 10);
    }

    #[tokio::test]
    async fn a_client_that_waits_to_be_asked_is_not_asked() {
        assert_eq!(read(StatusCode::PAYLOAD_TOO_LARGE, true).await, 0);
    }

    #[tokio::test]
    async fn nothing_is_read_after_a_success() {
        assert_eq!(read(StatusCode::OK, false).await, 0);
    }

    #[tokio::test]
    async fn an_endless_body_is_given_up() {
        let never = stream::pending::<Result<Bytes, std::convert::Infallible>>();
        let refuse = |_: Request| std::future::ready(StatusCode::UNAUTHORIZED);
        let router = Router::new().route("/", post(refuse)).layer(from_fn_with_state(OPTIONS, linger));
        let request = Request::post("/").body(Body::from_stream(never)).unwrap();
        assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}
