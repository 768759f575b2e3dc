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
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_by_name_and_with_room_again_everything_acknowledged_is_there() {
    for engine in [Engine::Sled, Engine::Redb] {
        let bench = Bench::new(Some(engine));
        put(&bench.open(), 0).await.unwrap();
        let mut child = Command::new("bash")
            .args(["-c", r#"trap "" XFSZ; ulimit -f 6000; exec "$0" "$@""#])
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

#[test]
#[ignore = "the writing half of the test above, which starts it under a limit"]
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
    let root = RootKey::for_tests();
    let backend: Arc<dyn Backend> = Arc::new(Redb::over(failing.clone(), Watch::default()).unwrap());
    let parts = Parts {
        backend,
        components: ComponentFiles::in_memory(),
        artefacts: ArtefactFiles::in_memory(&root),
        watch: Watch::default(),
        lock: None,
    };
    (Store::from_inner(assemble(parts, &root).unwrap()), failing)
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
