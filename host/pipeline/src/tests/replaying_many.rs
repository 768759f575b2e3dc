//! Many dead letters as one piece of work: over a restart, under new keys, and whatever else there is to list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use domain::ReplayJobId;
use domain::audit::Actor;
use domain::call::GuestError;
use domain::dead_letter::{DeadLetterState, LetterFilter};
use domain::replay_job::{JobState, ReplayJob};
use domain::run::RunStatus;
use store::{Commit, Expect, PAGE_ITEMS_MAX, ReplayJobs as _};

use super::bench::{Bench, TestRandomness};
use super::crash::cut;
use super::script::Does;
use crate::replay_jobs::{NewReplayJob, start, step_all};

/// A flow whose six records have become dead letters, and a destination that takes them now.
async fn buried() -> Bench {
    let mut bench = Bench::new(&[&["a", "b", "c"], &["d", "e", "f"]]).await;
    bench.options.exclusive = true;
    *bench.script.otherwise.lock().unwrap() = Some(Does::Says(GuestError::Permanent("no".to_owned())));
    bench.once().await;
    assert_eq!(bench.letters().len(), 6);
    bench.script.batches.lock().unwrap().clear();
    *bench.script.otherwise.lock().unwrap() = None;
    bench
}

async fn begin(bench: &Bench, per_second: u32, as_new: bool) -> ReplayJob {
    let new = NewReplayJob { filter: LetterFilter::default(), per_second, as_new };
    start(&bench.room(), &bench.tenant, new, &Actor::Library).await.unwrap()
}

fn job(bench: &Bench, id: &ReplayJobId) -> ReplayJob {
    bench.store.replay_job(&bench.tenant, id).unwrap().unwrap().value
}

/// Works on whatever is open, as the dispatcher would.
async fn work(bench: &Bench) {
    for run in bench.runs().into_iter().filter(|run| !run.status.is_final()) {
        assert_eq!(bench.work(&run.id).await.status, RunStatus::Succeeded);
    }
}

fn resolved(bench: &Bench) -> usize {
    let letters = bench.letters().into_iter();
    letters.filter(|letter| matches!(letter.state, DeadLetterState::Resolved { .. })).count()
}

#[tokio::test]
async fn killed_anywhere_the_next_process_goes_on_with_the_job_and_sends_each_letter_once() {
    for polls in 1.. {
        let bench = buried().await;
        let begun = begin(&bench, 4, false).await;
        bench.clock.push(1_000);
        let finished = cut(Box::pin(step_all(&bench.room())), polls).await.is_some();
        bench.settled().await;
        let before = job(&bench, &begun.id);
        assert!(before.replayed <= 4 && before.state == JobState::Running, "{before:?}");
        assert_eq!(bench.parcels().len() as u64, before.replayed, "a letter and its count are one commit");

        // Another process, which knows of the job from its row alone.
        for _ in 0..10 {
            bench.clock.push(1_000);
            step_all(&bench.room()).await.unwrap();
            work(&bench).await;
        }
        let done = job(&bench, &begun.id);
        assert_eq!((done.state, done.replayed, done.refused), (JobState::Done, 6, 0), "after {polls} polls");
        assert_eq!(resolved(&bench), 6);
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for (key, _) in bench.script.handed_over() {
            *sent.entry(key).or_default() += 1;
        }
        assert!(sent.len() == 6 && sent.values().all(|count| *count == 1), "{sent:?}");
        if finished {
            break;
        }
    }
}

#[tokio::test]
async fn as_new_each_letter_gets_a_key_that_was_never_used_and_remembers_the_old_one() {
    let bench = buried().await;
    let old: BTreeSet<String> = bench.letters().into_iter().map(|letter| letter.idempotency_key).collect();
    begin(&bench, 100, true).await;
    bench.clock.push(1_000);
    step_all(&bench.room()).await.unwrap();
    work(&bench).await;
    assert_eq!(resolved(&bench), 6);
    let sent: BTreeSet<String> = bench.script.handed_over().into_iter().map(|(key, _)| key).collect();
    assert_eq!((sent.len(), sent.is_disjoint(&old)), (6, true), "{sent:?}");
    for letter in bench.letters() {
        assert!(sent.contains(&letter.idempotency_key) && old.contains(&letter.former_keys[0]), "{letter:?}");
    }
}

#[tokio::test]
async fn a_job_is_worked_on_however_many_newer_ones_are_listed_before_it() {
    let bench = buried().await;
    let begun = begin(&bench, 100, false).await;
    let randomness = TestRandomness::default();
    for chunk in 0..2 {
        bench.clock.push(1_000);
        let mut commit = Commit::new();
        for _ in 0..PAGE_ITEMS_MAX {
            let id = ReplayJobId::make(&*bench.clock, &randomness);
            let ended = ReplayJob { id, state: JobState::Done, ..begun.clone() };
            commit.put_replay_job(&bench.tenant, &ended, Expect::Absent);
        }
        bench.store.commit(commit).await.unwrap_or_else(|error| panic!("{chunk}: {error}"));
    }
    step_all(&bench.room()).await.unwrap();
    assert_eq!(job(&bench, &begun.id).replayed, 6);
}

#[tokio::test]
async fn letters_whose_flow_cannot_begin_are_counted_as_refused_with_the_profiles_own_reason() {
    let bench = buried().await;
    bench.change_profile("bill", |profile| profile.enabled = false).await;
    let begun = begin(&bench, 100, false).await;
    bench.clock.push(1_000);
    step_all(&bench.room()).await.unwrap();
    let done = job(&bench, &begun.id);
    assert_eq!((done.state, done.replayed, done.refused), (JobState::Done, 0, 6));
    let why = done.last_refusal.unwrap();
    assert!(why.contains("cannot be run now") && why.contains("bill is disabled"), "{why}");
    assert!(!why.contains("edited"), "{why}");
}

#[tokio::test]
async fn events_that_could_not_be_read_are_counted_as_records_are() {
    let bench = Bench::new(&[]).await;
    let hook = bench.listen().await;
    for n in 0..2 {
        super::receiving::take(&bench, &hook, &format!("evt_{n}"), &format!("refuse {n}")).await.unwrap();
    }
    bench.once().await;
    assert_eq!(bench.letters().len(), 2);
    bench.script.mended.store(true, Ordering::SeqCst);
    let begun = begin(&bench, 100, false).await;
    bench.clock.push(1_000);
    step_all(&bench.room()).await.unwrap();
    assert_eq!(job(&bench, &begun.id).replayed, 2);
    work(&bench).await;
    assert_eq!(resolved(&bench), 2);
}
