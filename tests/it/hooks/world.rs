//! A served host with a connector that takes webhooks of every scheme, and a remote that keeps what it is handed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use auth::webhook::{Arrived, sign};
use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::domain::hook::{Hook, HookLimits};
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::{Clock, Secret, Timestamp};
use lockgate::{Builder, Host, LogFilter, NewFlow, NewHook, RunsOf, SystemClock, Tenant};
use lockgate_tests::guests;
use wit::{TriggerKind, WebhookScheme};

use crate::harness::{Echo, profile, reaching};

const PATIENCE: Duration = Duration::from_secs(60);
/// Base64 behind its prefix, so that it is a secret for every scheme.
pub const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const TRIGGERS: [&str; 8] =
    ["standard", "stripe", "github", "slack", "shopify", "hubspot", "quickbooks", "generic"];

pub struct World {
    pub echo: Echo,
    pub host: Host,
    pub tenant: Tenant,
    pub url: String,
    client: reqwest::Client,
    server: tokio::task::JoinHandle<()>,
}

/// What a sender of this scheme would send.
pub struct Sending<'a> {
    pub trigger: &'a str,
    pub secret: &'a str,
    pub id: &'a str,
    pub body: &'a [u8],
    /// By how much the sender's clock is off.
    pub off_ms: i64,
}

impl World {
    pub async fn new() -> Self {
        Self::over(Echo::start().await, None).await
    }

    /// Over a folder that may have been used before.
    pub async fn over(echo: Echo, folder: Option<&Path>) -> Self {
        Self::shaped(echo, folder, |builder| builder).await
    }

    /// The same, on a host that is built differently.
    pub async fn shaped(echo: Echo, folder: Option<&Path>, shape: impl Fn(Builder) -> Builder) -> Self {
        let host = built(&echo, folder, shape).await;
        let tenant = host.tenant("acme").expect("a tenant");
        if tenant.connectors(None, 10).expect("a list").items.is_empty() {
            tenant.upload(guests::RECEIVER.to_vec()).await.expect("the upload is admitted");
            profile(&tenant, "receiver", "receiver", &echo.url, "a-token-of-the-remote", &["kept:write"])
                .await;
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        host.reached_at(&url);
        let router = server::router(host.clone(), server::Options::default());
        let server = tokio::spawn(async move {
            let _ = server::serve(listener, router, std::future::pending()).await;
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { echo, host, tenant, url, client, server }
    }

    /// Ends the host, and keeps the remote.
    pub async fn end(self) -> Echo {
        self.server.abort();
        let _ = self.server.await;
        self.host.shutdown().await;
        self.echo
    }

    /// A flow from this trigger to the remote.
    pub async fn flow(&self, trigger: &str) {
        let new = NewFlow {
            name: trigger.parse().expect("a name"),
            source: Source { profile: "receiver".parse().expect("a name"), trigger: trigger.to_owned() },
            mapping: None,
            destination: Destination {
                profile: "receiver".parse().expect("a name"),
                action: "keep".to_owned(),
            },
            schedule: None,
            delivery: DeliveryPolicy {
                retry: RetryPolicy { base_ms: 5, cap_ms: 50, ..RetryPolicy::default() },
                ..DeliveryPolicy::default()
            },
        };
        self.tenant.create_flow(new).await.expect("the flow is made");
    }

    pub async fn hook(&self, trigger: &str) -> Hook {
        self.hook_within(trigger, HookLimits::default()).await
    }

    pub async fn hook_within(&self, trigger: &str, limits: HookLimits) -> Hook {
        let new = NewHook {
            profile: "receiver".parse().expect("a name"),
            trigger: trigger.to_owned(),
            limits,
            secret: Some(Secret::new(SECRET)),
        };
        self.tenant.create_hook(new).await.expect("the hook is made").hook
    }

    fn scheme(&self, trigger: &str) -> WebhookScheme {
        let connector =
            self.tenant.connector(&"receiver".parse().expect("a name"), None).expect("it is there");
        let found = connector.manifest.triggers.into_iter().find(|offered| offered.name == trigger);
        match found.expect("a trigger").kind {
            TriggerKind::Webhook(webhook) => webhook.scheme,
            TriggerKind::Poll => panic!("{trigger} is polled"),
        }
    }

    /// The headers of a good request.
    pub fn signed(&self, hook: &Hook, sending: &Sending<'_>) -> Vec<(String, Vec<u8>)> {
        let now = SystemClock.now();
        let now = Timestamp::from_ms(now.as_ms() + sending.off_ms);
        let uri = self.host.hook_url(&hook.id);
        let request = Arrived { method: "POST", uri: &uri, headers: &[], body: sending.body, now };
        sign(&self.scheme(sending.trigger), &Secret::new(sending.secret), &request, sending.id)
            .expect("it can be signed")
            .headers
    }

    /// Status, `retry-after` and body of one request.
    pub async fn post(
        &self,
        hook: &Hook,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> (u16, Option<String>, String) {
        let mut request = self.client.post(format!("{}/hooks/{}", self.url, hook.id)).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(name.as_str(), value.as_slice());
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (status, after, response.text().await.expect("a body"))
    }

    /// Sends one good event; the answer's status.
    pub async fn send(&self, hook: &Hook, trigger: &str, id: &str, body: &[u8]) -> u16 {
        let sending = Sending { trigger, secret: SECRET, id, body, off_ms: 0 };
        self.post(hook, &self.signed(hook, &sending), body).await.0
    }

    /// What the remote was handed: the ends of the paths, in order.
    pub fn kept(&self) -> Vec<String> {
        let line = |head: String| head.lines().next().unwrap_or_default().to_owned();
        let id = |line: String| {
            line.strip_prefix("POST /kept/").and_then(|rest| rest.split(' ').next()).map(str::to_owned)
        };
        self.echo.heads().into_iter().map(line).filter_map(id).collect()
    }

    pub async fn until(&self, what: &str, found: impl Fn(&Self) -> bool) {
        let wait = async {
            while !found(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
    }

    /// How often the guest was started for an event: it says so in the log.
    pub fn received(&self) -> usize {
        let entries = self.tenant.logs(LogFilter::default(), 500).expect("a log").items;
        entries.iter().filter(|entry| format!("{entry:?}").contains("received at")).count()
    }

    pub fn runs(&self) -> usize {
        self.tenant.runs(RunsOf::default(), 500).expect("a list").items.len()
    }

    /// Waits until no run is open.
    pub async fn quiet(&self) {
        self.until("the end of every run", |world| {
            let runs = world.tenant.runs(RunsOf::default(), 500).expect("a list").items;
            runs.iter().all(|run| run.status.is_final())
        })
        .await;
    }
}

/// A folder is free when the last connection to the host before has ended.
async fn built(echo: &Echo, folder: Option<&Path>, shape: impl Fn(Builder) -> Builder) -> Host {
    let mut refused = None;
    for _ in 0..500 {
        let builder = shape(reaching(&[&echo.url]));
        let builder = match folder {
            Some(folder) => builder.data_dir(folder),
            None => builder,
        };
        match builder.build().await {
            Ok(host) => return host,
            Err(error) => refused = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the host does not start: {refused:?}");
}

pub fn shared(world: World) -> Arc<World> {
    Arc::new(world)
}
