//! A remote that takes its time: it answers well, never, or stops in the middle of an answer.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// `/things/fine` is answered and the connection kept; `/things/silent` is never answered; `/things` is answered with
/// the first bytes of a long body.
pub struct Tarpit {
    pub url: String,
    connections: Arc<Mutex<Vec<Connection>>>,
}

/// What arrived on one connection.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    pub paths: Vec<String>,
    /// The client has closed it.
    pub closed: bool,
}

impl Tarpit {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let seen = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = {
                    let mut all = seen.lock().expect("not poisoned");
                    all.push(Connection::default());
                    all.len() - 1
                };
                tokio::spawn(answer(stream, number, seen.clone()));
            }
        });
        Self { url, connections }
    }

    /// Every connection so far, in order.
    pub fn connections(&self) -> Vec<Connection> {
        self.connections.lock().expect("not poisoned").clone()
    }
}

async fn answer(mut stream: TcpStream, number: usize, all: Arc<Mutex<Vec<Connection>>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        if !bytes.ends_with(b"\r\n\r\n") {
            continue;
        }
        let head = String::from_utf8_lossy(&std::mem::take(&mut bytes)).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        all.lock().expect("not poisoned")[number].paths.push(path.clone());
        let answer = match path.as_str() {
            "/things/fine" => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine",
            "/things" => "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nthe first bytes",
            _ => "",
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
    }
    all.lock().expect("not poisoned")[number].closed = true;
}
