//! Commits: all or nothing, one winner, acknowledged after the sync, and none after a failure.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::backend::memory::Memory;
use crate::backend::{Backend, Change, Slice, Span};
use crate::contract::{Bench, for_each_backend, key};
use crate::files::artefacts::ArtefactFiles;
use crate::files::components::ComponentFiles;
use crate::open::{Parts, assemble};
use crate::root::RootKey;
use crate::{Commit, Expect, Store, StoreError};

for_each_backend!(
    a_conflict_leaves_nothing_written,
    a_later_part_of_a_commit_sees_an_earlier_one,
    of_many_who_saw_the_same_version_one_wins,
    many_writers_of_one_row_lose_no_write,
    a_precondition_without_a_write_holds_the_commit,
);

async fn a_conflict_leaves_nothing_written(bench: Bench) {
    let store = bench.open();
    put(&store, "taken", Expect::Absent).await.unwrap();
    for wrong in [Expect::Absent, Expect::Version(99), Expect::Version(0)] {
        let mut commit = Commit::new();
        commit.put(key("t", "before"), &1, Expect::Any);
        commit.put(key("t", "taken"), &2, wrong);
        commit.put(key("u", "after"), &3, Expect::Any);
        let conflict = StoreError::Conflict { table: "logs".to_owned(), key: "t/taken".to_owned() };
        assert_eq!(store.commit(commit).await.unwrap_err(), conflict, "{wrong:?}");
    }
    assert!(store.read::<u32>(&key("t", "before")).unwrap().is_none());
    assert!(store.read::<u32>(&key("u", "after")).unwrap().is_none());
    assert!(put(&store, "missing", Expect::Present).await.unwrap_err().is_conflict());
}

async fn a_later_part_of_a_commit_sees_an_earlier_one(bench: Bench) {
    let store = bench.open();
    let mut commit = Commit::new();
    commit.put(key("t", "row"), &1, Expect::Absent);
    commit.require(key("t", "row"), Expect::Present);
    commit.delete(key("t", "row"), Expect::Present);
    commit.put(key("t", "row"), &2, Expect::Absent);
    commit.ensure(key("t", "row"));
    store.commit(commit).await.unwrap();
    assert_eq!(store.read::<u32>(&key("t", "row")).unwrap().unwrap().value, 2);
    store.commit(Commit::new()).await.unwrap();
}

async fn of_many_who_saw_the_same_version_one_wins(bench: Bench) {
    let store = bench.open();
    put(&store, "row", Expect::Absent).await.unwrap();
    for _ in 0..3 {
        let version = store.read::<u32>(&key("t", "row")).unwrap().unwrap().version;
        let outcomes = together(200, |_| {
            let store = store.clone();
            async move { put(&store, "row", Expect::Version(version)).await }
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(StoreError::is_conflict));
        assert_eq!(store.read::<u32>(&key("t", "row")).unwrap().unwrap().version, version + 1);
    }
}

async fn many_writers_of_one_row_lose_no_write(bench: Bench) {
    let store = bench.open();
    put(&store, "row", Expect::Absent).await.unwrap();
    let start = store.read::<u32>(&key("t", "row")).unwrap().unwrap();
    together(20, |_| {
        let store = store.clone();
        async move {
            loop {
                let row = store.read::<u32>(&key("t", "row")).unwrap().unwrap();
                let mut commit = Commit::new();
                commit.put(key("t", "row"), &(row.value + 1), Expect::Version(row.version));
                match store.commit(commit).await {
                    Ok(()) => return,
                    Err(error) => assert!(error.is_conflict(), "{error}"),
                }
            }
        }
    })
    .await;
    let end = store.read::<u32>(&key("t", "row")).unwrap().unwrap();
    assert_eq!((end.value, end.version), (start.value + 20, start.version + 20));
}

async fn a_precondition_without_a_write_holds_the_commit(bench: Bench) {
    let store = bench.open();
    put(&store, "guard", Expect::Absent).await.unwrap();
    let guard = store.read::<u32>(&key("t", "guard")).unwrap().unwrap().version;
    let attempt = async || {
        let mut commit = Commit::new();
        commit.require(key("t", "guard"), Expect::Version(guard));
        commit.put(key("t", "guarded"), &1, Expect::Any);
        store.commit(commit).await
    };
    attempt().await.unwrap();
    put(&store, "guard", Expect::Any).await.unwrap();
    assert!(attempt().await.unwrap_err().is_conflict());
}

/// A memory whose syncs can be counted, held up and made to fail, and its reads too.
#[derive(Default)]
struct Watched {
    memory: Memory,
    syncs: AtomicUsize,
    /// Nothing can be read.
    blind: AtomicBool,
    gate: Mutex<Gate>,
    changed: Condvar,
}

#[derive(Default)]
struct Gate {
    closed: bool,
    failing: bool,
}

impl Watched {
    fn set(&self, gate: Gate) {
        *self.gate.lock().unwrap() = gate;
        self.changed.notify_all();
    }

    fn store(self: &Arc<Self>) -> Store {
        let root = RootKey::for_tests();
        let parts = Parts {
            backend: Arc::clone(self) as Arc<dyn Backend>,
            components: ComponentFiles::in_memory(),
            artefacts: ArtefactFiles::in_memory(&root),
            watch: crate::observe::Watch::default(),
            lock: None,
        };
        Store::from_inner(assemble(parts, &root).unwrap())
    }
}

impl Backend for Watched {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.blind.load(Ordering::SeqCst) {
            false => self.memory.get(key),
            true => Err(StoreError::Engine { doing: "read a row", cause: "input/output error".to_owned() }),
        }
    }

    fn scan(&self, span: Span<'_>, limit: usize) -> Result<Slice, StoreError> {
        self.memory.scan(span, limit)
    }

    fn apply(&self, batch: &[Change]) -> Result<(), StoreError> {
        self.memory.apply(batch)
    }

    fn sync(&self) -> Result<(), StoreError> {
        let gate = self.changed.wait_while(self.gate.lock().unwrap(), |gate| gate.closed).unwrap();
        self.syncs.fetch_add(1, Ordering::SeqCst);
        match gate.failing {
            false => Ok(()),
            true => Err(StoreError::Engine { doing: "sync", cause: "no space left on device".to_owned() }),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_answered_before_the_sync_and_one_sync_serves_many() {
    let watched = Arc::new(Watched::default());
    let store = watched.store();
    watched.set(Gate { closed: true, failing: false });
    let mut waiting: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { put(&store, &format!("row-{number}"), Expect::Absent).await })
        })
        .collect();
    let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting[0]).await;
    assert!(early.is_err(), "answered before the sync");
    assert!(waiting.iter().all(|commit| !commit.is_finished()));
    watched.set(Gate::default());
    for commit in waiting {
        commit.await.unwrap().unwrap();
    }
    let syncs = watched.syncs.load(Ordering::SeqCst);
    assert!((1..=20).contains(&syncs), "{syncs} syncs for 200 commits");
}

