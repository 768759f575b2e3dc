//! A disk that fills up or fails: what was acknowledged stays, nothing more is, and it says so until it is opened again.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::backend::Backend;
use crate::backend::redb::Redb;
use crate::backend::sled::{Sled, Syncs};
use crate::contract::samples::Counting;
use crate::contract::{Bench, key};
use crate::files::artefacts::ArtefactFiles;
use crate::files::components::ComponentFiles;
use crate::observe::Watch;
use crate::open::{Parts, assemble};
use crate::root::RootKey;
use crate::{Commit, Engine, Expect, KeyEncryptionKey, Place, Store, StoreError, StoreOptions};

const FOLDER: &str = "LOCKGATE_TEST_FULL_FOLDER";
const ENGINE: &str = "LOCKGATE_TEST_FULL_ENGINE";

async fn put(store: &Store, number: u32) -> Result<(), StoreError> {
    let mut commit = Commit::new();
    commit.put(key("t", &format!("row-{number:06}")), &"x".repeat(3_000), Expect::Any);
    store.commit(commit).await
}

fn holds(store: &Store, number: u32) -> bool {
    store.read::<String>(&key("t", &format!("row-{number:06}"))).unwrap().is_some()
}

/// The kernel refuses the child's files beyond a size, as a full disk does. It works without rights and for every engine.
const SIZE_LIMIT: &str = r#"trap "" XFSZ; ulimit -f 6000; exec "$0" "$@""#;

