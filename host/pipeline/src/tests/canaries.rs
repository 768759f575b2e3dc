//! A version that is tried turns bad in the middle of a run: the host gives it up, and the run goes on with the one in use.

use std::collections::{BTreeMap, BTreeSet};

use domain::call::GuestError;
use domain::canary::Trial;
use domain::event::{Delivery, EventKind};
use domain::run::{Run, RunStatus};
use serde_json::json;
use store::{Commit, Events as _, Expect, Trials as _};

use super::bench::Bench;
use super::crash::cut;
use super::script::{Does, Worsening};

const PAGES: [&[&str]; 4] = [&["a", "b", "c"], &["d", "e", "f"], &["g", "h", "i"], &["j", "k", "l"]];

/// A flow whose destination tries a version that takes four records and refuses all others.
async fn bench() -> Bench {
    let mut bench = Bench::new(&PAGES).await;
    bench.options.exclusive = true;
    bench.subscribe("pager").await;
    bench.try_version("bill", "2.0.0").await;
    let then = Does::Says(GuestError::Transient("it broke".to_owned()));
    *bench.script.worsening.lock().unwrap() = Some(Worsening { version: "2.0.0", works: 4, then });
    bench
}

fn told(bench: &Bench) -> Vec<Delivery> {
    let rows = bench.store.waiting_deliveries(&bench.tenant, &"pager".parse().unwrap(), 10).unwrap();
    rows.into_iter().map(|row| row.value).collect()
}

/// What must hold however the run came to its end.
fn all_once(bench: &Bench, run: &Run) {
    assert_eq!((run.status, run.counts.read, run.counts.delivered), (RunStatus::Succeeded, 12, 12));
    assert!(bench.letters().is_empty() && bench.parcels().is_empty());
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, body) in bench.script.handed_over() {
        keys.entry(body).or_default().insert(key);
    }
    assert_eq!(keys.len(), 12);
    assert!(keys.values().all(|keys| keys.len() == 1), "a record had two keys: {keys:?}");
}

#[tokio::test]
async fn a_run_whose_version_is_given_up_in_its_middle_goes_on_with_the_one_in_use() {
    let bench = bench().await;
    let id = bench.trigger().await;
    assert_eq!(bench.run(&id).pins.unwrap().destination.version.to_string(), "2.0.0");
    let run = bench.work(&id).await;
    all_once(&bench, &run);

    let versions = bench.script.versions.lock().unwrap().clone();
    let (tried, rest) = versions.split_at(versions.partition_point(|version| version == "2.0.0"));
    assert_eq!(tried.len(), 2, "six records were enough to see it: {versions:?}");
    assert!(rest.len() >= 3 && rest.iter().all(|version| version == "1.0.0"), "{versions:?}");
    let trial = bench.store.trial(&bench.tenant, &"bill".parse().unwrap()).unwrap().unwrap().value;
    assert_eq!((trial.canary.tries, trial.canary.failures), (6, 2));
    assert!(trial.rolled_back_at.is_some() && bench.profile("bill").canary.is_none());

    let told = told(&bench);
    let [Delivery { event, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(event.kind, EventKind::ConnectorVersionRolledBack);
    let expected = json!({
        "profile": "bill", "connector": "bill", "given_up": "2.0.0", "in_use": "1.0.0",
        "tried": { "given_up": { "tries": 6, "failures": 2 }, "in_use": { "tries": 0, "failures": 0 } },
    });
    assert_eq!(event.data, expected);
    let next = bench.trigger().await;
    assert_eq!(bench.run(&next).pins.unwrap().destination.version.to_string(), "1.0.0");
}

#[tokio::test]
async fn killed_anywhere_on_the_way_the_version_is_given_up_once_and_no_record_is_lost_or_has_two_keys() {
    for polls in 1.. {
        let bench = bench().await;
        let id = bench.trigger().await;
        let finished = cut(Box::pin(bench.work_in(bench.room(), &id)), polls).await.is_some();
        bench.settled().await;
        // Whoever reads the profile without its trial finds an event that says so, and the other way round.
        assert_eq!(told(&bench).len(), usize::from(bench.profile("bill").canary.is_none()));
        let run = bench.work(&id).await;
        all_once(&bench, &run);
        assert_eq!((told(&bench).len(), bench.profile("bill").canary), (1, None), "after {polls} polls");
        if finished {
            assert!(polls > 9, "it was cut at {polls} places only");
            break;
        }
    }
}

#[tokio::test]
async fn a_run_whose_version_was_given_up_goes_on_with_the_one_in_use_also_while_yet_another_is_tried() {
    let mut bench = Bench::new(&PAGES).await;
    bench.options.exclusive = true;
    bench.try_version("bill", "2.0.0").await;
    let id = bench.trigger().await;
    assert_eq!(bench.run(&id).pins.unwrap().destination.version.to_string(), "2.0.0");
    let second = bench.profile("bill").canary.unwrap();
    bench.change_profile("bill", |profile| profile.canary = None).await;
    bench.try_version("bill", "3.0.0").await;
    let third = bench.profile("bill").canary.unwrap();
    let trial = Trial::following(Some(Trial::new(&second)), &third);
    let mut commit = Commit::new();
    commit.put_trial(&bench.tenant, &"bill".parse().unwrap(), &trial, Expect::Absent);
    bench.store.commit(commit).await.unwrap();

    let run = bench.work(&id).await;
    all_once(&bench, &run);
    let versions = bench.script.versions.lock().unwrap().clone();
    assert!(versions.iter().all(|version| version != "2.0.0"), "{versions:?}");
}
