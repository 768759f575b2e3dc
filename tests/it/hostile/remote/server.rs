//! A remote that does what a script says, byte for byte, on loopback: plain or behind TLS.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// One step of an answer. After the last one the connection stays open for the next request.
#[derive(Clone, Debug)]
pub enum Step {
    Send(Vec<u8>),
    /// The same bytes again and again, as fast as they are taken.
    Flood(Vec<u8>),
    /// The same bytes again and again, with a pause after each.
    Drip(Vec<u8>, Duration),
    Close,
    /// Says nothing more and keeps the connection open.
    Hang,
    /// Waits until the test says so.
    Wait(Arc<tokio::sync::Notify>),
}

/// A request as it came, and the number of the connection on which it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub connection: usize,
    pub request: Vec<u8>,
}

impl Seen {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.request).into_owned()
    }

    /// The last part of the path.
    pub fn name(&self) -> String {
        last_of_path(&self.request)
    }
}

/// What a remote shows to its callers, and may change.
pub type Identity = Arc<Mutex<Arc<ServerConfig>>>;

pub struct Hostile {
    pub port: u16,
    said: Arc<Said>,
}

#[derive(Default)]
struct Said {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    written: AtomicUsize,
}

impl Hostile {
    /// The script gets the last part of the request's path.
    pub async fn start(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::serve(None, script).await
    }

    /// Every connection gets the identity that is in the slot when it comes.
    pub async fn over_tls(
        identity: Identity,
        script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(identity), script).await
    }

    async fn serve(
        tls: Option<Identity>,
        script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (said, script) = (Arc::new(Said::default()), Arc::new(script));
        let remote = Self { port, said: said.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = said.connections.fetch_add(1, Ordering::SeqCst);
                said.open.fetch_add(1, Ordering::SeqCst);
                let (said, script, tls) = (said.clone(), script.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => converse(stream, connection, &said, &*script).await,
                        Some(identity) => {
                            let config = identity.lock().expect("not poisoned").clone();
                            let tls = TlsAcceptor::from(config);
                            if let Ok(stream) = tls.accept(stream).await {
                                converse(stream, connection, &said, &*script).await;
                            }
                        }
                    }
                    said.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        remote
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests that arrived, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.said.seen.lock().expect("not poisoned").clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.said.connections.load(Ordering::SeqCst)
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.said.open.load(Ordering::SeqCst)
    }

    /// Bytes that were written to clients, or lie in the buffers of their sockets.
    pub fn written(&self) -> usize {
        self.said.written.load(Ordering::SeqCst)
    }
}

async fn converse<S>(
    mut stream: S,
    connection: usize,
    said: &Said,
    script: &(dyn Fn(&str) -> Vec<Step> + Sync),
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = Vec::new();
    while let Some(request) = next_request(&mut stream, &mut bytes).await {
        let steps = script(&last_of_path(&request));
        said.seen.lock().expect("not poisoned").push(Seen { connection, request });
        for step in steps {
            if !perform(&mut stream, step, said).await {
                return;
            }
        }
    }
}

/// False where the connection is over.
async fn perform<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, step: Step, said: &Said) -> bool {
    let send = async |stream: &mut S, bytes: &[u8]| {
        said.written.fetch_add(bytes.len(), Ordering::SeqCst);
        stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok()
    };
    match step {
        Step::Send(bytes) => send(stream, &bytes).await,
        Step::Flood(bytes) => {
            while send(stream, &bytes).await {}
            false
        }
        Step::Drip(bytes, pause) => {
            while send(stream, &bytes).await {
                tokio::time::sleep(pause).await;
            }
            false
        }
        Step::Close => {
            let _ = stream.shutdown().await;
            false
        }
        Step::Hang => {
            // Until the other side is gone.
            while stream.read_u8().await.is_ok() {}
            false
        }
        Step::Wait(until) => {
            until.notified().await;
            true
        }
    }
}

/// One request, head and body; what came behind it stays in `bytes`.
async fn next_request<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let whole = end + 4 + length.map_or(0, |length| length.parse().expect("a length"));
            if bytes.len() >= whole {
                return Some(bytes.drain(..whole).collect());
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn last_of_path(request: &[u8]) -> String {
    let line = String::from_utf8_lossy(request);
    let path = line.split(' ').nth(1).unwrap_or_default();
    path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}

/// An answer as it should be.
pub fn ok(body: &str) -> Vec<Step> {
    vec![Step::Send(answer(&format!("content-length: {}\r\n", body.len()), body.as_bytes()))]
}

/// A status line of 200, these headers, this body.
pub fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), body].concat()
}
