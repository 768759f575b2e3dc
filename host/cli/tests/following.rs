//! A log that is followed over an end of the connection: every row is printed, and none twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests end at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// The head of a request, as far as it says what is asked for.
fn asked(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "it ended in the middle of {text:?}");
        text.push(char::from(byte[0]));
    }
    text.split(' ').nth(1).unwrap().to_owned()
}

fn row(number: u64) -> Value {
    json!({
        "number": number, "at": "2026-11-22T08:30:00Z", "connector": { "name": "crm", "version": "1.0.0" },
        "correlation": "0af7651916cd43dd8448eb211c80319c",
        "event": { "kind": "line", "level": "info", "message": format!("line {number}"), "fields": [] },
    })
}

fn page(stream: &mut TcpStream, rows: &[u64]) {
    let rows: Vec<Value> = rows.iter().copied().map(row).collect();
    let body = json!({ "items": rows }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
}

/// Some rows of a stream that goes on.
fn lines(stream: &mut TcpStream, rows: &[u64]) {
    // Closed at its end: a connection that is kept would carry the next request too.
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\
                connection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for number in rows {
        let line = format!("{}\n", row(*number));
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).unwrap();
    }
}

#[test]
fn a_reader_whose_connection_breaks_reads_on_behind_its_last_row() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let host = std::thread::spawn(move || {
        let mut connections = listener.incoming().map(Result::unwrap);
        let mut next = || connections.next().unwrap();
        // The newest row, and the rows to begin with.
        for _ in 0..2 {
            let mut stream = next();
            assert!(asked(&mut stream).starts_with("/v1/logs?limit="));
            page(&mut stream, &[2, 1]);
        }
        let mut stream = next();
        assert_eq!(asked(&mut stream), "/v1/logs?follow=true&after=2");
        lines(&mut stream, &[3, 4]);
        // In the middle of the stream.
        drop(stream);
        // A host that restarts takes connections before it answers.
        drop(next());
        let mut stream = next();
        assert_eq!(asked(&mut stream), "/v1/logs?follow=true&after=4");
        lines(&mut stream, &[5, 6]);
        // And ends as it does now and then.
        stream.write_all(b"0\r\n\r\n").unwrap();
        let mut stream = next();
        assert_eq!(asked(&mut stream), "/v1/logs?follow=true&after=6");
        lines(&mut stream, &[7]);
        stream
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["logs", "--follow", "--json", "--url", &url])
        .env("LOCKGATE_TOKEN", "lgt_a_token")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap()).lines().take(7);
    let numbers: Vec<u64> = printed
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    child.kill().unwrap();
    child.wait().unwrap();
    drop(host.join().unwrap());
}
