//! A remote that answers only when four requests are there: a client that sends one after the other would wait for ever.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

/// Where it listens. Each request is answered with its own path.
pub async fn together() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let all = Arc::new(Barrier::new(4));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let all = all.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                let count = stream.read(&mut buffer).await.unwrap_or(0);
                let path =
                    String::from_utf8_lossy(&buffer[..count]).split(' ').nth(1).unwrap_or("").to_owned();
                all.wait().await;
                let head = format!("content-length: {}\r\nconnection: close\r\n\r\n{path}", path.len());
                let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}").as_bytes()).await;
            });
        }
    });
    url
}
