//! What a connector learns of a port behind which nobody answers: one thing, whatever the reason.

use lockgate::EgressOptions;
use lockgate::domain::FailureCode::{ConnectFailed, ConnectTimeout, TotalTimeout};
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Duration, timeout};

use super::world::{World, hurried};

/// A port whose queue is full: the system drops every further attempt, as a firewall would.
async fn filtered() -> (u16, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    (address.port(), listener, queued)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_and_filtered_are_the_same_to_a_guest() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (filtered, _listener, _queued) = filtered().await;
    let options = EgressOptions { connect_timeout_ms: 300, ..hurried() };
    let mut seen = Vec::new();
    for (port, code) in [(closed, ConnectFailed), (filtered, ConnectTimeout)] {
        let world = World::with(&format!("http://127.0.0.1:{port}"), options.clone()).await;
        let outcome = world.post("{}").await;
        outcome.assert_failed(code, false);
        seen.push(outcome.seen);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_the_request_ends_a_connection_attempt_too() {
    let (filtered, _listener, _queued) = filtered().await;
    let url = format!("http://127.0.0.1:{filtered}");
    let world = World::new(&url).await;
    let request = json!({ "url": format!("{url}/things"), "timeout_ms": 100 });
    world.fetch(&world.acme, request).await.assert_failed(TotalTimeout, false);
}
