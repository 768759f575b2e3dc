//! Clients that take a place and do nothing with it.

use std::time::{Duration, Instant};

use server::{Options, Serving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::gate::Gate;

/// Long enough for a slow machine; no client below is let wait for so long.
const PATIENCE: Duration = Duration::from_secs(30);

async fn served(gate: &Gate, serving: Serving) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server::router(gate.probed.host.clone(), Options::default());
    tokio::spawn(server::serve_as(listener, router, serving, std::future::pending()));
    address
}

/// Reads until the server closes; what it said.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said));
    let _ = read.await.expect("the server closes a connection that does nothing");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_says_nothing_or_drips_is_sent_away() {
    let gate = Gate::new().await;
    let serving = Serving { headers_ms_max: 300, ..Serving::default() };
    let address = served(&gate, serving).await;
    for first in ["", "GET", "GET /healthz HTTP/1.1\r\nhost: localhost\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        let said = until_closed(&mut stream).await;
        assert!(!said.contains("200"), "{first:?}: {said}");
    }
    // A byte now and then does not buy more time.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let begun = Instant::now();
    for byte in "GET /healthz HTTP/1.1\r\nx: ".bytes().chain(std::iter::repeat(b'y')) {
        if stream.write_all(&[byte]).await.is_err() || begun.elapsed() > PATIENCE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() < PATIENCE, "a dripping client was listened to");
    // Nor does one good request, with nothing after it.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_for_a_place_get_one_when_the_silent_are_sent_away() {
    let gate = Gate::new().await;
    let serving = Serving { connections_max: 4, headers_ms_max: 300, ..Serving::default() };
    let address = served(&gate, serving).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_holds_up_nobody() {
    let gate = Gate::new().await;
    let address = served(&gate, Serving::default()).await;
    let mut deaf = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
        // It asks for much and takes nothing: until the buffers are full, and no further.
        for _ in 0..200 {
            let sent = tokio::time::timeout(Duration::from_millis(50), stream.write_all(request)).await;
            if !matches!(sent, Ok(Ok(()))) {
                break;
            }
        }
        deaf.push(stream);
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with("HTTP/1.1 200"));
}
