//! A guest that tries what it is told to, and reports what came of it word for word.

use std::sync::atomic::{AtomicU64, Ordering};

use lockgate_sdk::http::{self, Request, Response, SendError};
use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::secrets::{self, Algorithm};
use lockgate_sdk::{Connector, Denial, Error, Inbound, Input, Page, Record, Value, json, logging, profile};
use serde::Deserialize;

struct Prober;

const ACTIONS: [&str; 13] = [
    "fetch",
    "fetch_all",
    "hmac",
    "open",
    "config",
    "scopes",
    "echo",
    "count",
    "fill",
    "scan",
    "fail",
    "log",
    "key",
];

impl Connector for Prober {
    fn describe() -> Manifest {
        let mut manifest = guests::manifest("prober", &ACTIONS);
        for action in &mut manifest.actions {
            match &*action.name {
                "fetch" => action.input = fetch_schema(),
                "fetch_all" => {
                    action.input = json!({
                        "type": "object",
                        "properties": {"requests": {"type": "array", "items": fetch_schema()}},
                        "required": ["requests"],
                    });
                }
                _ => {}
            }
        }
        manifest.triggers = vec![guests::trigger("things")];
        manifest.secrets = vec!["signing".to_owned()];
        manifest.auth.extend(guests::signed());
        manifest.config = json!({
            "type": "object",
            "properties": {
                "api_base": {"type": "string"},
                "region": {"type": "string"},
                "account": {"type": "string"},
            },
            "required": ["api_base"],
        });
        manifest
    }

    /// Reads the things.
    fn check() -> Result<(), Error> {
        Request::get(format!("{}/things", api_base()?)).send()?.error_for_status().map(|_| ())
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.into_iter().map(|input| probe(action, input)).collect()
    }

    /// The cursor is the number of the page: three pages of two records.
    fn poll(_trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        let number = cursor.and_then(|cursor| cursor.as_u64()).unwrap_or_default();
        let record = |n: u64| Record { key: format!("thing/{n}"), body: json!({"n": n}) };
        let records = if number < 3 { vec![record(number * 2), record(number * 2 + 1)] } else { Vec::new() };
        Ok(Page { records, next: Some(json!(number.saturating_add(1).min(3))), more: number < 2 })
    }

    fn receive(_hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
        let body = String::from_utf8_lossy(&event.body).into_owned();
        Ok(vec![Record { key: "hook".to_owned(), body: json!(body) }])
    }
}

fn probe(action: &str, input: Input) -> Result<Value, Error> {
    let body = input.body;
    match action {
        "fetch" => Ok(outcome(read::<Fetch>(&body)?.request().send())),
        "fetch_all" => {
            let requests = read::<FetchAll>(&body)?.requests.into_iter().map(Fetch::request).collect();
            Ok(http::send_all(requests).into_iter().map(outcome).collect())
        }
        "hmac" => {
            let secret = text(&body, "secret")?;
            let data = text(&body, "data")?;
            let authenticated =
                secrets::open(&secret).and_then(|secret| secret.hmac(Algorithm::HmacSha256, data.as_bytes()));
            Ok(authenticated.map_or_else(|denial| denied(&denial), |bytes| json!({"hex": hex(&bytes)})))
        }
        "open" => {
            let fingerprint = secrets::open(&text(&body, "secret")?).and_then(|secret| secret.fingerprint());
            Ok(fingerprint.map_or_else(|denial| denied(&denial), |print| json!({"fingerprint": print})))
        }
        "config" => profile::config(),
        "scopes" => Ok(json!(profile::scopes())),
        "echo" => Ok(body),
        "key" => Ok(json!(input.key)),
        "count" => Ok(json!({"count": count()})),
        "fill" => Ok(json!({"filled": memory::fill(&read(&body)?)})),
        "scan" => Ok(json!({"found": memory::scan(text(&body, "pattern")?.as_bytes())})),
        "fail" => Err(failure(&body)),
        "log" => {
            logging::warn(&text(&body, "message")?);
            Ok(Value::Null)
        }
        _ => Err(Error::unknown("action", action)),
    }
}

