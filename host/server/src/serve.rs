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
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::peer::Peer;
use crate::tls::Tls;

/// Request line and headers together.
const HEADERS_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 64;
/// How long requests under way may take to end after a stop was asked for.
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// After a failed accept (no more file descriptors, mostly) a moment passes before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a listener is served.
#[derive(Clone, Debug)]
pub struct Serving {
    /// None: plain http.
    pub tls: Option<Tls>,
    /// Connections at once. The rest waits in the listener's backlog.
    pub connections_max: usize,
    /// From the first to the last byte of the headers, and between two requests of one connection.
    pub headers_ms_max: u64,
    /// For the whole handshake of TLS.
    pub handshake_ms_max: u64,
}

impl Default for Serving {
    fn default() -> Self {
        Self { tls: None, connections_max: 1_024, headers_ms_max: 20_000, handshake_ms_max: 10_000 }
    }
}

/// Serves plain http until `shutdown` is done, then lets the requests under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve_as(listener, router, Serving::default(), shutdown).await
}

/// Serves until `shutdown` is done, then lets the requests under way end.
pub async fn serve_as(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let mut shutdown = pin!(shutdown);
    let places = Arc::new(Semaphore::new(serving.connections_max));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(serving.headers_ms_max))
        .max_buf_size(HEADERS_BYTES_MAX)
        .max_header_size(HEADERS_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    loop {
        let accept = async {
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (stream, peer) = listener.accept().await?;
            Ok::<_, io::Error>((place, stream, Peer(peer)))
        };
        let (place, stream, peer) = tokio::select! {
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
        let (http, watcher) = (http.clone(), graceful.watcher());
        let routes = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            routes.call(request)
        });
        let tls = serving.tls.clone();
        let handshake_time = Duration::from_millis(serving.handshake_ms_max);
        tokio::spawn(async move {
            // The handshake happens here, so that one who dawdles over it holds up nobody else.
            let ended = match tls {
                None => watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await,
                Some(tls) => match tokio::time::timeout(handshake_time, tls.acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await
                    }
                    Ok(Err(error)) => return tracing::trace!(%error, "a handshake failed"),
                    Err(_) => return tracing::trace!("a handshake was given up"),
                },
            };
            if let Err(error) = ended {
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