/// A disk of twelve mebibytes that really fills up, in a mount namespace of its own that goes with the child. What the
/// child leaves on it is copied to where there is room.
const SMALL_DISK: &str = r#"set -e; disk=$(mktemp -d); mount -t tmpfs -o size=12m lockgate "$disk"
cp -a "$LOCKGATE_TEST_FULL_FOLDER"/. "$disk"; home=$LOCKGATE_TEST_FULL_FOLDER
LOCKGATE_TEST_FULL_FOLDER=$disk "$0" "$@"
rm -rf "$home"/*; cp -a "$disk"/. "$home"; umount "$disk"; rmdir "$disk""#;

/// Whether this machine lets us mount something where nobody else sees it.
fn may_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "bash", "-c"])
        .arg("disk=$(mktemp -d); mount -t tmpfs -o size=1m lockgate \"$disk\" && umount \"$disk\" && rmdir \"$disk\"")
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

async fn fill(shell: &[&str], script: &str) {
    for engine in [Engine::Sled, Engine::Redb] {
        let bench = Bench::new(Some(engine));
        put(&bench.open(), 0).await.unwrap();
        let mut child = Command::new(shell.first().unwrap())
            .args(shell.get(1..).unwrap())
            .args(["-c", script])
            .arg(env::current_exe().unwrap())
            .args(["contract::disk::writes_until_the_disk_is_full", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, bench.path())
            .env(ENGINE, engine.as_str())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some((_, number)) = line.split_once("acknowledged ") {
                acknowledged.push(number.parse::<u32>().unwrap());
            } else if let Some((_, code)) = line.split_once("refused ") {
                refused.push(code.to_owned());
            }
        }
        assert!(child.wait().unwrap().success(), "{engine}: the writer did not live to tell");
        assert_eq!(refused, ["store_failed", "store_stopped", "store_stopped"], "{engine}");
        assert!(acknowledged.len() > 20, "{engine}: {} before the disk was full", acknowledged.len());
        let store = bench.open();
        for number in &acknowledged {
            assert!(holds(&store, *number), "{engine}: row {number} was acknowledged and is lost");
        }
        put(&store, 999_999).await.unwrap();
        assert!(holds(&store, 999_999));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_refuses_by_name_and_with_room_again_everything_acknowledged_is_there() {
    fill(&["bash"], SIZE_LIMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_by_name_and_with_room_again_everything_acknowledged_is_there() {
    if !may_mount() {
        println!("SKIPPED: no disk can be mounted here; the test with a limit for files stands for it");
        return;
    }
    fill(&["unshare", "--user", "--map-root-user", "--mount", "bash"], SMALL_DISK).await;
}

#[test]
#[ignore = "the writing half of the tests above, which start it where room ends"]
fn writes_until_the_disk_is_full() {
    let Ok(path) = env::var(FOLDER) else { return };
    let engine = env::var(ENGINE).unwrap().parse().unwrap();
    let place = Place::Dir { path: path.into(), engine };
    let options = StoreOptions { place, key: KeyEncryptionKey::for_tests() };
    let store = Store::open(options, &Counting::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let say = |line: String| {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    };
    runtime.block_on(async {
        let mut refused = 0;
        for number in 1..100_000 {
            match put(&store, number).await {
                Ok(()) => say(format!("acknowledged {number}")),
                Err(error) => {
                    say(format!("refused {}", error.code()));
                    refused += 1;
                }
            }
            if refused == 3 {
                break;
            }
        }
    });
    // Reads go on from what is there.
    assert!(holds(&store, 1));
    // An engine that cannot write may not manage to close: the process ends as one that is killed does.
    std::process::exit(0);
}

/// A file that fails where it is told to.
#[derive(Clone, Debug)]
struct Failing(Arc<Fails>);

#[derive(Debug)]
struct Fails {
    file: FileBackend,
    syncs_fail: AtomicBool,
    writes_fail: AtomicBool,
    syncs: AtomicUsize,
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.0.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.syncs.fetch_add(1, Ordering::SeqCst);
        match self.0.syncs_fail.load(Ordering::SeqCst) {
            true => Err(io::Error::other("input/output error")),
            false => self.0.file.sync_data(),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match self.0.writes_fail.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => self.0.file.write(offset, data),
        }
    }
}

fn over(path: &std::path::Path) -> (Store, Failing) {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
    let failing = Failing(Arc::new(Fails {
        file: FileBackend::new(file).unwrap(),
        syncs_fail: AtomicBool::default(),
        writes_fail: AtomicBool::default(),
        syncs: AtomicUsize::default(),
    }));
    (stored(Arc::new(Redb::over(failing.clone(), Watch::default()).unwrap())), failing)
}

fn stored(backend: Arc<dyn Backend>) -> Store {
    let root = RootKey::for_tests();
    let parts = Parts {
        backend,
        components: ComponentFiles::in_memory(),
        artefacts: ArtefactFiles::in_memory(&root),
        watch: Watch::default(),
        lock: None,
    };
    Store::from_inner(assemble(parts, &root).unwrap())
}

/// Syncs of sled's file: its own are only requests to the kernel, and the one that counts is ours.
struct Unsynced {
    file: Box<dyn Syncs>,
    switch: Arc<Switch>,
}

#[derive(Default)]
struct Switch {
    fails: AtomicBool,
    syncs: AtomicUsize,
}

impl Syncs for Unsynced {
    fn sync_data(&self) -> io::Result<()> {
        self.switch.syncs.fetch_add(1, Ordering::SeqCst);
        match self.switch.fails.load(Ordering::SeqCst) {
            true => Err(io::Error::other("input/output error")),
            false => self.file.sync_data(),
        }
    }
}

fn over_sled(folder: &std::path::Path) -> (Store, Arc<Switch>) {
    let switch = Arc::new(Switch::default());
    let given = Arc::clone(&switch);
    let sled = Sled::open(folder, Watch::default()).unwrap();
    let sled = sled.syncing(|file| Box::new(Unsynced { file, switch: given }));
    (stored(Arc::new(sled)), switch)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_sync_sled_acknowledges_nothing_until_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, switch) = over_sled(folder.path());
    put(&store, 1).await.unwrap();
    switch.fails.store(true, Ordering::SeqCst);
    assert_eq!(put(&store, 2).await.unwrap_err().code(), "store_failed");
    switch.fails.store(false, Ordering::SeqCst);
    let before = switch.syncs.load(Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(put(&store, 3).await.unwrap_err().code(), "store_stopped");
    }
    assert_eq!(switch.syncs.load(Ordering::SeqCst), before, "it was tried again");
    assert!(store.takes_writes().is_err());
    drop(store);

    let (store, _) = over_sled(folder.path());
    assert!(holds(&store, 1) && !holds(&store, 3));
    put(&store, 4).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_sync_or_write_nothing_is_acknowledged_until_it_is_opened_again() {
    for syncs in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.redb");
        let (store, failing) = over(&path);
        put(&store, 1).await.unwrap();
        let switch = if syncs { &failing.0.syncs_fail } else { &failing.0.writes_fail };
        switch.store(true, Ordering::SeqCst);
        assert_eq!(put(&store, 2).await.unwrap_err().code(), "store_failed");
        // The disk is well again, and a second sync would succeed without what the first one lost.
        switch.store(false, Ordering::SeqCst);
        let before = failing.0.syncs.load(Ordering::SeqCst);
        for _ in 0..3 {
            assert_eq!(put(&store, 3).await.unwrap_err().code(), "store_stopped");
        }
        assert_eq!(failing.0.syncs.load(Ordering::SeqCst), before, "it was tried again");
        assert!(store.takes_writes().is_err());
        drop((store, failing));

        let (store, _) = over(&path);
        assert!(holds(&store, 1) && !holds(&store, 3));
        put(&store, 4).await.unwrap();
    }
}
