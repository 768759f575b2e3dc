//! Compiled code on the disk, the same bytes again and again, and two components for one version.

use std::path::{Path, PathBuf};

use lockgate::{Host, Kind};
use lockgate_tests::guests::{NO_MANIFEST, PROBER, SPIN};

use super::yard::worker;

async fn open(folder: &Path) -> Host {
    Host::builder().data_dir(folder).compiler(worker()).build().await.unwrap()
}

fn artefacts(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("artefacts")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// From a whole file and another one to what an attacker leaves.
type Way = fn(&[u8], &[u8]) -> Vec<u8>;

async fn cached(folder: &Path, component: &[u8]) -> bool {
    let host = open(folder).await;
    let report = host.tenant("acme").unwrap().upload(component.to_vec()).await.unwrap().report;
    host.shutdown().await;
    report.cached
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiled_code_that_was_touched_is_never_loaded_and_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    open(folder).await.shutdown().await;
    let jq = artefacts(folder);
    assert!(!cached(folder, PROBER).await && !cached(folder, SPIN).await);
    assert!(cached(folder, PROBER).await, "the cache is of no use");
    // The host's own mapping language is left alone: making it again takes longest, and shows nothing more.
    let paths: Vec<_> = artefacts(folder).into_iter().filter(|path| !jq.contains(path)).collect();
    assert_eq!(paths.len(), 2, "one for each connector: {paths:?}");
    let whole: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let ways: [Way; 5] = [
        |own, _| own[..own.len() / 2].to_vec(),
        |own, _| {
            let mut flipped = own.to_vec();
            let middle = flipped.len() / 2;
            flipped[middle] ^= 1;
            flipped
        },
        // Whole and authentic, but of something else.
        |_, other| other.to_vec(),
        // Its own check before other code, and code of the right format without any check.
        |own, other| [&own[..32], &other[32..]].concat(),
        |own, _| own[32..].to_vec(),
    ];
    for (at, way) in ways.into_iter().enumerate() {
        for (number, path) in paths.iter().enumerate() {
            std::fs::write(path, way(&whole[number], &whole[(number + 1) % whole.len()])).unwrap();
        }
        assert!(!cached(folder, PROBER).await, "way {at} was loaded");
        assert!(cached(folder, PROBER).await, "way {at} was not repaired");
        for (path, bytes) in paths.iter().zip(&whole) {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_are_kept_once_and_one_changed_bit_is_another_component() {
    let folder = tempfile::tempdir().unwrap();
    let host = open(folder.path()).await;
    let (acme, globex) = (host.tenant("acme").unwrap(), host.tenant("globex").unwrap());
    let first = acme.upload(PROBER.to_vec()).await.unwrap();
    for _ in 0..20 {
        let again = acme.upload(PROBER.to_vec()).await.unwrap();
        assert!(again.existed && again.report.cached && again.connector == first.connector);
    }
    assert!(!globex.upload(PROBER.to_vec()).await.unwrap().existed, "what another tenant has is not told");
    assert_eq!(std::fs::read_dir(folder.path().join("components")).unwrap().count(), 1);
    let changed = [PROBER, b"\0\x05\x04bits"].concat();
    let refused = acme.upload(changed).await.unwrap_err();
    assert_eq!((refused.kind, refused.code), (Kind::Conflict, "version_exists"));
    assert_eq!(acme.connector(&first.connector.name, None).unwrap(), first.connector);
    assert!(acme.upload(NO_MANIFEST.to_vec()).await.is_err());
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_components_for_one_version_one_wins_whole() {
    let folder = tempfile::tempdir().unwrap();
    let host = open(folder.path()).await;
    for round in 0..3 {
        let tenant = host.tenant(&format!("tenant-{round}")).unwrap();
        let one = [PROBER, b"\0\x05\x04one_"].concat();
        let two = [PROBER, b"\0\x05\x04two_"].concat();
        let (first, second) = tokio::join!(tenant.upload(one), tenant.upload(two));
        let (won, lost) = match (first, second) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            (first, second) => panic!("{first:?} {second:?}"),
        };
        assert_eq!((lost.kind, lost.code), (Kind::Conflict, "version_exists"));
        let row = tenant.connector(&won.connector.name, None).unwrap();
        assert_eq!(row, won.connector);
        let kept = folder.path().join("components").join(format!("{}.wasm", row.digest));
        assert_eq!(lockgate::domain::Digest::of(&std::fs::read(kept).unwrap()), row.digest);
    }
    host.shutdown().await;
}
