//! A vendor's front door on a loopback port, until it is shut down or dropped.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::front::{Front, Vendor};

/// A request held by a delay may outlive the server's wish to end by this much.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

pub(crate) struct Server {
    address: SocketAddr,
    /// Dropping it ends the server: idle connections close at once, busy ones after their response.
    stop: oneshot::Sender<Infallible>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on 127.0.0.1; port 0 lets the system choose.
    pub(crate) async fn start<V: Vendor>(port: u16, front: Arc<Front<V>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        // A response is one small write; waiting to fill a packet would only add to what benchmarks measure.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let router = Router::new().fallback(move |request: Request| Arc::clone(&front).handle(request));
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let task = tokio::spawn(async move {
            let serving =
                axum::serve(listener, router).with_graceful_shutdown(async move { drop(stopped.await) });
            // The accept loop retries its own errors, so that there is none to report.
            drop(serving.await);
        });
        Ok(Self { address, stop, task })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns when the port is free again.
    pub(crate) async fn shutdown(self) {
        let Self { stop, mut task, .. } = self;
        drop(stop);
        if tokio::time::timeout(SHUTDOWN_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }
}
