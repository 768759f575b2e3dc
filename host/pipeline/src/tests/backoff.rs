//! A credential that the remote refuses: the flows wait and lose nothing, one call finds out, and they go on by themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::RunId;
use domain::call::GuestError;
use domain::event::EventKind;
use domain::profile::{CredentialTerms, PROBE_EVERY_MS, Reason, Status};
use domain::run::{Run, RunStatus};
use store::{EventFilter, Events as _, Paging};
use tokio::task::JoinHandle;

use super::bench::Bench;
use super::script::{Does, Gives};

/// Notices soon that the time has come.
async fn bench(pages: &[&[&str]]) -> Bench {
    let mut bench = Bench::new(pages).await;
    bench.options.lease_ms = 60;
    bench
}

fn refuse(bench: &Bench, yes: bool) {
    let refused = Does::Says(GuestError::AuthRequired("who are you".to_owned()));
    *bench.script.otherwise.lock().unwrap() = yes.then_some(refused);
}

fn begin(bench: &Bench, run: &RunId) -> JoinHandle<()> {
    let (room, tenant, run) = (bench.room(), bench.tenant.clone(), run.clone());
    let stop = tokio::sync::watch::Sender::new(false);
    tokio::spawn(async move {
        let stopped = stop.subscribe();
        crate::work::work(room, tenant, run, stopped).await.unwrap();
        drop(stop);
    })
}

async fn calls(bench: &Bench, count: usize) {
    let enough = async {
        while bench.script.batches.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), enough).await.expect("the call is made");
    // Long enough for several looks: no further call is made.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(bench.script.batches.lock().unwrap().len(), count);
}

async fn over(bench: &Bench, id: &RunId, task: JoinHandle<()>) -> Run {
    tokio::time::timeout(Duration::from_secs(20), task).await.expect("the run goes on").unwrap();
    bench.run(id)
}

#[tokio::test]
async fn a_refused_credential_costs_no_record_and_the_run_goes_on_when_it_works_again() {
    let bench = bench(&[&["a", "b", "c", "d"]]).await;
    refuse(&bench, true);
    let id = bench.trigger().await;
    let task = begin(&bench, &id);
    calls(&bench, 1).await;
    let bill = bench.profile("bill");
    assert_eq!(bill.status(bench.now()), (Status::Degraded, Some(Reason::AuthRevoked)));
    assert!(!bench.run(&id).status.is_final());
    assert_eq!((bench.parcels().len(), bench.letters().len()), (4, 0));

    bench.clock.push(PROBE_EVERY_MS as i64);
    calls(&bench, 2).await;
    assert_eq!(bench.script.batches.lock().unwrap()[1].len(), 1, "one record is enough to find out");

    refuse(&bench, false);
    bench.clock.push(PROBE_EVERY_MS as i64);
    let run = over(&bench, &id, task).await;
    assert_eq!((run.status, run.counts.read, run.counts.delivered), (RunStatus::Succeeded, 4, 4));
    assert!(bench.letters().is_empty());
    assert_eq!(bench.status("bill"), Status::Active);
    let keys: BTreeSet<_> = bench.script.handed_over().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 4, "each record kept its key");

    let told = bench.store.events(&bench.tenant, EventFilter::default(), &Paging::first(100)).unwrap();
    let told: Vec<_> = told.items.iter().rev().filter(|event| event.data["profile"] == "bill").collect();
    assert!(told.iter().all(|event| event.kind == EventKind::ProfileStatusChanged));
    let words: Vec<_> = told.iter().map(|event| event.data["new"].as_str().unwrap()).collect();
    assert_eq!(words, ["degraded", "active"]);
}

#[tokio::test]
async fn a_source_that_refuses_its_credential_is_asked_again_for_the_same_page() {
    let bench = bench(&[&["a"], &["b"]]).await;
    let refused = Gives::Says(GuestError::AuthRequired("who are you".to_owned()));
    bench.script.stumbles.lock().unwrap().push(refused);
    let id = bench.trigger().await;
    let task = begin(&bench, &id);
    let crm = async {
        while bench.status("crm") != Status::Degraded {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), crm).await.expect("it is noted at once");
    assert!(!bench.run(&id).status.is_final());
    bench.clock.push(PROBE_EVERY_MS as i64);
    let run = over(&bench, &id, task).await;
    assert_eq!((run.status, run.failure, run.counts.delivered), (RunStatus::Succeeded, None, 2));
    assert_eq!(bench.status("crm"), Status::Active);
}

#[tokio::test]
async fn of_all_flows_through_a_refused_profile_one_call_goes_in_thirty_seconds() {
    let bench = bench(&[&["a"]]).await;
    bench.add_flow("two").await;
    refuse(&bench, true);
    let one = bench.trigger().await;
    let first = begin(&bench, &one);
    calls(&bench, 1).await;
    let two = bench.trigger_flow("two").await;
    let second = begin(&bench, &two);
    calls(&bench, 1).await;
    for round in 2..4 {
        bench.clock.push(PROBE_EVERY_MS as i64);
        calls(&bench, round).await;
    }
    refuse(&bench, false);
    bench.clock.push(PROBE_EVERY_MS as i64);
    assert_eq!(over(&bench, &one, first).await.status, RunStatus::Succeeded);
    assert_eq!(over(&bench, &two, second).await.status, RunStatus::Succeeded);
}

#[tokio::test]
async fn another_credential_lets_the_flows_go_on_at_once() {
    let bench = bench(&[&["a", "b"]]).await;
    refuse(&bench, true);
    let id = bench.trigger().await;
    let task = begin(&bench, &id);
    calls(&bench, 1).await;
    refuse(&bench, false);
    let now = bench.now();
    bench.change_profile("bill", |profile| profile.replace_credential(now, CredentialTerms::default())).await;
    let run = over(&bench, &id, task).await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 2));
}
