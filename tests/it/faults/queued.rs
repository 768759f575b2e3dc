//! A host that starts with much to do: what it does first does not wait for the rest.

use std::time::{Duration, Instant};

use lockgate::domain::Clock as _;
use lockgate::domain::flow::{FlowState, Parcel, Seen};
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::RunStatus;
use lockgate::{Engine, OsRandomness, RunsOf, SystemClock};
use store::{Commit, Expect, KeyEncryptionKey, Place, Store, StoreOptions};
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
    queue(folder.path(), &run.id).await;

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

/// As a host leaves it that was stopped in the midst of a long run.
async fn queue(folder: &std::path::Path, run: &lockgate::domain::RunId) {
    let key = KeyEncryptionKey::from_file(&folder.join("lockgate.key")).unwrap();
    let place = Place::Dir { path: folder.to_owned(), engine: Engine::Redb };
    let store = Store::open(StoreOptions { place, key }, &OsRandomness).unwrap();
    let (tenant, flow) = ("acme".parse().unwrap(), "ferry".parse().unwrap());
    let now = SystemClock.now();
    for start in (1..=QUEUED).step_by(1_000) {
        let mut commit = Commit::new();
        for seq in start..start + 1_000 {
            let key = format!("r-{seq}").parse().unwrap();
            let parcel = Parcel {
                seq,
                run: run.clone(),
                key,
                idempotency_key: format!("queued-{seq}"),
                body: serde_json::json!({ "n": seq }),
                accepted_at: now,
                attempts: Vec::new(),
                forgiven: 0,
                next_at: now,
                replay_of: None,
            };
            let seen = Seen::Accepted { at: now, run: Some(parcel.run.clone()), seq: Some(parcel.seq) };
            commit.put_seen(&tenant, &flow, &parcel.key, &seen, Expect::Absent);
            commit.put_parcel(&tenant, &flow, &parcel, Expect::Absent);
        }
        store.commit(commit).await.unwrap();
    }
    let mut commit = Commit::new();
    let state = FlowState { next_seq: QUEUED + 1, cursor: Some(QUEUED.into()), ..FlowState::default() };
    commit.put_flow_state(&tenant, &flow, &state, Expect::Any);
    store.commit(commit).await.unwrap();
    assert!(store.check().unwrap().is_whole());
}
