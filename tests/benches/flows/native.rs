//! The poll flow without Lockgate: the same requests in the same batches, and if wanted one sync for each page and batch.

use std::path::PathBuf;

use futures_util::future::join_all;
use serde_json::Value;

use super::BATCH;
use super::kept::Kept;

pub struct Native {
    client: reqwest::Client,
    depot: String,
    kept: Kept,
}

impl Native {
    pub fn new(depot: String, kept: Option<PathBuf>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, depot, kept: Kept::new(kept) }
    }

    /// Moves every record; gives how many.
    pub async fn run(&self) -> u64 {
        let (mut after, mut delivered) = (0, 0);
        loop {
            let page = self.page(after).await;
            self.kept.keep(page.to_string()).await;
            let records = page["records"].as_array().unwrap();
            for batch in records.chunks(BATCH as usize) {
                self.deliver(batch).await;
                delivered += batch.len() as u64;
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

    /// A batch, and then what became of it.
    pub async fn deliver(&self, batch: &[Value]) {
        join_all(batch.iter().map(|record| self.put(record))).await;
        let keys: Vec<String> = batch.iter().map(|record| record["n"].to_string()).collect();
        self.kept.keep(format!("delivered {}", keys.join(" "))).await;
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
