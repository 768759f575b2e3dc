//! Components and compiled code: what is read is what was written, or it is refused.

use std::fs;

use domain::{Artefacts, Digest};

use crate::contract::{Bench, for_each_backend};
use crate::{COMPONENT_BYTES_MAX, Engine, StoreError};

for_each_backend!(a_component_is_kept_by_its_digest, compiled_code_is_kept_by_its_key);

async fn a_component_is_kept_by_its_digest(bench: Bench) {
    let store = bench.open();
    let bytes = b"\0asm component".to_vec();
    let digest = store.keep_component(&bytes).unwrap();
    assert_eq!(digest, Digest::of(&bytes));
    assert_eq!(store.keep_component(&bytes).unwrap(), digest);
    assert_eq!(store.component(&digest).unwrap(), bytes);
    let unknown = Digest::of(b"other");
    assert_eq!(store.component(&unknown).unwrap_err(), StoreError::NoComponent { digest: unknown });
    let huge = vec![0; COMPONENT_BYTES_MAX + 1];
    assert!(matches!(store.keep_component(&huge), Err(StoreError::TooLarge { .. })));
}

async fn compiled_code_is_kept_by_its_key(bench: Bench) {
    let artefacts = bench.open().artefacts();
    assert_eq!(artefacts.load("digest/48.0.8"), None);
    artefacts.keep("digest/48.0.8", b"machine code");
    artefacts.keep("../../escape", b"other code");
    assert_eq!(artefacts.load("digest/48.0.8").unwrap(), b"machine code");
    assert_eq!(artefacts.load("../../escape").unwrap(), b"other code");
    assert_eq!(artefacts.load("digest/48.0.9"), None);
}

#[test]
fn a_damaged_component_is_refused_and_repaired_by_another_upload() {
    let bench = Bench::new(Some(Engine::Redb));
    let store = bench.open();
    let digest = store.keep_component(b"component").unwrap();
    let path = bench.path().join("components").join(format!("{digest}.wasm"));
    fs::write(&path, b"compromise").unwrap();
    assert_eq!(
        store.component(&digest).unwrap_err(),
        StoreError::DamagedComponent { digest: digest.clone() }
    );
    store.keep_component(b"component").unwrap();
    assert_eq!(store.component(&digest).unwrap(), b"component");
}

#[test]
fn changed_or_exchanged_code_is_never_loaded() {
    let bench = Bench::new(Some(Engine::Redb));
    let artefacts = bench.open().artefacts();
    let folder = bench.path().join("artefacts");
    let files = || -> Vec<_> { fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect() };
    artefacts.keep("one", b"machine code");
    let one = files().remove(0);
    let kept = fs::read(&one).unwrap();
    for at in 0..kept.len() {
        let mut changed = kept.clone();
        changed[at] ^= 1;
        fs::write(&one, changed).unwrap();
        assert_eq!(artefacts.load("one"), None, "byte {at}");
        assert!(!one.exists(), "byte {at}: it is still there");
    }
    for len in [0, 31, 32, kept.len() - 1] {
        fs::write(&one, &kept[..len]).unwrap();
        assert_eq!(artefacts.load("one"), None, "{len} bytes");
    }
    artefacts.keep("two", b"other code");
    fs::rename(files().remove(0), &one).unwrap();
    assert_eq!(artefacts.load("one"), None, "the code of another key");
}

#[test]
fn what_an_interrupted_write_left_is_removed() {
    let bench = Bench::new(Some(Engine::Redb));
    drop(bench.open());
    let left = ["components", "artefacts", "."].map(|folder| bench.path().join(folder).join(".x.1-1.tmp"));
    for path in &left {
        fs::write(path, b"half").unwrap();
    }
    let _store = bench.open();
    assert!(left.iter().all(|path| !path.exists()));
}
