//! A host with two tenants that may each read and write things at one remote, and what they see of it.

use std::sync::Arc;

use lockgate::domain::exchange::{Exchange, ExchangeOutcome};
use lockgate::domain::{FailureCode, Gate, Later, Resolver};
use lockgate::{Builder, EgressOptions, Host, Tenant};
use serde_json::{Value, json};

use crate::harness;

/// Short enough that a test of a time-out takes no time, long enough for a busy machine.
pub fn hurried() -> EgressOptions {
    EgressOptions {
        connect_timeout_ms: 2_000,
        tls_timeout_ms: 1_000,
        first_byte_timeout_ms: 1_500,
        idle_timeout_ms: 1_500,
        total_timeout_ms: 6_000,
        ..EgressOptions::default()
    }
}

/// Every name is this machine.
pub struct Here;

impl Resolver for Here {
    fn resolve<'a>(
        &'a self,
        _: &'a str,
    ) -> Later<'a, Result<Vec<std::net::IpAddr>, lockgate::domain::injected::NameError>> {
        Box::pin(std::future::ready(Ok(vec!["127.0.0.1".parse().expect("an address")])))
    }
}

pub struct World {
    pub host: Host,
    pub acme: Tenant,
    pub other: Tenant,
    /// Of the first and of the other tenant.
    urls: [String; 2],
}

impl World {
    pub async fn new(url: &str) -> Self {
        Self::with(url, hurried()).await
    }

    pub async fn with(url: &str, options: EgressOptions) -> Self {
        Self::build([url, url], harness::reaching(&[url]).egress(options).resolver(Arc::new(Here))).await
    }

    /// Each tenant has a remote of its own.
    pub async fn build(urls: [&str; 2], builder: Builder) -> Self {
        let host = builder.build().await.expect("the host starts");
        let [acme, other] = ["acme", "other"].map(|name| host.tenant(name).expect("a tenant"));
        for (tenant, url) in [&acme, &other].into_iter().zip(urls) {
            tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.expect("the upload is admitted");
            let scopes = ["things:read", "things:write"];
            harness::profile(tenant, "probe", "prober", url, harness::CANARY, &scopes).await;
        }
        Self { host, acme, other, urls: urls.map(str::to_owned) }
    }

    pub async fn get(&self, name: &str) -> Outcome {
        self.fetch(&self.acme, json!({ "url": format!("{}/things/{name}", self.urls[0]) })).await
    }

    pub async fn get_as_other(&self, name: &str) -> Outcome {
        self.fetch(&self.other, json!({ "url": format!("{}/things/{name}", self.urls[1]) })).await
    }

    pub async fn post(&self, body: &str) -> Outcome {
        let request = json!({ "method": "POST", "url": format!("{}/things", self.urls[0]), "body": body });
        self.fetch(&self.acme, request).await
    }

    /// A GET with these headers.
    pub async fn get_with(&self, headers: &[(String, String)]) -> Outcome {
        let request = json!({ "url": format!("{}/things", self.urls[0]), "headers": headers });
        self.fetch(&self.acme, request).await
    }

    pub async fn fetch(&self, tenant: &Tenant, request: Value) -> Outcome {
        let mut called = harness::call(tenant, "probe", "fetch", request).await;
        let seen = called.results.remove(0).expect("the guest answers");
        Outcome { seen, exchanges: called.exchanges }
    }
}

/// What the guest saw, and what the log keeps.
#[derive(Debug)]
pub struct Outcome {
    pub seen: Value,
    pub exchanges: Vec<Exchange>,
}

impl Outcome {
    #[track_caller]
    pub fn assert_failed(&self, code: FailureCode, sent: bool) {
        let failed = &self.seen["failed"];
        assert_eq!(failed["kind"], format!("{:?}", code.kind()), "{code:?}: {}", self.short());
        assert_eq!(failed["sent"], sent, "{code:?}: {}", self.short());
        assert_eq!(failed["message"], code.message());
        let [row] = self.exchanges.as_slice() else { panic!("{code:?}: {:?}", self.exchanges) };
        match &row.outcome {
            ExchangeOutcome::Failed { failure } => {
                assert_eq!((failure.code, failure.sent), (code, sent), "{failure}");
            }
            outcome => panic!("{code:?}: {outcome:?}"),
        }
        self.assert_coarse();
    }

    #[track_caller]
    pub fn assert_answered(&self, status: u16, body: &str) {
        assert_eq!(
            (&self.seen["status"], &self.seen["body"]),
            (&json!(status), &json!(body)),
            "{}",
            self.short()
        );
    }

    /// A gate said no, and the log says the same.
    #[track_caller]
    pub fn assert_denied(&self, gate: Gate) {
        assert_eq!(self.seen["denied"]["gate"], gate.as_str(), "{}", self.short());
        let [row] = self.exchanges.as_slice() else { panic!("{:?}", self.exchanges) };
        assert!(
            matches!(&row.outcome, ExchangeOutcome::Denied { denial } if denial.gate == gate),
            "{}",
            self.short()
        );
    }

    /// Neither the guest nor the log learns a word of the system, of a library or of the host's network.
    #[track_caller]
    pub fn assert_coarse(&self) {
        let shown = format!("{} {:?}", self.seen, self.exchanges).to_ascii_lowercase();
        for word in [
            "os error",
            "errno",
            "refused",
            "hyper",
            "rustls",
            "tokio",
            "certificate expired",
            "unknownissuer",
            "deadline",
        ] {
            assert!(!shown.contains(word), "{word:?} in {}", self.short());
        }
    }

    fn short(&self) -> String {
        format!("{} {:?}", self.seen, self.exchanges).chars().take(2_000).collect()
    }
}
