//! A remote that says exactly the bytes it is told to, on loopback.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What to do with a request.
#[derive(Clone)]
pub(super) enum Reply {
    /// Answer and wait for the next request on the same connection.
    Full(Vec<u8>),
    /// Answer and close.
    Last(Vec<u8>),
    /// Answer with the first bytes at once, then one piece after every pause, for ever.
    Drip { first: Vec<u8>, piece: Vec<u8>, pause: Duration },
    /// Never answer.
    Silence,
}

pub(super) struct Remote {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    clients: Arc<Mutex<Vec<IpAddr>>>,
    open: Arc<AtomicUsize>,
    /// The most that were open at once.
    open_most: Arc<AtomicUsize>,
    /// Bytes that were written to clients.
    pub(super) written: Arc<AtomicUsize>,
}

impl Remote {
    pub(super) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), reply).await
    }

    pub(super) async fn at(
        address: SocketAddr,
        reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let remote = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
            clients: Arc::default(),
            open: Arc::default(),
            open_most: Arc::default(),
            written: Arc::default(),
        };
        let (seen, connections, written) =
            (remote.seen.clone(), remote.connections.clone(), remote.written.clone());
        let clients = remote.clients.clone();
        let (open, most) = (remote.open.clone(), remote.open_most.clone());
        let reply = Arc::new(reply);
        tokio::spawn(async move {
            while let Ok((stream, from)) = listener.accept().await {
                clients.lock().unwrap().push(from.ip());
                connections.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let (open, serving) =
                    (open.clone(), serve(stream, reply.clone(), seen.clone(), written.clone()));
                tokio::spawn(async move {
                    serving.await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        remote
    }

    pub(super) async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_| Reply::Full(answer.clone())).await
    }

    pub(super) fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.address.port())
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn open_most(&self) -> usize {
        self.open_most.load(Ordering::SeqCst)
    }

    /// Where each connection came from.
    pub(super) fn clients(&self) -> Vec<IpAddr> {
        self.clients.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

pub(super) fn answer(body: &str) -> Vec<u8> {
    with_headers(&format!("content-length: {}\r\n", body.len()), body.as_bytes())
}

pub(super) fn with_headers(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), body].concat()
}

pub(super) fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Found\r\nlocation: {location}\r\ncontent-length: 2\r\n\r\nno").into_bytes()
}

async fn serve(
    mut stream: TcpStream,
    reply: Arc<impl Fn(&str) -> Reply>,
    seen: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
) {
    while let Some(request) = read_request(&mut stream).await {
        let reply = reply(&request);
        seen.lock().unwrap().push(request);
        match reply {
            Reply::Full(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Drip { first, piece, pause } => {
                let mut next = first;
                while stream.write_all(&next).await.is_ok() {
                    written.fetch_add(next.len(), Ordering::SeqCst);
                    next.clone_from(&piece);
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
                return;
            }
            Reply::Silence => std::future::pending().await,
        }
    }
}

/// Head and body as text; none once the client has gone.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
        }
    }
}
