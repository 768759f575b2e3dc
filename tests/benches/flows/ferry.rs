//! A host whose flows carry records from a depot to the same depot.

use std::path::Path;
use std::time::Duration;

use lockgate::domain::FlowName;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::domain::run::RunStatus;
use lockgate::{Engine, NewFlow, PipelineOptions, Quotas, Tenant};
use lockgate_tests::guests;
use vendors::Depot;

#[path = "../../it/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
mod harness;

pub struct Ferry {
    /// The flows end with it.
    _host: lockgate::Host,
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
        let mut names = Vec::new();
        for number in 0..flows {
            let name: FlowName = format!("ferry-{number}").parse().unwrap();
            let delivery = DeliveryPolicy { batch, ..DeliveryPolicy::default() };
            let new = NewFlow {
                name: name.clone(),
                source: Source { profile: "from".parse().unwrap(), trigger: "things".to_owned() },
                mapping: None,
                destination: Destination { profile: "to".parse().unwrap(), action: "put".to_owned() },
                schedule: None,
                delivery,
            };
            tenant.create_flow(new).await.unwrap();
            names.push(name);
        }
        Self { _host: host, tenant, flows: names, folder }
    }

    /// Runs every flow once, and waits for the last end. Gives how many records were delivered.
    pub async fn run_all(&self) -> u64 {
        let mut runs = Vec::with_capacity(self.flows.len());
        for flow in &self.flows {
            runs.push(self.tenant.run_flow(flow).await.unwrap().id);
        }
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

    pub fn folder_bytes(&self) -> u64 {
        bytes_in(self.folder.path())
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
