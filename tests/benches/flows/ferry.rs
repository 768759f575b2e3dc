//! A host whose flows carry records from a depot to the same depot, or from its own hook to it.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::domain::hook::HookLimits;
use lockgate::domain::run::RunStatus;
use lockgate::domain::{FlowName, RunId, Secret};
use lockgate::{Engine, Host, NewFlow, NewHook, PipelineOptions, Quotas, Tenant};
use lockgate_tests::guests;
use vendors::Depot;

use super::sender;

#[path = "../../it/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
mod harness;

/// Requests to the host that are under way at once while flows are made and started.
const AT_ONCE: usize = 64;

pub struct Ferry {
    host: Host,
    tenant: Tenant,
    flows: Vec<FlowName>,
    folder: tempfile::TempDir,
}

impl Ferry {
    pub async fn new(depot: &Depot, engine: Option<Engine>, flows: u64, batch: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let quotas = Quotas { flows: 100_000, ..Quotas::default() };
        let pipeline = PipelineOptions { tick_ms: 50, ..PipelineOptions::default() };
        let builder = harness::reaching(&[&depot.url()]).quotas(quotas).pipeline(pipeline);
        let builder = match engine {
            None => builder,
            Some(engine) => builder.data_dir(folder.path().join("data")).engine(engine),
        };
        let host = builder.build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(guests::FERRY.to_vec()).await.unwrap();
        for name in ["from", "to"] {
            let scopes = ["things:read", "things:write"];
            harness::profile(&tenant, name, "ferry", &depot.url(), "depot-credential-1", &scopes).await;
        }
        let names = (0..flows).map(|number| format!("ferry-{number}").parse().unwrap());
        let flows: Vec<FlowName> = names.collect();
        let made = futures_util::stream::iter(&flows)
            .map(|name| tenant.create_flow(new_flow(name, "things", batch)))
            .buffer_unordered(AT_ONCE);
        made.for_each(|made| async { drop(made.unwrap()) }).await;
        Self { host, tenant, flows, folder }
    }

    /// Runs every flow once, and waits for the last end. Gives how many records were delivered.
    pub async fn run_all(&self) -> u64 {
        self.run(self.flows.len() as u64).await
    }

    /// The same for the first of them.
    pub async fn run(&self, flows: u64) -> u64 {
        let started = futures_util::stream::iter(self.flows.iter().take(flows as usize))
            .map(|flow| self.tenant.run_flow(flow))
            .buffer_unordered(AT_ONCE);
        let runs: Vec<RunId> = started.map(|run| run.unwrap().id).collect().await;
        let mut delivered = 0;
        for id in runs {
            loop {
                let run = self.tenant.run(&id).unwrap();
                if run.status.is_final() {
                    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.failure);
                    delivered += run.counts.delivered;
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        delivered
    }

    /// Serves the API, with a hook whose events a flow delivers.
    pub async fn serve(&self, batch: u32) -> Served {
        let flow = "arrivals".parse().unwrap();
        self.tenant.create_flow(new_flow(&flow, "arrivals", batch)).await.unwrap();
        let limits = HookLimits { per_second: 10_000, burst: 10_000, ..HookLimits::default() };
        let secret = Some(Secret::new(sender::SECRET));
        let new =
            NewHook { profile: "from".parse().unwrap(), trigger: "arrivals".to_owned(), limits, secret };
        let hook = self.tenant.create_hook(new).await.unwrap().hook;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        self.host.reached_at(&url);
        let router = server::router(self.host.clone(), server::Options::default());
        let server = tokio::spawn(server::serve(listener, router, std::future::pending()));
        Served { url: self.host.hook_url(&hook.id), server }
    }

    pub fn folder_bytes(&self) -> u64 {
        bytes_in(self.folder.path())
    }

    /// Nothing of it goes on beside what is measured next.
    pub async fn end(self) {
        self.host.shutdown().await;
    }
}

/// A host that can be sent to.
pub struct Served {
    /// Of the hook.
    pub url: String,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub async fn end(self) {
        self.server.abort();
        drop(self.server.await);
    }
}

fn new_flow(name: &FlowName, trigger: &str, batch: u32) -> NewFlow {
    NewFlow {
        name: name.clone(),
        source: Source { profile: "from".parse().unwrap(), trigger: trigger.to_owned() },
        mapping: None,
        destination: Destination { profile: "to".parse().unwrap(), action: "put".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy { batch, ..DeliveryPolicy::default() },
    }
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
