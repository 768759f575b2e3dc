//! Killed at any await and started again: nothing accepted is lost, and every record keeps its one key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use domain::audit::Actor;
use domain::call::{Fault, GuestError};
use domain::run::{Cause, RunStatus};

use super::bench::Bench;
use super::script::Does;
use crate::replay::replay;

const RECORDS: [&str; 6] = ["a", "b", "c", "d", "poison", "e"];

/// Drives a future for so many polls and then drops it. None: dropped.
pub(crate) async fn cut<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// What must hold whenever the process ends: the cursor has passed exactly the records that were accepted, and each of
/// these is waiting or has met its fate.
fn whole(bench: &Bench) {
    let pages = bench.state().cursor.and_then(|cursor| cursor.as_u64()).unwrap_or(0);
    let accepted = usize::try_from(pages).unwrap() * 3;
    let waiting: BTreeSet<String> = bench.parcels().iter().map(|parcel| parcel.key.to_string()).collect();
    for (index, key) in RECORDS.iter().enumerate() {
        let seen = bench.seen(key);
        assert_eq!(seen.is_some(), index < accepted, "{key}: {seen:?} with {pages} pages taken");
        let accepted = matches!(seen, Some(domain::flow::Seen::Accepted { .. }));
        assert_eq!(accepted, waiting.contains(*key), "{key}: {seen:?}");
    }
}

#[tokio::test]
async fn killed_anywhere_nothing_is_lost_and_no_record_has_two_keys() {
    let mut finished = false;
    for polls in 1.. {
        let mut bench = Bench::new(&[&["a", "b", "c"], &["d", "poison", "e"]]).await;
        bench.options.exclusive = true;
        let fates = HashMap::from([
            ("b".to_owned(), vec![Does::Says(GuestError::Transient(String::new()))]),
            ("poison".to_owned(), vec![Does::Breaks(Fault::Trap); 9]),
        ]);
        *bench.script.fates.lock().unwrap() = fates;
        let run = bench.trigger().await;
        finished = cut(Box::pin(bench.work_in(bench.room(), &run)), polls).await.is_some();
        bench.settled().await;
        whole(&bench);

        let done = bench.work(&run).await;
        assert_eq!((done.status, done.counts.waiting()), (RunStatus::Partial, 0), "after {polls} polls");
        assert_eq!((done.counts.read, done.counts.delivered, done.counts.dead_lettered), (6, 5, 1));
        assert!(bench.parcels().is_empty());
        assert_eq!(bench.letters().len(), 1);
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (key, body) in bench.script.handed_over() {
            keys.entry(body).or_default().insert(key);
        }
        assert_eq!(keys.len(), RECORDS.len());
        assert!(keys.values().all(|keys| keys.len() == 1), "after {polls} polls: {keys:?}");
        if finished {
            assert!(polls > 9, "it was cut at {polls} places only");
            break;
        }
    }
    assert!(finished);
}

#[tokio::test]
async fn a_replay_that_is_killed_anywhere_resolves_its_dead_letter_in_the_end() {
    for polls in 1.. {
        let mut bench = Bench::new(&[&["a"]]).await;
        bench.options.exclusive = true;
        *bench.script.otherwise.lock().unwrap() = Some(Does::Says(GuestError::Invalid(String::new())));
        bench.once().await;
        *bench.script.otherwise.lock().unwrap() = None;
        let id = bench.letters().first().unwrap().id.clone();
        let run = replay(&bench.room(), &bench.tenant, &id, &Actor::Library, crate::replay::How::default())
            .await
            .unwrap();
        assert_eq!(bench.run(&run).cause, Cause::Replay);
        let finished = cut(Box::pin(bench.work_in(bench.room(), &run)), polls).await.is_some();
        bench.settled().await;
        assert_eq!(bench.work(&run).await.status, RunStatus::Succeeded);
        let letters = bench.letters();
        let resolved =
            matches!(letters.first().unwrap().state, domain::dead_letter::DeadLetterState::Resolved { .. });
        assert!(resolved && letters.len() == 1 && bench.parcels().is_empty());
        if finished {
            break;
        }
    }
}
