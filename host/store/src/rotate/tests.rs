//! Rotations that are killed at every step, with a process of their own.
#![expect(clippy::disallowed_methods, reason = "a test tells its own process where to be killed")]

use std::collections::BTreeSet;
use std::env;
use std::process::{Command, Stdio};

use domain::{Secret, Timestamp};

use super::*;
use crate::contract::Bench;
use crate::contract::samples::{Counting, change};
use crate::{Engine, Purpose, Seal, Store};

const FOLDER: &str = "LOCKGATE_TEST_ROTATE_FOLDER";
const KILLED_AT: &str = "LOCKGATE_TEST_ROTATE_KILLED_AT";
const STEPS: [Step; 4] = [Step::Locked, Step::Opened, Step::Beside, Step::Replaced];

fn old() -> KeyEncryptionKey {
    KeyEncryptionKey::for_tests()
}

fn new() -> KeyEncryptionKey {
    KeyEncryptionKey::from_bytes(*blake3::hash(b"the new key").as_bytes()).unwrap()
}

async fn with_a_secret(engine: Engine) -> Bench {
    let bench = Bench::new(Some(engine));
    let store = bench.open();
    let seal = Seal {
        tenant: &"t".parse().unwrap(),
        profile: &"p".parse().unwrap(),
        name: &"key".parse().unwrap(),
        purpose: Purpose::Credential,
        bound: &BTreeSet::new(),
        secret: &Secret::new("sk_test"),
        now: Timestamp::from_ms(0),
    };
    let mut commit = change("t");
    store.seal_secret(&mut commit, &seal, &Counting::default()).unwrap();
    store.commit(commit).await.unwrap();
    bench
}

fn holds_the_secret(store: &Store) -> bool {
    let (tenant, profile, name) = ("t".parse().unwrap(), "p".parse().unwrap(), "key".parse().unwrap());
    let opened = store.open_secret(&tenant, &profile, &name, Purpose::Credential).unwrap().unwrap();
    opened.secret == Secret::new("sk_test")
}

#[tokio::test]
async fn after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing() {
    for engine in [Engine::Sled, Engine::Redb] {
        let bench = with_a_secret(engine).await;
        let rotate = |from: &KeyEncryptionKey, to: &KeyEncryptionKey| {
            rotate_key(&bench.path(), from, to, &Counting::default())
        };
        assert_eq!(rotate(&old(), &new()), Ok(Rotated::Now));
        assert!(matches!(bench.try_open(old()), Err(StoreError::OtherKey { .. })));
        assert!(holds_the_secret(&bench.try_open(new()).unwrap()));
        // Whoever is not sure that it ended runs it again.
        assert_eq!(rotate(&old(), &new()), Ok(Rotated::Before));
        assert_eq!(rotate(&new(), &old()), Ok(Rotated::Now));
        assert!(holds_the_secret(&bench.open()));
    }
}

#[tokio::test]
async fn a_rotation_is_refused_with_the_wrong_key_or_over_an_open_or_missing_store() {
    let bench = with_a_secret(Engine::Redb).await;
    let rotate = |folder: &Path, from: &KeyEncryptionKey, to: &KeyEncryptionKey| {
        rotate_key(folder, from, to, &Counting::default()).unwrap_err()
    };
    let third = KeyEncryptionKey::from_bytes(*blake3::hash(b"a third key").as_bytes()).unwrap();
    assert!(matches!(rotate(&bench.path(), &third, &new()), StoreError::OtherKey { .. }));
    let open = bench.open();
    assert!(matches!(rotate(&bench.path(), &old(), &new()), StoreError::InUse { .. }));
    drop(open);
    let nowhere = bench.path().join("nowhere");
    assert!(matches!(rotate(&nowhere, &old(), &new()), StoreError::NoStore { .. }));
    assert!(!nowhere.exists());
    std::fs::remove_file(bench.path().join(marker::MARKER)).unwrap();
    assert!(matches!(rotate(&bench.path(), &old(), &new()), StoreError::NoMarker { .. }));
    assert!(!bench.path().join(marker::MARKER).exists());
}

#[tokio::test]
async fn a_rotation_killed_at_any_step_leaves_exactly_one_key_that_opens_and_can_be_run_again() {
    for engine in [Engine::Sled, Engine::Redb] {
        for step in STEPS {
            let bench = with_a_secret(engine).await;
            kill_at(&bench, step);
            let rotated = step == Step::Replaced;
            let (opens, refused) = if rotated { (new(), old()) } else { (old(), new()) };
            let error = bench.try_open(refused).unwrap_err();
            assert!(matches!(error, StoreError::OtherKey { .. }), "{engine} at {step:?}: {error}");
            assert!(holds_the_secret(&bench.try_open(opens).unwrap()), "{engine} at {step:?}");

            let again = rotate_key(&bench.path(), &old(), &new(), &Counting::default());
            let expected = if rotated { Rotated::Before } else { Rotated::Now };
            assert_eq!(again, Ok(expected), "{engine} at {step:?}");
            assert!(holds_the_secret(&bench.try_open(new()).unwrap()), "{engine} at {step:?}");
        }
    }
}

fn kill_at(bench: &Bench, step: Step) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["rotate::tests::rotates_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, bench.path())
        .env(KILLED_AT, format!("{step:?}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(!child.wait().unwrap().success(), "it was not killed at {step:?}");
}

#[test]
#[ignore = "the rotating half of the test above, which starts it in a process of its own"]
fn rotates_until_it_is_killed() {
    let Ok(path) = env::var(FOLDER) else { return };
    let last = env::var(KILLED_AT).unwrap();
    let reached = |step: Step| {
        if format!("{step:?}") == last {
            // As a power cut does: nothing is unwound, nothing tidied up.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    };
    rotate_in_steps(Path::new(&path), &old(), &new(), &Counting::default(), &reached).unwrap();
}
