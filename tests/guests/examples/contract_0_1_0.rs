//! A connector of the contract 0.1.0, made from that version's own text and from nothing else of this repository: what
//! somebody compiled then and uploads today. It uses every function and every kind of value.
//!
//! Natively it is empty: the names of its exports are none of a native library.
#![cfg(target_arch = "wasm32")]
#![allow(
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated code, and a guest that ends at the first surprise"
)]

wit_bindgen::generate!({
    path: "contracts/0.1.0",
    world: "connector-component",
    generate_all,
});

use exports::lockgate::connector::connector::Guest;
use lockgate::connector::http::{self, HttpError, Request};
use lockgate::connector::types::{Error, Inbound, Input, Page, Received, Record};
use lockgate::connector::{logging, profile, secrets};

/// As connectors wrote it when 0.1.0 was new, with every field that there was.
const MANIFEST: &str = r#"{
    "name": "contract-0-1-0", "version": "1.0.0", "title": "Of the contract 0.1.0", "category": "custom",
    "auth": [{"kind": "bearer"}, {"kind": "api_key", "place": "header", "name": "x-key", "prefix": "Key "}],
    "config": {"type": "object", "properties": {"api_base": {"type": "string"}}, "required": ["api_base"]},
    "inputs": [{"name": "api_base", "kind": "origin"}],
    "hosts": ["{api_base}"],
    "scopes": [{"name": "things:read", "title": "Read things", "rules": [{"method": "GET", "path": "/things/{id}"}]}],
    "actions": [
        {"name": "send", "title": "One request", "effect": "read", "scopes": ["things:read"], "input": {}, "output": {}},
        {"name": "send_all", "title": "Two at once", "effect": "read", "scopes": ["things:read"], "input": {}, "output": {}},
        {"name": "settings", "title": "Its settings", "effect": "read", "input": {}, "output": {},
            "examples": [{"input": {}, "output": {}}]},
        {"name": "secret", "title": "A handle", "effect": "read", "input": {}, "output": {}},
        {"name": "fail", "title": "Each error", "effect": "write", "input": {}, "output": {},
            "idempotency": {"header": "idempotency-key"}}
    ],
    "triggers": [{"name": "things", "title": "Things", "kind": "poll", "record": {}},
        {"name": "told", "title": "Told", "kind": {"webhook": {"scheme": {"kind": "github"}}}, "record": {}}],
    "secrets": ["signing"],
    "rate": {"per_second": 100, "burst": 100}
}"#;

struct Connector;

impl Guest for Connector {
    fn describe() -> String {
        MANIFEST.to_owned()
    }

    fn check() -> Result<(), Error> {
        logging::log(logging::Level::Info, "checked", &[("of".to_owned(), "0.1.0".to_owned())]);
        Ok(())
    }

    fn run(action: String, inputs: Vec<Input>) -> Vec<Result<String, Error>> {
        inputs.into_iter().map(|input| one(&action, &input)).collect()
    }

    fn poll(trigger: String, cursor: Option<String>) -> Result<Page, Error> {
        let number = if cursor.is_none() { 1 } else { 2 };
        let record = Record { key: format!("{trigger}/{number}"), body: format!("{{\"n\":{number}}}") };
        Ok(Page { records: vec![record], next: Some(number.to_string()), more: number == 1 })
    }

    fn receive(hook: String, event: Inbound) -> Result<Received, Error> {
        let body = String::from_utf8(event.body).map_err(|_| Error::Invalid("no text".to_owned()))?;
        Ok(Received { records: vec![Record { key: format!("{hook}/{}", event.headers.len()), body }] })
    }
}

fn one(action: &str, input: &Input) -> Result<String, Error> {
    match action {
        "send" => {
            let answer = http::send(&request("1")).map_err(failed)?;
            Ok(format!("{{\"status\":{},\"bytes\":{}}}", answer.status, answer.body.len()))
        }
        "send_all" => {
            let answers = http::send_all(&[request("1"), request("2")]);
            let statuses: Result<Vec<String>, Error> = answers
                .into_iter()
                .map(|answer| answer.map(|it| it.status.to_string()).map_err(failed))
                .collect();
            Ok(format!("[{}]", statuses?.join(",")))
        }
        "settings" => {
            Ok(format!("{{\"config\":{},\"scopes\":{}}}", profile::config(), profile::scopes().len()))
        }
        "secret" => {
            let secret = secrets::open("signing").map_err(Error::Denied)?;
            let tag = secret.hmac(secrets::Algorithm::HmacSha256, b"data").map_err(Error::Denied)?;
            let print = secret.fingerprint().map_err(Error::Denied)?;
            Ok(format!("{{\"tag\":{},\"print\":{}}}", tag.len(), print.len()))
        }
        "fail" => Err(error(&input.body, &input.key)),
        other => Err(Error::Invalid(format!("no action {other}"))),
    }
}

fn error(case: &str, key: &str) -> Error {
    match case.trim_matches('"') {
        "invalid" => Error::Invalid(key.to_owned()),
        "auth-required" => Error::AuthRequired(String::new()),
        "not-found" => Error::NotFound(String::new()),
        "conflict" => Error::Conflict(String::new()),
        "rate-limited" => Error::RateLimited(Some(1_000)),
        "transient" => Error::Transient(String::new()),
        "ambiguous" => Error::Ambiguous(String::new()),
        _ => Error::Permanent(String::new()),
    }
}

fn request(id: &str) -> Request {
    let config = profile::config();
    let base = config.split('"').nth(3).unwrap_or_default();
    Request {
        method: "GET".to_owned(),
        url: format!("{base}/things/{id}"),
        headers: vec![("accept".to_owned(), b"application/json".to_vec())],
        body: Vec::new(),
        timeout_ms: Some(10_000),
    }
}

fn failed(error: HttpError) -> Error {
    match error {
        HttpError::Denied(denial) => Error::Denied(denial),
        HttpError::Failed(failure) if failure.sent => Error::Ambiguous(failure.message),
        HttpError::Failed(failure) => Error::Transient(failure.message),
    }
}

export!(Connector);
