//! One piece of work that uses everything a call can find out from outside: two guests do it, of which the later one
//! asks for something else in one place.
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "what depends on the world around a guest is the point"
)]

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lockgate_sdk::http::{self, Request};
use lockgate_sdk::secrets::{self, Algorithm};
use lockgate_sdk::{Error, Value, json, logging, profile};

/// `later`: what another version of the connector does.
pub fn work(body: &Value, later: bool) -> Result<Value, Error> {
    let config: Value = profile::config()?;
    let base = config["api_base"].as_str().unwrap_or_default().to_owned();
    let began = Instant::now();
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    // Where each name stands in a map is decided by random bytes.
    let names: HashMap<String, usize> = (0..16).map(|n| (format!("n{n}"), n)).collect();
    let order: Vec<usize> = names.into_values().collect();
    let signing = secrets::open("signing")?;
    let signature = hex(&signing.hmac(Algorithm::HmacSha256, format!("{now_ms}").as_bytes())?);
    let print = signing.fingerprint()?;
    logging::info(&format!("signed with {print} as {signature}"));
    println!("it is {now_ms}");
    let first = Request::get(format!("{base}/things/1?at={now_ms}&by={signature}"))
        .header("x-order", format!("{order:?}"));
    let first = first.send()?.error_for_status()?;
    let second = if later { "3" } else { "2" };
    let both = ["1", second].map(|id| Request::get(format!("{base}/things/{id}"))).to_vec();
    let bodies: Result<Vec<usize>, Error> =
        http::send_all(both).into_iter().map(|answer| Ok(answer?.body.len())).collect();
    if let Some(ms) = body["sleep_ms"].as_u64() {
        std::thread::sleep(Duration::from_millis(ms));
    }
    let refused = Request::get("https://elsewhere.example/").send().is_err();
    if body["trap"] == json!(true) {
        panic!("it was told to");
    }
    Ok(json!({
        "now_ms": now_ms.to_string(),
        "took_ms": began.elapsed().as_millis().to_string(),
        "order": order,
        "signature": signature,
        "print": print,
        "first": String::from_utf8_lossy(&first.body),
        "sizes": bodies?,
        "refused": refused,
        "scopes": profile::scopes(),
        "asked": body,
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
