//! Serves a router on a listener: bounded in connections and in the time a client may take to say what it wants.
//!
//! `axum::serve` has no time-out for headers, so that a few thousand silent clients would hold it for ever; this loop
//! gives hyper a timer.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The rest waits in the listener's backlog.
const CONNECTIONS_MAX: usize = 1_024;
/// From the first to the last byte of the headers, and between two requests of one connection.
const HEADERS_TIME: Duration = Duration::from_secs(20);
/// Request line and headers together.
const HEADERS_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 64;
/// How long requests under way may take to end after a stop was asked for.
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// After a failed accept (no more file descriptors, mostly) a moment passes before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is done, then lets the requests under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let mut shutdown = pin!(shutdown);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .max_buf_size(HEADERS_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    loop {
        let accept = async {
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (stream, _) = listener.accept().await?;
            Ok::<_, io::Error>((place, stream))
        };
        let (place, stream) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        // An answer is small and should leave at once; where the option is missing it only leaves later.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time; their connections are closed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_request_under_way_ends_before_the_server_does() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (begun, has_begun) = oneshot::channel();
        let begun = Arc::new(std::sync::Mutex::new(Some(begun)));
        let slow = move || {
            let begun = begun.clone();
            async move {
                begun.lock().unwrap().take().unwrap().send(()).unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
                "done"
            }
        };
        let router = Router::new().route("/", get(slow));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, router, async {
            let _ = stopped.await;
        }));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        has_begun.await.unwrap();
        stop.send(()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        server.await.unwrap().unwrap();
    }
}
