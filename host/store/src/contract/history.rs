//! What is kept for a time: the log by number, dead letters by what they are, runs and answers to their bounds.

use domain::dead_letter::{DeadLetterState, LetterFilter, StateName};
use domain::{Digest, TenantId, Timestamp};

use crate::contract::samples::{Counting, letter, log, run};
use crate::contract::{Bench, for_each_backend};
use crate::*;

for_each_backend!(
    a_log_is_read_on_from_a_number_without_loss_or_repetition,
    dead_letters_are_found_by_what_they_are_and_end_with_their_time,
    runs_are_pruned_by_number_and_age_and_the_open_and_the_last_one_stay,
    an_answer_is_kept_sealed_under_its_key_for_a_time,
);

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

async fn a_log_is_read_on_from_a_number_without_loss_or_repetition(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let other = "other".parse().unwrap();
    // Written at once from many sides, with times that say nothing about the order.
    let writes = (0..20_i64).map(|n| {
        let mut commit = Commit::new();
        commit.append_logs(&tenant, &[log("crm", 100 - n, &randomness), log("stripe", n, &randomness)]);
        commit.append_logs(&other, &[log("crm", n, &randomness)]);
        store.commit(commit)
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap();
    }
    let (mut read, mut position) = (Vec::new(), 0);
    loop {
        let tail = store.logs_after(&tenant, position, &LogFilter::default(), 7).unwrap();
        assert_eq!(tail.missed, 0);
        position = tail.position;
        read.extend(tail.entries.iter().map(|entry| entry.number));
        if tail.entries.is_empty() {
            break;
        }
    }
    assert_eq!(read, (1..=40).collect::<Vec<u64>>());
    assert_eq!((store.last_log(&tenant).unwrap(), store.last_log(&other).unwrap()), (40, 20));
    let crm = LogFilter { profile: Some("crm".parse().unwrap()), ..LogFilter::default() };
    assert_eq!(store.logs_after(&tenant, 0, &crm, 100).unwrap().entries.len(), 20);

    // What was removed before it was read is counted, not passed over in silence.
    store.commit(store.prune_logs(&tenant, 10).unwrap()).await.unwrap();
    let tail = store.logs_after(&tenant, 5, &LogFilter::default(), 100).unwrap();
    assert_eq!((tail.missed, tail.entries.len(), tail.position), (25, 10, 40));
    store.commit(store.prune_logs(&tenant, 0).unwrap()).await.unwrap();
    let mut commit = Commit::new();
    commit.append_logs(&tenant, &[log("crm", 0, &randomness)]);
    store.commit(commit).await.unwrap();
    assert_eq!(store.last_log(&tenant).unwrap(), 41, "the numbers go on");
}

async fn dead_letters_are_found_by_what_they_are_and_end_with_their_time(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let mut letters: Vec<_> = (0..6).map(|at| letter("f", at, &randomness)).collect();
    for (n, letter) in (0_i64..).zip(&mut letters) {
        letter.cause.code = if n % 2 == 0 { "invalid" } else { "permanent" }.to_owned();
        letter.key = format!("deal-{}", n / 2).parse().unwrap();
        letter.expires_at = Some(Timestamp::from_ms(100 + n));
    }
    letters[5].state = DeadLetterState::Discarded {
        at: Timestamp::from_ms(9),
        by: "library".to_owned(),
        reason: "a test order".to_owned(),
    };
    let mut commit = Commit::new();
    letters.iter().for_each(|letter| commit.put_dead_letter(&tenant, letter, Expect::Absent));
    store.commit(commit).await.unwrap();
    let find = |filter: &LetterFilter| {
        let page = store.find_letters(&tenant, filter, &Paging::default()).unwrap();
        page.items.into_iter().map(|letter| letter.id).collect::<Vec<_>>()
    };
    let ids = |numbers: &[usize]| numbers.iter().map(|n| letters[*n].id.clone()).collect::<Vec<_>>();
    let flow = Some("f".parse().unwrap());
    let all = LetterFilter::default();
    let parked = LetterFilter { state: Some(StateName::Parked), flow: flow.clone(), ..all.clone() };
    assert_eq!(find(&parked), ids(&[4, 3, 2, 1, 0]));
    assert_eq!(find(&LetterFilter { code: Some("invalid".to_owned()), ..all.clone() }), ids(&[4, 2, 0]));
    let key: domain::RecordKey = "deal-1".parse().unwrap();
    assert_eq!(find(&LetterFilter { key: Some(key.clone()), flow, ..all.clone() }), ids(&[3, 2]));
    assert_eq!(find(&LetterFilter { key: Some(key.clone()), ..all.clone() }), ids(&[3, 2]));
    assert_eq!(find(&LetterFilter { since: Some(Timestamp::from_ms(4)), ..all.clone() }), ids(&[5, 4]));
    assert_eq!(find(&LetterFilter { until: Some(Timestamp::from_ms(1)), ..all.clone() }), ids(&[0]));
    let counted = store.count_letters(&tenant, &parked, 2).unwrap();
    assert_eq!((counted.count, counted.first.len(), counted.more), (5, 2, false));
    assert_eq!(counted.first[0].id, letters[0].id);
    assert_eq!(store.letters_of(&tenant, &"f".parse().unwrap(), &key).unwrap().len(), 2);
    assert_eq!(store.newest_letter(&tenant).unwrap().as_ref(), Some(&letters[5].id));
    let behind = store.letters_behind(&tenant, Some(&letters[1].id), 2).unwrap();
    assert_eq!(behind, letters[2..4]);

    let (commit, pruned) = store.prune_letters(&tenant, Timestamp::from_ms(102)).unwrap();
    assert_eq!(pruned, 3);
    store.commit(commit).await.unwrap();
    assert_eq!(find(&all), ids(&[5, 4, 3]));
    assert_eq!(store.count_parked(&tenant, None).unwrap(), 2);
    assert_eq!(store.letters_of(&tenant, &"f".parse().unwrap(), &key).unwrap().len(), 1);
}

async fn runs_are_pruned_by_number_and_age_and_the_open_and_the_last_one_stay(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let mut runs: Vec<_> = (0..10).map(|at| run("f", at, &randomness)).collect();
    runs.push(run("g", 0, &randomness));
    runs.iter_mut().skip(1).for_each(|run| run.status = domain::run::RunStatus::Succeeded);
    let mut commit = Commit::new();
    runs.iter().for_each(|run| commit.put_run(&tenant, run, Expect::Absent));
    store.commit(commit).await.unwrap();
    let left = |flow: &str| {
        let page = store.runs(&tenant, Some(&flow.parse().unwrap()), &Paging::default()).unwrap();
        page.items.into_iter().map(|row| row.value.queued_at.as_ms()).collect::<Vec<_>>()
    };
    let prune = async |keep, before| {
        store.commit(store.prune_runs(&tenant, keep, Timestamp::from_ms(before)).unwrap()).await.unwrap();
    };
    prune(100, 0).await;
    assert_eq!(left("f").len(), 10);
    prune(7, 0).await;
    assert_eq!(left("f"), [9, 8, 7, 6, 5, 4, 3, 0], "the open one stays");
    prune(7, 6).await;
    assert_eq!(left("f"), [9, 8, 7, 6, 0]);
    prune(1, i64::MAX).await;
    assert_eq!((left("f"), left("g")), (vec![9, 0], vec![0]));
    assert_eq!(store.open_runs(&tenant).unwrap().len(), 1);
}

async fn an_answer_is_kept_sealed_under_its_key_for_a_time(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let id = Digest::of(b"POST /v1/flows/f/runs k1");
    let mut kept =
        KeptAnswer { at: Timestamp::from_ms(5), holder: "here".to_owned(), body: None, answer: None };
    let put = async |kept: &KeptAnswer, expect| {
        let mut commit = Commit::new();
        store.put_answer(&mut commit, (&tenant, &id), kept, expect, &randomness).unwrap();
        store.commit(commit).await
    };
    put(&kept, Expect::Absent).await.unwrap();
    assert!(put(&kept, Expect::Absent).await.unwrap_err().is_conflict());
    assert_eq!(store.answer(&tenant, &id).unwrap().unwrap().value, kept);
    kept.body = Some(Digest::of(b"{}"));
    kept.answer = Some(Answer {
        status: 202,
        media_type: Some("application/json".to_owned()),
        body: Some(b"a-secret-shown-once".to_vec()),
    });
    put(&kept, Expect::Present).await.unwrap();
    assert_eq!(store.answer(&tenant, &id).unwrap().unwrap().value, kept);
    let row = store.inner().backend.get(keys::answer(&tenant, &id).bytes()).unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&row).contains("a-secret"));
    assert!(store.answer(&"other".parse().unwrap(), &id).unwrap().is_none());
    assert!(store.prune_answers(&tenant, Timestamp::from_ms(5)).unwrap().is_empty());
    store.commit(store.prune_answers(&tenant, Timestamp::from_ms(6)).unwrap()).await.unwrap();
    assert_eq!(store.count_answers(&tenant).unwrap(), 0);
}
