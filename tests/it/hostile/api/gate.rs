//! A served API with one tenant's things in it, and ways to ask it, well-formed and not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lockgate::domain::token::{Bearer, Role};
use lockgate::domain::{Clock, TenantId, Timestamp};
use lockgate::{Builder, TokenFor};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::Probed;

/// Long enough for a slow machine, short enough to end a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time as a test sets it.
pub struct Hand(AtomicI64);

impl Hand {
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

pub struct Gate {
    pub probed: Probed,
    pub clock: Arc<Hand>,
    pub address: SocketAddr,
    /// Tokens: of the tenant that owns everything, and of whoever runs the host.
    pub owner: String,
    pub operator: String,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// Null where the body is none of JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Gate {
    pub async fn new() -> Self {
        Self::over(|builder| builder).await
    }

    pub async fn over(shape: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000_000)));
        let probed = Probed::over(|builder| shape(builder.clock(clock.clone()))).await;
        // The tests of rates set their own; the others have no time to be polite.
        let options = server::Options { requests_burst: 1_000_000, ..server::Options::default() };
        Self::serving(probed, clock, options).await
    }

    pub async fn serving(probed: Probed, clock: Arc<Hand>, options: server::Options) -> Self {
        let tenant = probed.tenant.id().clone();
        let owner = probed.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
        let operator = probed.host.make_token(Bearer::Operator).await.unwrap().text;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = server::router(probed.host.clone(), options);
        // Idle connections are closed soon, so that a test that reads to the end has not long to wait.
        let serving = server::Serving { headers_ms_max: 700, ..server::Serving::default() };
        tokio::spawn(server::serve_as(listener, router, serving, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { probed, clock, address, owner, operator, client }
    }

    /// The moment that lies so far ahead.
    pub fn at(&self, ms: u64) -> Timestamp {
        self.clock.now().plus_ms(ms)
    }

    pub async fn token(&self, tenant: &str, role: Role, expires_at: Option<Timestamp>) -> String {
        let tenant: TenantId = tenant.parse().unwrap();
        let wanted = TokenFor { bearer: Bearer::Tenant { tenant }, role, expires_at };
        self.probed.host.make_token(wanted).await.unwrap().text
    }

    /// One request, with JSON if there is a body.
    pub async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.send(request).await
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("http://{}{path}", self.address))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // What a person is sent to answers with pages.
        let is_page = response.url().path().starts_with("/oauth/");
        let text = response.text().await.unwrap();
        if status >= 400 && !is_page {
            assert_eq!(headers["content-type"], "application/problem+json", "{status}: {text}");
        }
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    pub async fn upload(&self, token: &str, bytes: Vec<u8>) -> Answer {
        let request = self.request("POST", "/v1/connectors").bearer_auth(token);
        self.send(request.header("content-type", "application/wasm").body(bytes)).await
    }

    /// Sends bytes as they are, and reads until the server closes.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that has refused may close before everything is sent; its answer is there all the same.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, read).await.expect("the server answers or closes");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A flow from the probing guest to itself.
    pub async fn flow(&self, name: &str) -> Answer {
        self.ask("POST", "/v1/flows", Some(&self.owner), Some(&a_flow(name, "probe"))).await
    }
}

pub fn a_flow(name: &str, profile: &str) -> Value {
    json!({
        "name": name,
        "source": { "profile": profile, "trigger": "things" },
        "destination": { "profile": profile, "action": "echo" },
    })
}

/// The status lines in what a connection answered: one for each request that the server saw.
pub fn statuses(answer: &str) -> Vec<u16> {
    let lines = answer.split("HTTP/1.1 ").skip(1);
    lines.filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
}
