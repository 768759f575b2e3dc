//! A store that is well has no problem, and each thing that can be wrong is named.

use domain::dead_letter::DeadLetterState;
use domain::flow::{FlowState, Seen};
use domain::run::RunStatus;
use domain::{FlowName, TenantId, Timestamp};

use super::*;
use crate::backend::Change as Raw;
use crate::contract::Bench;
use crate::contract::samples::{Counting, change, letter, parcel, run};
use crate::{Commit, Engine, Expect};

fn names() -> (TenantId, FlowName) {
    ("t".parse().unwrap(), "deals".parse().unwrap())
}

/// A flow with one record that waits, one that was delivered, and one that gave up.
async fn filled(bench: &Bench) -> Store {
    let (store, chance) = (bench.open(), Counting::default());
    let (tenant, flow) = names();
    let mut all = change("t");
    let commit = all.commit();
    let run = run("deals", 0, &chance);
    commit.put_run(&tenant, &run, Expect::Absent);
    let waiting = domain::flow::Parcel { run: run.id.clone(), ..parcel(3, 0, &chance) };
    commit.put_parcel(&tenant, &flow, &waiting, Expect::Absent);
    let at = Timestamp::from_ms(0);
    for (record, mark) in [
        ("deal-3", Seen::Accepted { at, run: None, seq: None }),
        ("deal-2", Seen::Delivered { at, trail: None }),
        ("deal-1", Seen::Buried { at, trail: None, letter: None }),
    ] {
        commit.put_seen(&tenant, &flow, &record.parse().unwrap(), &mark, Expect::Absent);
    }
    commit.put_dead_letter(&tenant, &letter("deals", 0, &chance), Expect::Absent);
    let state = FlowState { next_seq: 4, ..FlowState::default() };
    commit.put_flow_state(&tenant, &flow, &state, Expect::Any);
    store.commit(all).await.unwrap();
    store
}

fn told(store: &Store) -> Vec<String> {
    let problems = store.check().unwrap().problems;
    problems.into_iter().map(|problem| format!("{}: {}", problem.table, problem.what)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_well_has_no_problem_on_any_engine() {
    for engine in [None, Some(Engine::Sled), Some(Engine::Redb)] {
        let bench = Bench::new(engine);
        let checked = filled(&bench).await.check().unwrap();
        assert!(checked.is_whole(), "{engine:?}: {checked:?}");
        assert_eq!((checked.tables["seen"], checked.tables["outbox"], checked.tables["audit"]), (3, 1, 1));
        assert!(checked.bytes > 500 && checked.rows() > 8);
        if engine.is_some() {
            assert_eq!(bench.inspect().unwrap().check().unwrap(), checked, "of a stopped host");
        }
    }
}

type Spoil = fn(&Store, &mut Commit);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_does_not_fit_together_is_named() {
    let spoils: [(&str, Spoil); 8] = [
        ("outbox: its record is not marked as accepted: it could be delivered twice", |_, commit| {
            let (tenant, flow) = names();
            let delivered = Seen::Delivered { at: Timestamp::from_ms(0), trail: None };
            commit.put_seen(&tenant, &flow, &"deal-3".parse().unwrap(), &delivered, Expect::Any);
        }),
        ("seen: it was accepted and waits nowhere: it is lost", |_, commit| {
            let (tenant, flow) = names();
            commit.delete_parcel(&tenant, &flow, 3, Expect::Present);
        }),
        ("outbox: the flow would give its number to another record", |_, commit| {
            let (tenant, flow) = names();
            commit.put_flow_state(
                &tenant,
                &flow,
                &FlowState { next_seq: 3, ..FlowState::default() },
                Expect::Any,
            );
        }),
        ("outbox: its run is not there", |store, commit| {
            let (tenant, _) = names();
            let id = store.named(&keys::runs(&tenant)).unwrap().into_iter().next().unwrap().parse().unwrap();
            commit.delete(keys::run(&tenant, &id), Expect::Any);
            commit.delete(keys::open_run(&tenant, &id), Expect::Any);
            commit.delete(keys::run_by_flow(&tenant, &names().1, &id), Expect::Any);
        }),
        ("runs: the list of open runs does not fit its status", |_, commit| {
            let (tenant, chance) = (names().0, Counting::default());
            let mut ended = run("deals", 0, &chance);
            (ended.status, ended.finished_at) = (RunStatus::Succeeded, Some(Timestamp::from_ms(1)));
            commit.put(keys::run(&tenant, &ended.id), &ended, Expect::Any);
        }),
        ("dead-letters: its flow does not remember the record: it could be taken again", |_, commit| {
            let (tenant, flow) = names();
            commit.delete(keys::seen(&tenant, &flow, &"deal-1".parse().unwrap()), Expect::Present);
        }),
        ("dead-letters: whether it is on its way again does not fit the outbox", |store, commit| {
            let (tenant, chance) = (names().0, Counting::default());
            let id = store.named(&keys::dead_letters(&tenant)).unwrap().into_iter().next().unwrap();
            let mut letter = letter("deals", 0, &chance);
            letter.id = id.parse().unwrap();
            letter.state = DeadLetterState::Replaying { run: letter.run.clone(), by: None };
            commit.put_dead_letter(&tenant, &letter, Expect::Any);
        }),
        ("parked: it points to a row that is not there", |_, commit| {
            let (tenant, flow) = names();
            commit.ensure(keys::parked_letter(&tenant, &flow, &letter("deals", 7, &Counting::default()).id));
        }),
    ];
    for (problem, spoil) in spoils {
        let store = filled(&Bench::new(None)).await;
        let mut commit = Commit::new();
        spoil(&store, &mut commit);
        store.commit(commit).await.unwrap();
        assert!(told(&store).iter().any(|told| told == problem), "{problem}: {:?}", told(&store));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_not_as_it_was_written_is_named_and_the_rest_is_read() {
    let store = filled(&Bench::new(None)).await;
    let (tenant, flow) = names();
    let key = keys::parcel(&tenant, &flow, 3);
    let mut row = store.inner().backend.get(key.bytes()).unwrap().unwrap();
    row[20] ^= 1;
    let foreign = Raw { key: b"nothing of ours".to_vec(), row: Some(vec![1]) };
    store.inner().backend.apply(&[Raw { key: key.bytes().to_vec(), row: Some(row) }, foreign]).unwrap();
    let told = told(&store);
    assert!(told.contains(&"outbox: its check is wrong: it is not as it was written".to_owned()), "{told:?}");
    assert!(told.iter().any(|told| told.contains("somebody else wrote it")), "{told:?}");
    assert_eq!(store.check().unwrap().tables["seen"], 3);
}