#[tokio::test]
async fn an_engine_that_cannot_read_what_a_commit_depends_on_takes_no_further_one() {
    let watched = Arc::new(Watched::default());
    let store = watched.store();
    put(&store, "row", Expect::Absent).await.unwrap();
    watched.blind.store(true, Ordering::SeqCst);
    assert_eq!(put(&store, "row", Expect::Present).await.unwrap_err().code(), "store_failed");
    watched.blind.store(false, Ordering::SeqCst);
    assert_eq!(put(&store, "other", Expect::Any).await.unwrap_err().code(), "store_stopped");
    assert!(store.takes_writes().is_err());
}

#[tokio::test]
async fn a_commit_without_a_waiter_still_happens() {
    let watched = Arc::new(Watched::default());
    let store = watched.store();
    watched.set(Gate { closed: true, failing: false });
    let commit = tokio::spawn({
        let store = store.clone();
        async move { put(&store, "row", Expect::Absent).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    commit.abort();
    let _aborted = commit.await;
    watched.set(Gate::default());
    drop(store);
    assert!(watched.store().read::<u32>(&key("t", "row")).unwrap().is_some());
}

#[tokio::test]
async fn after_a_failed_sync_nothing_more_is_accepted() {
    let watched = Arc::new(Watched::default());
    let store = watched.store();
    put(&store, "before", Expect::Absent).await.unwrap();
    watched.set(Gate { closed: false, failing: true });
    let failed = put(&store, "lost", Expect::Absent).await.unwrap_err();
    assert!(failed.to_string().contains("no space left on device"), "{failed}");

    watched.set(Gate::default());
    let syncs = watched.syncs.load(Ordering::SeqCst);
    for _ in 0..3 {
        let refused = put(&store, "after", Expect::Absent).await.unwrap_err();
        assert!(matches!(refused, StoreError::Stopped { .. }), "{refused}");
    }
    assert_eq!(watched.syncs.load(Ordering::SeqCst), syncs, "the sync was tried again");
    assert!(store.read::<u32>(&key("t", "after")).unwrap().is_none());
    assert!(store.read::<u32>(&key("t", "before")).unwrap().is_some(), "reads go on");
}

async fn put(store: &Store, name: &str, expect: Expect) -> Result<(), StoreError> {
    let mut commit = Commit::new();
    commit.put(key("t", name), &1, expect);
    store.commit(commit).await
}

async fn together<F, T>(count: usize, make: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(make(number))).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}
