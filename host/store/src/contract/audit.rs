//! Audit chains: gapless under many writers, part of the change they tell of, and no tampering stays hidden.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::audit::{Break, Chain, Entry, Head, Wrong};

use crate::backend::memory::Memory;
use crate::backend::{self, Backend, Slice, Span};
use crate::contract::samples::{change, happening};
use crate::contract::{Bench, for_each_backend, key};
use crate::files::artefacts::ArtefactFiles;
use crate::files::components::ComponentFiles;
use crate::keys::{self, Key};
use crate::open::{Parts, assemble};
use crate::root::RootKey;
use crate::tables::Audit as _;
use crate::{Commit, Engine, Expect, Paging, Store, StoreError};

for_each_backend!(
    many_changes_at_once_make_one_chain_without_gaps,
    a_change_that_does_not_happen_leaves_no_entry,
    every_tampering_with_an_entry_is_found_at_its_number,
    a_cut_or_moved_end_is_found,
    a_broken_end_refuses_the_change,
    an_entry_of_another_tenant_is_none,
    a_history_that_was_put_back_is_found_with_a_noted_head,
);

fn tenant(name: &str) -> Chain {
    Chain::Tenant(name.parse().unwrap())
}

async fn append(store: &Store, chain: &Chain, count: i64) {
    for at_ms in 0..count {
        let mut commit = Commit::new();
        commit.record(chain.clone(), happening(at_ms));
        store.commit(commit).await.unwrap();
    }
}

fn verified(store: &Store, chain: &Chain) -> Result<u64, (u64, Wrong)> {
    noted(store, chain, None)
}

fn noted(store: &Store, chain: &Chain, noted: Option<&Head>) -> Result<u64, (u64, Wrong)> {
    match store.verify_audit(chain, noted).unwrap() {
        Ok(head) => Ok(head.map_or(0, |head| head.number)),
        Err(Break { number, wrong }) => Err((number, wrong)),
    }
}

/// What somebody who writes to the database does.
fn write(store: &Store, key: &Key, row: Option<Vec<u8>>) {
    store.inner().backend.apply(&[backend::Change { key: key.bytes().to_vec(), row }]).unwrap();
}

fn raw(store: &Store, key: &Key) -> Vec<u8> {
    store.inner().backend.get(key.bytes()).unwrap().unwrap()
}

/// What somebody who also has the key of the rows does: the row's check is right.
fn forge(store: &Store, key: &Key, value: &impl serde::Serialize) {
    let json = serde_json::to_vec(value).unwrap();
    write(store, key, Some(store.inner().envelope.close(key.bytes(), 1, &json).unwrap()));
}

fn entry(store: &Store, chain: &Chain, number: u64) -> Entry {
    store.audit_after(chain, number - 1, 1).unwrap().remove(0)
}

async fn many_changes_at_once_make_one_chain_without_gaps(bench: Bench) {
    let store = bench.open();
    let writers: Vec<_> = (0..100)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut commit = change(if number % 2 == 0 { "acme" } else { "globex" });
                commit.also(Chain::Host, happening(number));
                commit.commit().put(key("t", &format!("row-{number}")), &number, Expect::Absent);
                store.commit(commit).await.unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(verified(&store, &tenant("acme")), Ok(50));
    assert_eq!(verified(&store, &tenant("globex")), Ok(50));
    assert_eq!(verified(&store, &Chain::Host), Ok(100));
    let numbers = |entries: Vec<Entry>| entries.iter().map(|entry| entry.number).collect::<Vec<_>>();
    assert_eq!(numbers(store.audit_after(&Chain::Host, 97, 500).unwrap()), [98, 99, 100]);
    assert_eq!(numbers(store.audit_after(&Chain::Host, 3, 2).unwrap()), [4, 5]);
    let page = store.audit(&Chain::Host, &Paging::first(2)).unwrap();
    assert_eq!(numbers(page.items), [100, 99]);
    let next = store.audit(&Chain::Host, &Paging::after(page.next.unwrap(), 1)).unwrap();
    assert_eq!(numbers(next.items), [98]);
    assert_eq!(verified(&store, &tenant("initech")), Ok(0));
}

async fn a_change_that_does_not_happen_leaves_no_entry(bench: Bench) {
    let store = bench.open();
    let attempt = async || {
        let mut commit = change("acme");
        commit.commit().put(key("acme", "row"), &1, Expect::Absent);
        store.commit(commit).await
    };
    attempt().await.unwrap();
    assert!(attempt().await.unwrap_err().is_conflict());
    assert_eq!(verified(&store, &tenant("acme")), Ok(1));
}

