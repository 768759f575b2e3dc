//! The same job without Lockgate: the same requests in the same batches, and if wanted one sync for each page and batch.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use futures_util::future::join_all;
use serde_json::{Value, json};

const BATCH: usize = 25;

pub struct Native {
    client: reqwest::Client,
    depot: String,
    kept: Option<PathBuf>,
}

impl Native {
    pub fn new(depot: String, kept: Option<PathBuf>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, depot, kept }
    }

    /// Moves every record; gives how many.
    pub async fn run(&self) -> u64 {
        let mut log = self.kept.as_ref().map(|path| File::create(path).unwrap());
        let (mut after, mut delivered) = (0, 0);
        loop {
            let page = self.page(after).await;
            let records = page["records"].as_array().unwrap();
            keep(&mut log, &page);
            for batch in records.chunks(BATCH) {
                join_all(batch.iter().map(|record| self.put(record))).await;
                delivered += batch.len() as u64;
                keep(&mut log, &json!({ "delivered": delivered }));
            }
            after = page["next"].as_u64().unwrap();
            if page["more"] != true {
                return delivered;
            }
        }
    }

    async fn page(&self, after: u64) -> Value {
        let request = self.client.get(format!("{}/things?after={after}", self.depot));
        let answer = request.bearer_auth("depot-credential-1").send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn put(&self, record: &Value) {
        let request = self.client.post(format!("{}/things", self.depot)).bearer_auth("depot-credential-1");
        let request = request
            .header("content-type", "application/json")
            .header("idempotency-key", format!("native/{}", record["n"]));
        let answer = request.body(record.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await.unwrap();
    }
}

/// As durable as ours: on the disk before the next step begins.
fn keep(log: &mut Option<File>, what: &Value) {
    if let Some(log) = log {
        writeln!(log, "{what}").unwrap();
        log.sync_data().unwrap();
    }
}
