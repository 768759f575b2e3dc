//! A served host with a clock in the test's hand, and a flow that carries numbered records from a remote and to it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lockgate::domain::audit::Entry;
use lockgate::domain::dead_letter::DeadLetter;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::Run;
use lockgate::domain::token::Bearer;
use lockgate::domain::{Clock, Timestamp};
use lockgate::{Builder, Host, NewFlow, PipelineOptions, RunsOf, Tenant};
use lockgate_tests::guests;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::remote::Remote;
use crate::harness::{finished, profile, reaching};

const PATIENCE: Duration = Duration::from_secs(60);
pub const HOUR_MS: i64 = 3_600_000;

/// The time as a test sets it.
pub struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub remote: Remote,
    pub host: Host,
    pub tenant: Tenant,
    pub token: String,
    clock: Arc<Hand>,
    url: String,
    client: reqwest::Client,
    serving: JoinHandle<()>,
}

/// What the API answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// It was said before, to the same request.
    pub is_replayed: bool,
}

impl Answer {
    /// The status with the code of the problem.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}"))
    }
}

impl World {
    pub async fn new() -> Self {
        Self::over(|builder| builder).await
    }

    /// What waits for a tick has not long to wait.
    pub fn pipeline() -> PipelineOptions {
        PipelineOptions { circuits: false, tick_ms: 20, ..PipelineOptions::default() }
    }

    /// The same on a host that is built differently.
    pub async fn over(shape: impl FnOnce(Builder) -> Builder) -> Self {
        let remote = Remote::start().await;
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000_000)));
        let host = shape(builder(&remote, &clock)).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(guests::FERRY.to_vec()).await.unwrap();
        for name in ["from", "to"] {
            let scopes = ["things:read", "things:write"];
            profile(&tenant, name, "ferry", &remote.url, "a-token-of-the-remote", &scopes).await;
        }
        Self::served(host, tenant, remote, clock).await
    }

    /// The host in its folder ends, and another process serves it.
    pub async fn restarted(self, folder: &Path, pipeline: PipelineOptions) -> Self {
        let Self { remote, host, tenant, clock, serving, client, .. } = self;
        serving.abort();
        let _aborted = serving.await;
        host.shutdown().await;
        drop((host, tenant, client));
        let host = loop {
            match builder(&remote, &clock).pipeline(pipeline.clone()).data_dir(folder).build().await {
                Ok(host) => break host,
                // Connections of the one before hold it for a moment yet.
                Err(error) => eprintln!("not yet: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let tenant = host.tenant("acme").unwrap();
        Self::served(host, tenant, remote, clock).await
    }

    async fn served(host: Host, tenant: Tenant, remote: Remote, clock: Arc<Hand>) -> Self {
        let token = host.make_token(Bearer::Tenant { tenant: tenant.id().clone() }).await.unwrap().text;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let options = server::Options { requests_burst: 1_000_000, ..server::Options::default() };
        let router = server::router(host.clone(), options);
        let serving = tokio::spawn(async {
            server::serve(listener, router, std::future::pending()).await.ok();
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { remote, host, tenant, token, clock, url, client, serving }
    }

    /// The same with the flow `things`, which has run once over so many records, of which these were refused for good.
    pub async fn refusing(records: u64, refused: &[u64]) -> Self {
        Self::new().await.refuse(records, refused).await
    }

    pub async fn refuse(self, records: u64, refused: &[u64]) -> Self {
        let world = self;
        world.remote.offer(records);
        for n in refused {
            world.remote.answer(*n, 422);
        }
        world.flow("things", None).await;
        let run = world.run("things").await;
        assert_eq!(run.counts.dead_lettered, refused.len() as u64, "{run:?}");
        assert_eq!(run.counts.delivered, records - refused.len() as u64, "{run:?}");
        world
    }

    /// The same host, asked with a token of another tenant.
    pub async fn speaking_for(self, tenant: &str) -> Self {
        let bearer = Bearer::Tenant { tenant: tenant.parse().unwrap() };
        Self { token: self.host.make_token(bearer).await.unwrap().text, ..self }
    }

    pub fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub async fn flow(&self, name: &str, jq: Option<&str>) {
        self.flow_to(name, jq, "to", "put").await;
    }

    /// A record that may be tried again waits an hour for it.
    pub async fn flow_to(&self, name: &str, jq: Option<&str>, to: &str, action: &str) {
        let retry = RetryPolicy { schedule_ms: vec![3_600_000], ..RetryPolicy::default() };
        let new = NewFlow {
            name: name.parse().unwrap(),
            source: Source { profile: "from".parse().unwrap(), trigger: "things".to_owned() },
            mapping: jq.map(|jq| Mapping { jq: jq.to_owned() }),
            destination: Destination { profile: to.parse().unwrap(), action: action.to_owned() },
            schedule: None,
            delivery: DeliveryPolicy { retry, ..DeliveryPolicy::default() },
        };
        self.tenant.create_flow(new).await.unwrap();
    }

    pub async fn run(&self, flow: &str) -> Run {
        let run = self.tenant.run_flow(&flow.parse().unwrap()).await.unwrap();
        finished(&self.tenant, run).await
    }

    /// Waits for the end of the run that the API has answered with.
    pub async fn ended(&self, answer: &Answer) -> Run {
        let run = self.tenant.run(&answer.id().parse().unwrap()).unwrap();
        finished(&self.tenant, run).await
    }

    pub async fn until(&self, what: &str, found: impl Fn(&Self) -> bool) {
        let wait = async {
            while !found(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
    }

    /// Waits until no run is open.
    pub async fn quiet(&self) {
        self.until("the end of every run", |world| world.runs().iter().all(|run| run.status.is_final()))
            .await;
    }

    pub fn runs(&self) -> Vec<Run> {
        self.tenant.runs(RunsOf::default(), 500).unwrap().items
    }

    pub fn letters(&self) -> Vec<DeadLetter> {
        self.tenant.dead_letters(None, None, 500).unwrap().items
    }

    /// The only dead letter that there is.
    pub fn letter(&self) -> DeadLetter {
        let mut letters = self.letters();
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    /// Entries of the audit trail with this verb, newest first.
    pub fn audited(&self, verb: &str) -> Vec<Entry> {
        let entries = self.tenant.audit().entries(None, 500).unwrap().items;
        entries.into_iter().filter(|entry| entry.verb == verb).collect()
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.url));
        request.bearer_auth(&self.token)
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(with(self.request(method, path), body)).await
    }

    /// The same under an idempotency key.
    pub async fn once(&self, path: &str, key: &str, body: Option<&Value>) -> Answer {
        self.send(with(self.request("POST", path).header("idempotency-key", key), body)).await
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let replayed = response.headers().get("idempotency-replayed");
        let is_replayed = replayed.is_some_and(|value| value == "true");
        let text = response.text().await.unwrap();
        Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), is_replayed }
    }
}

fn builder(remote: &Remote, clock: &Arc<Hand>) -> Builder {
    reaching(&[&remote.url]).pipeline(World::pipeline()).clock(clock.clone())
}

fn with(request: reqwest::RequestBuilder, body: Option<&Value>) -> reqwest::RequestBuilder {
    match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    }
}