async fn every_tampering_with_an_entry_is_found_at_its_number(bench: Bench) {
    let store = bench.open();
    let chain = tenant("acme");
    append(&store, &chain, 5).await;
    let at = |number| keys::audit_entry(&chain, number);
    let whole: Vec<Vec<u8>> = (1..=5).map(|number| raw(&store, &at(number))).collect();
    let restore = || {
        for (number, row) in (1..).zip(&whole) {
            write(&store, &at(number), Some(row.clone()));
        }
        assert_eq!(verified(&store, &chain), Ok(5));
    };

    let mut flipped = whole[2].clone();
    flipped[40] ^= 1;
    write(&store, &at(3), Some(flipped));
    assert_eq!(verified(&store, &chain), Err((3, Wrong::Edited)));
    assert!(store.audit_after(&chain, 0, 10).is_err(), "an edited entry is not served");
    restore();

    let mut edited = entry(&store, &chain, 3);
    edited.actor = "library, honestly".to_owned();
    forge(&store, &at(3), &edited);
    assert_eq!(verified(&store, &chain), Err((3, Wrong::Edited)));
    restore();

    write(&store, &at(2), None);
    assert_eq!(verified(&store, &chain), Err((2, Wrong::Missing)));
    restore();

    write(&store, &at(2), Some(whole[3].clone()));
    write(&store, &at(4), Some(whole[1].clone()));
    assert_eq!(verified(&store, &chain), Err((2, Wrong::Edited)), "rows are bound to their places");
    restore();

    let (second, fourth) = (entry(&store, &chain, 2), entry(&store, &chain, 4));
    forge(&store, &at(2), &fourth);
    forge(&store, &at(4), &second);
    assert_eq!(verified(&store, &chain), Err((2, Wrong::OutOfOrder)));
    restore();

    // Taken out, and the later ones moved up.
    for number in 2..=4 {
        forge(&store, &at(number), &entry(&store, &chain, number + 1));
    }
    assert_eq!(verified(&store, &chain), Err((2, Wrong::OutOfOrder)));
    restore();

    write(&store, &keys::audit_entry(&chain, 6), Some(whole[4].clone()));
    assert_eq!(verified(&store, &chain), Err((6, Wrong::Edited)));
}

async fn a_cut_or_moved_end_is_found(bench: Bench) {
    let store = bench.open();
    let chain = tenant("acme");
    append(&store, &chain, 2).await;
    let head_key = keys::audit_head(&chain);
    let early = raw(&store, &head_key);
    append(&store, &chain, 2).await;
    let (last, head) = (raw(&store, &keys::audit_entry(&chain, 4)), raw(&store, &head_key));

    write(&store, &keys::audit_entry(&chain, 4), None);
    assert_eq!(verified(&store, &chain), Err((4, Wrong::Missing)));
    write(&store, &keys::audit_entry(&chain, 4), Some(last));

    write(&store, &head_key, None);
    assert_eq!(verified(&store, &chain), Err((1, Wrong::BeyondHead)));
    write(&store, &head_key, Some(early));
    assert_eq!(verified(&store, &chain), Err((3, Wrong::BeyondHead)));
    write(&store, &head_key, Some(b"nonsense".to_vec()));
    assert_eq!(verified(&store, &chain), Err((4, Wrong::HeadDoesNotFit)));
    write(&store, &head_key, Some(head));
    assert_eq!(verified(&store, &chain), Ok(4));

    for number in 1..=4 {
        write(&store, &keys::audit_entry(&chain, number), None);
    }
    assert_eq!(verified(&store, &chain), Err((1, Wrong::Missing)));
}

async fn a_broken_end_refuses_the_change(bench: Bench) {
    let store = bench.open();
    let chain = tenant("acme");
    append(&store, &chain, 2).await;
    let head_key = keys::audit_head(&chain);
    let early = raw(&store, &head_key);
    append(&store, &chain, 1).await;
    let attempt = async || {
        let mut commit = change("acme");
        commit.commit().put(key("acme", "row"), &1, Expect::Any);
        store.commit(commit).await.unwrap_err()
    };
    write(&store, &head_key, Some(early));
    assert_eq!(attempt().await, StoreError::AuditBroken { chain: "tenant:acme".to_owned(), number: 3 });
    write(&store, &head_key, Some(b"nonsense".to_vec()));
    assert!(matches!(attempt().await, StoreError::Damaged { .. }));
    assert!(
        store.read::<u32>(&key("acme", "row")).unwrap().is_none(),
        "the change happened without an entry"
    );
    let mut other = change("globex");
    other.commit().put(key("globex", "row"), &1, Expect::Any);
    store.commit(other).await.unwrap();
}

