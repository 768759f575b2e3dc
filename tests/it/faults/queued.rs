//! A host that starts with much to do: what it does first does not wait for the rest.

use std::time::{Duration, Instant};

use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::RunStatus;
use lockgate::{Engine, RunsOf};
use lockgate_tests::queue::queue;
use vendors::Depot;

use super::ferry;
use crate::harness;

/// A hundred thousand take a minute to write in a build without optimisation: `crash queued 100000` has them, and drains
/// them to the last.
const QUEUED: u64 = 10_000;
/// How long a record may wait that is the first of so many.
const FIRST_MAX: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_ten_thousand_records_queued_at_the_start_the_first_is_delivered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::start(true).await.unwrap();
    let open = || harness::reaching(&[&depot.url()]).data_dir(folder.path()).engine(Engine::Redb).build();
    let host = open().await.unwrap();
    let tenant = ferry(&host, &depot, RetryPolicy::default()).await;
    let run = tenant.run_flow(&"ferry".parse().unwrap()).await.unwrap();
    let run = harness::finished(&tenant, run).await;
    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.failure);
    host.shutdown().await;
    drop((tenant, host));
    let (acme, flow) = ("acme".parse().unwrap(), "ferry".parse().unwrap());
    let store = queue(folder.path(), Engine::Redb, &acme, &flow, &run.id, QUEUED).await.unwrap();
    assert!(store.check().unwrap().is_whole());
    drop(store);

    let began = Instant::now();
    let host = open().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let run = tenant.run_flow(&"ferry".parse().unwrap()).await.unwrap();
    while depot.taken() == 0 {
        assert!(began.elapsed() < FIRST_MAX, "nothing was delivered after {:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(tenant.runs(RunsOf::default(), 10).unwrap().items.iter().any(|one| one.id == run.id));
    host.shutdown().await;
}
