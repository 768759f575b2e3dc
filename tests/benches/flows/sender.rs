//! A system that sends signed events (Standard Webhooks), some at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const AT_ONCE: u64 = 32;

pub struct Sender {
    client: reqwest::Client,
    url: String,
}

impl Sender {
    pub fn new(url: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, url: url.to_owned() }
    }

    /// Every event until it has been taken.
    pub async fn send(&self, events: u64) {
        let next = Arc::new(AtomicU64::new(1));
        join_all((0..AT_ONCE).map(|_| async {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number > events {
                    return;
                }
                self.one(number).await;
            }
        }))
        .await;
    }

    async fn one(&self, number: u64) {
        let body = format!(r#"{{"n":{number},"label":"arrived"}}"#);
        let (id, time) = (format!("msg_{number}"), now_s().to_string());
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let request = request
            .header("webhook-signature", format!("v1,{}", signature(&id, &time, body.as_bytes())))
            .header("webhook-id", id)
            .header("webhook-timestamp", time);
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "event {number}: {}", answer.status());
        answer.bytes().await.unwrap();
    }
}

pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// In base64.
pub fn signature(id: &str, time: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}
