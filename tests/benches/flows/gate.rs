//! Webhooks without Lockgate: verified, known again, kept before the sender is told so, and delivered in batches.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::BATCH;
use super::kept::Kept;
use super::native::Native;
use super::sender::{now_s, signature};

/// As Standard Webhooks has it.
const TOLERANCE_S: u64 = 300;

pub struct Gate {
    pub url: String,
    tasks: [JoinHandle<()>; 2],
}

struct Desk {
    kept: Kept,
    known: Mutex<HashSet<String>>,
    taken: mpsc::UnboundedSender<Value>,
}

impl Gate {
    pub async fn start(depot: String, kept: Option<PathBuf>) -> Self {
        let (taken, mut records) = mpsc::unbounded_channel();
        let beside = kept.as_ref().map(|path| path.with_extension("delivered"));
        let desk = Arc::new(Desk { kept: Kept::new(kept), known: Mutex::default(), taken });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let router = Router::new().route("/hooks", post(take)).with_state(desk);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let native = Native::new(depot, beside);
        let delivering = tokio::spawn(async move {
            let mut batch = Vec::new();
            while records.recv_many(&mut batch, BATCH as usize).await > 0 {
                native.deliver(&batch).await;
                batch.clear();
            }
        });
        Self { url, tasks: [serving, delivering] }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn take(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let fresh = time.parse().is_ok_and(|sent: u64| sent.abs_diff(now_s()) <= TOLERANCE_S);
    let given = header("webhook-signature").trim_start_matches("v1,");
    if !fresh || given != signature(id, time, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(record) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST };
    if !desk.known.lock().unwrap().insert(id.to_owned()) {
        return StatusCode::OK;
    }
    desk.kept.keep(body.to_vec()).await;
    desk.taken.send(record).unwrap();
    StatusCode::OK
}
