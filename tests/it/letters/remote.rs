//! A remote that hands out numbered records, takes them in, and refuses those that a test names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request, as far as tests ask about it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Value,
    /// As it was answered.
    pub status: u16,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The idempotency key.
    pub fn key(&self) -> &str {
        self.header("idempotency-key")
    }

    /// The number of the record that it brought.
    pub fn n(&self) -> Option<u64> {
        self.body["n"].as_u64()
    }
}

#[derive(Default)]
struct Desk {
    available: u64,
    /// What is answered to whoever brings this record.
    answers: BTreeMap<u64, u16>,
    asked: Vec<Asked>,
    grouped: bool,
}

pub struct Remote {
    pub url: String,
    desk: Arc<Mutex<Desk>>,
}

impl Remote {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::new(Mutex::new(Desk::default()));
        let at = desk.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, at.clone()));
            }
        });
        Self { url, desk }
    }

    /// Has the records 1 to this number.
    pub fn offer(&self, available: u64) {
        self.desk.lock().unwrap().available = available;
    }

    /// Says of each record from now on whether its number is odd.
    pub fn group(&self) {
        self.desk.lock().unwrap().grouped = true;
    }

    /// Answers whoever brings this record with this status.
    pub fn answer(&self, n: u64, status: u16) {
        self.desk.lock().unwrap().answers.insert(n, status);
    }

    /// Takes everything from now on.
    pub fn mend(&self) {
        self.desk.lock().unwrap().answers.clear();
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.desk.lock().unwrap().asked.clone()
    }

    /// What was brought, taken or not, in order.
    pub fn brought(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.method == "POST").collect()
    }

    /// How often each record was brought and taken.
    pub fn taken(&self) -> BTreeMap<u64, usize> {
        let mut taken = BTreeMap::new();
        for asked in self.brought().iter().filter(|asked| asked.status < 300) {
            *taken.entry(asked.n().unwrap()).or_default() += 1;
        }
        taken
    }
}

async fn converse(mut stream: TcpStream, desk: Arc<Mutex<Desk>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: BTreeMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let wanted = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= wanted {
                let line = head.lines().next().unwrap_or_default();
                let (status, answer) = answered(&desk, line, headers, body);
                let answer = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{answer}",
                    answer.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn answered(desk: &Mutex<Desk>, line: &str, headers: BTreeMap<String, String>, body: &str) -> (u16, String) {
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default());
    let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let mut desk = desk.lock().unwrap();
    let (status, answer) = if method == "GET" {
        let after = path.split_once("after=").and_then(|(_, after)| after.parse().ok()).unwrap_or(0_u64);
        let grouped = desk.grouped;
        let record = |n: u64| if grouped { json!({ "n": n, "group": n % 2 }) } else { json!({ "n": n }) };
        let records: Vec<Value> = (after + 1..=desk.available).map(record).collect();
        let next = desk.available.max(after);
        (200, json!({ "records": records, "next": next, "more": false }))
    } else {
        let refusal = body["n"].as_u64().and_then(|n| desk.answers.get(&n).copied());
        (refusal.unwrap_or(200), json!({}))
    };
    desk.asked.push(Asked { method, headers, body, status });
    (status, answer.to_string())
}
