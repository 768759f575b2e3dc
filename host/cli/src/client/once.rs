//! Requests that must be done once: sent under a random `Idempotency-Key`, and again under the same one when the
//! connection is lost before the answer is here.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::RequestBuilder;
use serde_json::Value;

use super::Client;
use crate::failure::Failure;

const KEY: &str = "idempotency-key";
const KEY_BYTES: usize = 16;
/// The host goes on with a request whose sender has gone: its answer is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS_MAX: usize = 330;

impl Client {
    pub(super) async fn once(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let Some(keyless) = request.try_clone() else { return self.send(request).await };
        let keyed = request.header(KEY, new_key()?);
        let mut is_repeated = false;
        for _ in 0..LOOKS_MAX {
            let Some(same) = keyed.try_clone() else { break };
            match self.send(same).await {
                Err(Failure::Lost { .. }) if !is_repeated => is_repeated = true,
                Err(Failure::Problem(problem))
                    if is_repeated && problem.code == "idempotency_in_progress" =>
                {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                // Nothing was done; the tenant has no room for another key today.
                Err(Failure::Problem(problem))
                    if !is_repeated && problem.code == "too_many_idempotency_keys" =>
                {
                    return self.send(keyless).await;
                }
                answer => return answer,
            }
        }
        self.send(keyed).await
    }
}

/// Random, so that no two requests are taken for one.
fn new_key() -> Result<String, Failure> {
    let mut bytes = [0; KEY_BYTES];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).ok().context("the system gives no random bytes")?;
    let mut key = String::from("cli-");
    for byte in bytes {
        write!(key, "{byte:02x}").context("writing the key of a request")?;
    }
    Ok(key)
}
