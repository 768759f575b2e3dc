//! One connection to one remote: speaks HTTP/1.1, holds its place in the counts until the socket is closed.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::options::EgressOptions;
use crate::tenants::Place;
use crate::written::Observed;

/// What the client reads ahead, on top of the largest head.
const READ_AHEAD_BYTES: usize = 64 << 10;
/// The number for which the client sets nothing aside on the heap.
const HEADERS_ON_THE_STACK: usize = 100;

/// Dropping it closes the socket, whatever is under way on it.
pub(crate) struct Connection {
    requests: SendRequest<Observed>,
    driver: JoinHandle<()>,
}

impl Connection {
    pub(crate) async fn speak<S>(
        stream: S,
        place: Place,
        options: &EgressOptions,
    ) -> Result<Self, hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = Builder::new();
        let head_bytes = options.response_header_bytes_max.saturating_add(1_024);
        builder.max_header_size(head_bytes).max_buf_size(head_bytes.saturating_add(READ_AHEAD_BYTES));
        if options.response_headers_max != HEADERS_ON_THE_STACK {
            builder.max_headers(options.response_headers_max);
        }
        let (requests, connection) = builder.handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(async move {
            if let Err(cause) = connection.await {
                tracing::debug!(%cause, "a connection ended");
            }
            // Given back when the socket is closed, not when the request has an answer.
            drop(place);
        });
        Ok(Self { requests, driver })
    }

    /// Whether the last exchange is over on both sides and the remote has said nothing since.
    pub(crate) async fn is_at_rest(&mut self, until: Instant) -> bool {
        self.requests.is_ready() || matches!(timeout_at(until, self.requests.ready()).await, Ok(Ok(())))
    }

    /// Sends a request. What was not begun is handed back with the error.
    pub(crate) fn send(
        &mut self,
        request: Request<Observed>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Observed>>>> {
        self.requests.try_send_request(request)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