async fn an_entry_of_another_tenant_is_none(bench: Bench) {
    let store = bench.open();
    let (ours, theirs) = (tenant("acme"), tenant("globex"));
    append(&store, &ours, 1).await;
    append(&store, &theirs, 1).await;
    assert_ne!(entry(&store, &ours, 1).digest, entry(&store, &theirs, 1).digest);
    forge(&store, &keys::audit_entry(&ours, 1), &entry(&store, &theirs, 1));
    assert_eq!(verified(&store, &ours), Err((1, Wrong::Edited)));
    assert_eq!(verified(&store, &theirs), Ok(1));
}

async fn a_history_that_was_put_back_is_found_with_a_noted_head(bench: Bench) {
    let store = bench.open();
    let chain = tenant("acme");
    append(&store, &chain, 2).await;
    let early = raw(&store, &keys::audit_head(&chain));
    append(&store, &chain, 2).await;
    let head = store.audit_head(&chain).unwrap().unwrap();
    for number in 3..=4 {
        write(&store, &keys::audit_entry(&chain, number), None);
    }
    write(&store, &keys::audit_head(&chain), Some(early));
    assert_eq!(verified(&store, &chain), Ok(2), "the older state is whole in itself");
    assert_eq!(noted(&store, &chain, Some(&head)), Err((3, Wrong::RolledBack)));
    let mut commit = Commit::new();
    commit.record(chain.clone(), happening(77));
    store.commit(commit).await.unwrap();
    append(&store, &chain, 2).await;
    assert_eq!(noted(&store, &chain, Some(&head)), Err((4, Wrong::NotAsNoted)));
}

#[tokio::test]
async fn a_chain_goes_on_after_a_restart() {
    for engine in [Engine::Sled, Engine::Redb] {
        let bench = Bench::new(Some(engine));
        let chain = tenant("acme");
        let before = {
            let store = bench.open();
            append(&store, &chain, 3).await;
            store.audit_head(&chain).unwrap().unwrap()
        };
        let store = bench.open();
        assert_eq!(store.audit_head(&chain).unwrap(), Some(before.clone()));
        append(&store, &chain, 1).await;
        assert_eq!(noted(&store, &chain, Some(&before)), Ok(4), "{engine}");
        assert_eq!(entry(&store, &chain, 4).previous, Some(before.digest));
    }
}

/// A memory that takes no write any more.
#[derive(Default)]
struct Full {
    memory: Memory,
    full: AtomicBool,
}

impl Backend for Full {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.get(key)
    }

    fn scan(&self, span: Span<'_>, limit: usize) -> Result<Slice, StoreError> {
        self.memory.scan(span, limit)
    }

    fn apply(&self, batch: &[backend::Change]) -> Result<(), StoreError> {
        match self.full.load(Ordering::SeqCst) {
            false => self.memory.apply(batch),
            true => Err(StoreError::Engine { doing: "write", cause: "no space left on device".to_owned() }),
        }
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_does_not_happen() {
    let full = Arc::new(Full::default());
    let root = RootKey::for_tests();
    let parts = Parts {
        backend: Arc::clone(&full) as Arc<dyn Backend>,
        components: ComponentFiles::in_memory(),
        artefacts: ArtefactFiles::in_memory(&root),
        watch: crate::observe::Watch::default(),
        lock: None,
    };
    let store = Store::from_inner(assemble(parts, &root).unwrap());
    append(&store, &tenant("acme"), 1).await;
    store.takes_writes().unwrap();
    full.full.store(true, Ordering::SeqCst);
    let mut commit = change("acme");
    commit.commit().put(key("acme", "row"), &1, Expect::Any);
    let refused = store.commit(commit).await.unwrap_err();
    assert!(refused.to_string().contains("no space left on device"), "{refused}");
    assert!(store.read::<u32>(&key("acme", "row")).unwrap().is_none());
    assert_eq!(verified(&store, &tenant("acme")), Ok(1));
    assert!(matches!(store.takes_writes(), Err(StoreError::Stopped { .. })));
}
