//! A data folder: it keeps everything, belongs to one process, one engine and one key.

use std::fs;

use crate::contract::samples::Counting;
use crate::contract::{Bench, key};
use crate::marker::FORMAT;
use crate::{Commit, Engine, Expect, KeyEncryptionKey, Place, Store, StoreError, StoreOptions};

const ENGINES: [Engine; 2] = [Engine::Sled, Engine::Redb];

fn other_key() -> KeyEncryptionKey {
    KeyEncryptionKey::from_bytes(*blake3::hash(b"another key").as_bytes()).unwrap()
}

async fn put(store: &Store, name: &str) -> u64 {
    let mut commit = Commit::new();
    commit.put(key("t", name), &name.to_owned(), Expect::Absent);
    store.commit(commit).await.unwrap();
    store.read::<String>(&key("t", name)).unwrap().unwrap().version
}

#[tokio::test]
async fn a_folder_keeps_everything_when_it_is_opened_again() {
    for engine in ENGINES {
        let bench = Bench::new(Some(engine));
        let mut versions = Vec::new();
        for round in 0..4 {
            let store = bench.open();
            for before in 0..round {
                let row = store.read::<String>(&key("t", &format!("row-{before}"))).unwrap().unwrap();
                assert_eq!(row.value, format!("row-{before}"));
            }
            // A version that was used before a deletion does not come back, not even after a restart.
            let version = put(&store, "deleted").await;
            assert!(versions.iter().all(|before| *before < version), "{version} after {versions:?}");
            versions.push(version);
            let mut commit = Commit::new();
            commit.delete(key("t", "deleted"), Expect::Present);
            store.commit(commit).await.unwrap();
            put(&store, &format!("row-{round}")).await;
        }
    }
}

#[tokio::test]
async fn another_key_is_refused_and_changes_nothing() {
    for engine in ENGINES {
        let bench = Bench::new(Some(engine));
        put(&bench.open(), "row").await;
        let refused = bench.try_open(other_key()).unwrap_err();
        assert!(matches!(refused, StoreError::OtherKey { .. }), "{refused}");
        assert!(bench.open().read::<String>(&key("t", "row")).unwrap().is_some());
    }
}

