//! A remote that answers at once: so many bytes as the path says.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub struct Remote {
    pub url: String,
}

impl Remote {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream));
            }
        });
        Self { url }
    }
}

async fn converse(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("a socket");
    let large = vec![b'a'; 1_000_000];
    let mut bytes = Vec::with_capacity(64 << 10);
    loop {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let mut left = field("content-length: ").map_or(0, |length| length.parse().expect("a length"));
        let asked: usize =
            head.split(' ').nth(1).and_then(|path| path.rsplit('/').next()?.parse().ok()).unwrap_or(2);
        bytes.drain(..end + 4);
        left -= bytes.len().min(left);
        bytes.clear();
        while left > 0 {
            bytes.clear();
            let Ok(count @ 1..) = stream.read_buf(&mut bytes).await else { return };
            left -= count.min(left);
        }
        bytes.clear();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {asked}\r\n\r\n");
        let answer = [head.as_bytes(), &large[..asked]].concat();
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}
