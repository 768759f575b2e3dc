//! What is sent where, and what happens when nobody answers.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

fn client(url: &str) -> Client {
    let remote = Remote { url: url.parse().unwrap(), token: None, token_file: None, json: false };
    Client::new(&remote).unwrap()
}

#[test]
fn a_name_stays_one_part_of_the_path() {
    let client = client("http://127.0.0.1:7070");
    let request = client.request(Method::GET, &["profiles", "a/../b?c#d"], &[("after", "x&y")]).unwrap();
    let url = request.build().unwrap().url().to_string();
    assert_eq!(url, "http://127.0.0.1:7070/v1/profiles/a%2F..%2Fb%3Fc%23d?after=x%26y");
    assert!(matches!(client.request(Method::GET, &["profiles", ".."], &[]), Err(Failure::Usage(_))));
}

#[test]
fn a_host_may_stand_behind_a_path() {
    let request = client("https://example.com/lockgate/").request(Method::GET, &["runs"], &[]).unwrap();
    assert_eq!(request.build().unwrap().url().as_str(), "https://example.com/lockgate/v1/runs");
}

#[test]
fn loopback_is_recognised() {
    for (url, expected) in [
        ("http://localhost:1", true),
        ("http://127.0.0.9", true),
        ("http://[::1]:1", true),
        ("http://10.0.0.1", false),
    ] {
        assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_is_named() {
    // Port 9 of loopback: nothing listens there, and the answer is immediate.
    let failure = client("http://127.0.0.1:9").get(&["runs"], &[]).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { url, .. } if url == "http://127.0.0.1:9"));
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
/// Two lines with a sign of life between them.
const LINES: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"number\":1}\n\n{\"number\":2}\n";
/// No answer: the connection is lost.
const LOST: &str = "";

/// Takes so many requests, one a connection, and answers or loses each; gives the idempotency keys that it has seen.
fn a_host(listener: TcpListener, answers: &'static [&'static str]) -> JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut keys = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0; 1];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            let request = String::from_utf8(request).unwrap();
            let key = request.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
            keys.push(key.unwrap_or_default().to_owned());
            stream.write_all(answer.as_bytes()).unwrap();
        }
        keys
    })
}

#[tokio::test]
async fn what_starts_something_is_sent_again_under_its_key_when_the_connection_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let host = a_host(listener, &[LOST, GOOD]);
    client.start(&["flows", "f", "runs"], &[]).await.unwrap();
    let keys = host.join().unwrap();
    let [first, second] = keys.as_slice() else { panic!("{keys:?}") };
    assert!(first.len() >= 32 && first == second, "{keys:?}");
}

#[tokio::test]
async fn what_has_no_key_is_sent_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let host = a_host(listener, &[LOST]);
    let failure = client.order(&["flows", "f", "enable"]).await.unwrap_err();
    assert!(matches!(failure, Failure::Lost { .. }), "{failure:?}");
    assert_eq!(host.join().unwrap(), [""]);
}

#[tokio::test]
async fn lines_are_read_as_they_come_and_signs_of_life_are_none() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let host = a_host(listener, &[LINES]);
    let mut lines = client.follow(&["logs"], &[("follow", "true")]).await.unwrap();
    for number in [1, 2] {
        assert_eq!(lines.next().await.unwrap(), Some(json!({ "number": number })));
    }
    assert_eq!(lines.next().await.unwrap(), None);
    host.join().unwrap();
}