#[tokio::test]
async fn another_engine_is_refused() {
    let bench = Bench::new(Some(Engine::Sled));
    drop(bench.open());
    let place = Place::Dir { path: bench.path(), engine: Engine::Redb };
    let options = StoreOptions { place, key: KeyEncryptionKey::for_tests() };
    let refused = Store::open(options, &Counting::default()).unwrap_err();
    assert!(matches!(&refused, StoreError::OtherEngine { found, .. } if found == "sled"), "{refused}");
    assert!(!bench.path().join("redb").exists());
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_a_closed_one_is_free() {
    for engine in ENGINES {
        let bench = Bench::new(Some(engine));
        let store = bench.open();
        let clone = store.clone();
        let refused = bench.try_open(KeyEncryptionKey::for_tests()).unwrap_err();
        assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
        drop(store);
        assert!(matches!(bench.try_open(KeyEncryptionKey::for_tests()), Err(StoreError::InUse { .. })));
        drop(clone);
        bench.open();
    }
}

#[tokio::test]
async fn data_without_a_readable_marker_never_gets_a_new_key() {
    let bench = Bench::new(Some(Engine::Redb));
    drop(bench.open());
    let marker = bench.path().join("store.json");
    for spoil in ["", "{", "[]", "{\"format\":3}"] {
        fs::write(&marker, spoil).unwrap();
        let refused = bench.try_open(other_key()).unwrap_err();
        assert!(matches!(refused, StoreError::NoMarker { .. }), "{spoil:?}: {refused}");
    }
    fs::remove_file(&marker).unwrap();
    let refused = bench.try_open(other_key()).unwrap_err();
    assert!(matches!(refused, StoreError::NoMarker { .. }), "{refused}");
    assert!(!marker.exists());
}

#[tokio::test]
async fn a_folder_of_a_later_build_is_refused_and_stays_as_it_is() {
    for (found, rest) in [(FORMAT + 1, ",\"new\":true"), (FORMAT + 40, ""), (1, "")] {
        let bench = Bench::new(Some(Engine::Redb));
        put(&bench.open(), "row").await;
        let marker = bench.path().join("store.json");
        let future = format!("{{\"format\":{found}{rest}}}");
        fs::write(&marker, &future).unwrap();
        let refused = bench.try_open(KeyEncryptionKey::for_tests()).unwrap_err();
        assert!(matches!(refused, StoreError::UnknownFormat { found: of, to: FORMAT, .. } if of == found));
        let said = refused.to_string();
        assert!(said.contains(&format!("format {found}")) && said.contains("or a later one"), "{said}");
        assert!(matches!(bench.inspect(), Err(StoreError::UnknownFormat { .. })));
        assert_eq!(fs::read_to_string(&marker).unwrap(), future, "it was written to");
    }
}

/// The number that the marker of a folder has.
fn format_of(bench: &Bench) -> u64 {
    let marker = fs::read(bench.path().join("store.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&marker).unwrap()["format"].as_u64().unwrap()
}

#[tokio::test]
async fn a_folder_of_the_earlier_format_is_brought_up_to_date_and_the_earlier_build_refuses_it_then() {
    for engine in ENGINES {
        let bench = Bench::new(Some(engine));
        put(&bench.open(), "row").await;
        let path = bench.path().join("store.json");
        let mut marker: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        marker["format"] = 2.into();
        fs::write(&path, marker.to_string()).unwrap();

        let looked_at = bench.inspect().unwrap();
        assert!(looked_at.read::<String>(&key("t", "row")).unwrap().is_some());
        drop(looked_at);
        assert_eq!(format_of(&bench), 2, "to look at it changes nothing");
        let store = bench.open();
        assert!(store.read::<String>(&key("t", "row")).unwrap().is_some());
        put(&store, "new").await;
        assert_eq!(format_of(&bench), FORMAT);
    }
}

#[tokio::test]
async fn a_folder_that_is_looked_at_takes_no_commit_and_is_not_made() {
    for engine in ENGINES {
        let bench = Bench::new(Some(engine));
        assert!(matches!(bench.inspect(), Err(StoreError::NoStore { .. })));
        put(&bench.open(), "row").await;
        let store = bench.inspect().unwrap();
        let mut commit = Commit::new();
        commit.put(key("t", "other"), &1, Expect::Any);
        assert!(matches!(store.commit(commit).await, Err(StoreError::Stopped { .. })));
        assert!(store.read::<String>(&key("t", "row")).unwrap().is_some());
    }
}

#[tokio::test]
async fn a_spoilt_database_is_an_error_and_not_a_panic() {
    for engine in ENGINES {
        let bench = Bench::new(Some(engine));
        put(&bench.open(), "row").await;
        let file = match engine {
            Engine::Sled => bench.path().join("sled").join("db"),
            Engine::Redb => bench.path().join("redb").join("rows.redb"),
        };
        fs::write(&file, b"not a database").unwrap();
        match bench.try_open(KeyEncryptionKey::for_tests()) {
            Err(StoreError::Engine { .. }) => {}
            // An engine may take the file for an empty one; then nothing false is served.
            Ok(store) => assert!(store.read::<String>(&key("t", "row")).unwrap().is_none()),
            Err(other) => panic!("{engine}: {other}"),
        }
    }
}

#[tokio::test]
async fn the_folder_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(Some(Engine::Redb));
    let store = bench.open();
    let digest = store.keep_component(b"component").unwrap();
    let mode = |path: &str| fs::metadata(bench.path().join(path)).unwrap().permissions().mode() & 0o777;
    for folder in ["", "redb", "components", "artefacts"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    for file in ["store.json", "lock", "redb/rows.redb", &format!("components/{digest}.wasm")] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}