/// A request as a test describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fetch {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    timeout_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FetchAll {
    requests: Vec<Fetch>,
}

fn fetch_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "method": {"type": "string"},
            "url": {"type": "string"},
            "headers": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
            "body": {"type": "string"},
            "timeout_ms": {"type": "integer", "minimum": 0},
        },
        "required": ["url"],
    })
}

fn get() -> String {
    "GET".to_owned()
}

impl Fetch {
    fn request(self) -> Request {
        let request = Request::new(&self.method, self.url).body(self.body);
        let request =
            self.headers.into_iter().fold(request, |request, (name, value)| request.header(&name, value));
        match self.timeout_ms {
            Some(timeout_ms) => request.timeout_ms(timeout_ms),
            None => request,
        }
    }
}

fn outcome(result: Result<Response, SendError>) -> Value {
    match result {
        Ok(response) => {
            let headers: Vec<_> = response
                .headers
                .iter()
                .map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned()))
                .collect();
            json!({
                "status": response.status,
                "headers": headers,
                "body": String::from_utf8_lossy(&response.body),
            })
        }
        Err(SendError::Denied(denial)) => denied(&denial),
        Err(SendError::Failed(failure)) => json!({
            "failed": {
                "kind": format!("{:?}", failure.kind),
                "sent": failure.sent,
                "message": failure.message,
            }
        }),
    }
}

fn denied(denial: &Denial) -> Value {
    json!({"denied": {"gate": denial.gate, "reason": denial.reason, "remedy": denial.remedy}})
}

/// Always 1 in fresh memory.
fn count() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed) + 1
}

/// What is left in memory. The pattern is kept in capitals, so that the input of a search is not what it finds.
mod memory {
    use std::hint::black_box;

    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(super) struct Fill {
        pattern: String,
        times: usize,
    }

    /// Writes the pattern so many times and leaves it there.
    pub(super) fn fill(fill: &Fill) -> usize {
        let bytes = fill.pattern.to_ascii_uppercase().repeat(fill.times).into_bytes();
        let left = black_box(bytes).leak();
        black_box(left.len()) / fill.pattern.len().max(1)
    }

    /// Counts the pattern in all of the memory.
    #[cfg(target_arch = "wasm32")]
    #[allow(unsafe_code, reason = "it looks where no safe code can look, which is the point")]
    pub(super) fn scan(pattern: &[u8]) -> usize {
        const PAGE_BYTES: usize = 64 << 10;
        let end = core::arch::wasm32::memory_size(0) * PAGE_BYTES;
        // SAFETY: every address below the memory's size is mapped, bytes have no invalid values, and a volatile read
        // makes no assumption about what owns them.
        let byte =
            |address: usize| unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() };
        let begins_at = |address: &usize| {
            pattern
                .iter()
                .enumerate()
                .all(|(place, wanted)| byte(address + place) == wanted.to_ascii_uppercase())
        };
        (1..end.saturating_sub(pattern.len())).filter(begins_at).count()
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn scan(_pattern: &[u8]) -> usize {
        0
    }
}

/// An error of the class that the input names.
fn failure(body: &Value) -> Error {
    let message = "it failed as it was told to".to_owned();
    match body["class"].as_str().unwrap_or_default() {
        "invalid" => Error::Invalid(message),
        "auth_required" => Error::AuthRequired(message),
        "not_found" => Error::NotFound(message),
        "conflict" => Error::Conflict(message),
        "rate_limited" => Error::RateLimited(body["wait_ms"].as_u64()),
        "transient" => Error::Transient(message),
        "ambiguous" => Error::Ambiguous(message),
        _ => Error::Permanent(message),
    }
}

fn api_base() -> Result<String, Error> {
    text(&profile::config()?, "api_base")
}

fn text(body: &Value, name: &str) -> Result<String, Error> {
    body[name].as_str().map(str::to_owned).ok_or_else(|| Error::invalid(format!("no text named {name:?}")))
}

fn read<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, Error> {
    T::deserialize(body).map_err(|error| Error::invalid(error.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

lockgate_sdk::export!(Prober);
