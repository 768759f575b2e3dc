//! The help desk: a small vendor on loopback that remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub const TOKEN: &str = "a-token-of-the-desk-1";
const TICKETS: usize = 5;
const PAGE: usize = 2;

#[derive(Clone)]
pub struct Desk {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: Vec<String>,
    /// By their idempotency keys.
    made: BTreeMap<String, Value>,
}

impl Desk {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let desk = Self { url, seen: Arc::default() };
        let answering = desk.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answering.clone().serve(stream));
            }
        });
        desk
    }

    /// What was asked since the last time: method, path, key and body, in an order that does not depend on time.
    pub fn asked(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut self.seen.lock().expect("not poisoned").requests);
        requests.sort();
        requests
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        let (head, body) = loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= field(head, "content-length").and_then(|it| it.parse().ok()).unwrap_or(0)
            {
                break (head.to_owned(), body.to_owned());
            }
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        };
        let Some((status, more, answer)) = self.answer(&head, &body) else { return };
        let answer = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{more}content-length: {}\r\nconnection: \
             close\r\n\r\n{answer}",
            answer.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    /// The status, further headers and the body; nothing where the connection ends without an answer.
    fn answer(&self, head: &str, body: &str) -> Option<(u16, &'static str, String)> {
        let mut line = head.split(' ');
        let (method, target) = (line.next()?, line.next()?);
        let key = field(head, "idempotency-key").unwrap_or_default();
        let mut seen = self.seen.lock().expect("not poisoned");
        seen.requests.push(format!("{method} {target} {key} {body}").trim_end().to_owned());
        if field(head, "authorization").as_deref() != Some(&format!("Bearer {TOKEN}")) {
            return Some((401, "", json!({ "error": "who are you?" }).to_string()));
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let said = |status: u16, value: Value| Some((status, "", value.to_string()));
        match (method, path) {
            ("GET", "/v1/me") => said(200, json!({ "name": "Ada" })),
            ("GET", "/v1/tickets") => said(200, page(query)),
            ("GET", one) => match one.strip_prefix("/v1/tickets/")? {
                "missing" => said(404, json!({ "error": "no such ticket" })),
                "secret" => said(403, json!({ "error": "not for you" })),
                "wrong" => said(400, json!({ "error": "what?" })),
                "changed" => said(409, json!({ "error": "it has changed" })),
                "stranger" => said(401, json!({ "error": "who are you?" })),
                "down" => said(503, json!({ "error": "later" })),
                "hurry" => Some((429, "retry-after: 2\r\n", "{}".to_owned())),
                "broken" => Some((200, "", "{\"id\": ".to_owned())),
                "cut" => None,
                id => said(200, ticket(id, "A question")),
            },
            ("POST", "/v1/tickets") => {
                let asked: Value = serde_json::from_str(body).ok()?;
                let subject = asked["subject"].as_str()?;
                match subject {
                    "fails" => return said(500, json!({ "error": "oops" })),
                    "is lost" => return None,
                    _ => {}
                }
                let number = seen.made.len();
                let made = seen.made.entry(key).or_insert_with(|| ticket(&format!("new{number}"), subject));
                Some((201, "", made.to_string()))
            }
            _ => said(404, json!({})),
        }
    }
}

fn page(query: &str) -> Value {
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after=t"));
    let first = after.and_then(|after| after.parse().ok()).unwrap_or(0_usize);
    let last = (first + PAGE).min(TICKETS);
    let tickets: Vec<_> = (first + 1..=last).map(|id| ticket(&format!("t{id}"), "Grüße, 世界 🎉")).collect();
    let last_id = (last > first).then(|| format!("t{last}"));
    json!({ "tickets": tickets, "last": last_id, "has_more": last < TICKETS })
}

fn ticket(id: &str, subject: &str) -> Value {
    json!({
        "id": id, "subject": subject, "status": "open", "updated_at": "2026-11-01T10:00:00Z", "color": "not asked for",
    })
}

fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (other, value) = line.split_once(':')?;
        other.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
