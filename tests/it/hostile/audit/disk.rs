//! Somebody with the disk and without the key: whatever is done to the entries is found and named.

use std::path::Path;

use domain::audit::{Chain, Wrong};
use lockgate::{Engine, Host, Tenant, Verdict, verify_folder};
use lockgate_tests::guests;

use super::{entries, new_profile};
use crate::harness;

async fn filled(host: &Host) -> Tenant {
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::PROBER.to_vec()).await.unwrap();
    for name in ["one", "two", "three"] {
        tenant.create_profile(new_profile(name, "https://api.example.com")).await.unwrap();
    }
    tenant
}

async fn open(dir: &Path, engine: Engine) -> Host {
    harness::reaching(&[]).data_dir(dir).engine(engine).build().await.unwrap()
}

async fn close(host: Host) {
    host.shutdown().await;
    drop(host);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_survives_restarts_and_a_head_noted_before_one_still_fits() {
    for engine in [Engine::Sled, Engine::Redb] {
        let folder = tempfile::tempdir().unwrap();
        let host = open(folder.path(), engine).await;
        let tenant = filled(&host).await;
        let Verdict::Whole(Some(noted)) = tenant.audit().verify(None).await.unwrap() else { panic!() };
        let before = entries(&tenant.audit());
        drop(tenant);
        close(host).await;

        let host = open(folder.path(), engine).await;
        let tenant = host.tenant("acme").unwrap();
        assert_eq!(entries(&tenant.audit()), before);
        tenant.enable(&"one".parse().unwrap(), false).await.unwrap();
        let verdict = tenant.audit().verify(Some(noted.clone())).await.unwrap();
        let Verdict::Whole(Some(head)) = verdict else { panic!("{verdict:?}") };
        assert_eq!(head.number, noted.number + 1, "{engine}");
        drop(tenant);
        close(host).await;
    }
}

type Tamper = fn(&Disk);

/// The raw rows of a stopped host, as somebody with the disk and without the key finds them.
struct Disk(sled::Db);

impl Disk {
    fn open(dir: &Path) -> Self {
        // Its own threads may still be letting go of the file.
        for _ in 0..100 {
            match sled::Config::new().path(dir.join("sled")).flush_every_ms(None).open() {
                Ok(db) => return Self(db),
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
        panic!("the database does not open");
    }

    /// The keys of the entries of `acme`, in order, and the key of its head.
    fn keys(&self) -> (Vec<sled::IVec>, sled::IVec) {
        let of = |table: &str| {
            let part = format!("acme\0{table}\0").into_bytes();
            let keys = self.0.iter().keys().map(Result::unwrap);
            keys.filter(|key| key.windows(part.len()).any(|window| window == part)).collect::<Vec<_>>()
        };
        (of("audit"), of("audit-head").remove(0))
    }

    fn swap(&self, one: &sled::IVec, other: &sled::IVec) {
        let (first, second) = (self.0.get(one).unwrap().unwrap(), self.0.get(other).unwrap().unwrap());
        self.0.insert(one, second).unwrap();
        self.0.insert(other, first).unwrap();
    }

    fn flip(&self, key: &sled::IVec) {
        let mut row = self.0.get(key).unwrap().unwrap().to_vec();
        let middle = row.len() / 2;
        row[middle] ^= 1;
        self.0.insert(key, row).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_the_files_is_found_and_nothing_is_written_behind_it() {
    let tampers: [(&str, Tamper, u64, Wrong); 6] = [
        ("edited", |disk| disk.flip(&disk.keys().0[1]), 2, Wrong::Edited),
        ("swapped", |disk| disk.swap(&disk.keys().0[1], &disk.keys().0[2]), 2, Wrong::Edited),
        ("deleted", |disk| drop(disk.0.remove(&disk.keys().0[2]).unwrap()), 3, Wrong::Missing),
        ("cut", |disk| drop(disk.0.remove(&disk.keys().0[3]).unwrap()), 4, Wrong::Missing),
        ("beheaded", |disk| drop(disk.0.remove(disk.keys().1).unwrap()), 1, Wrong::BeyondHead),
        ("end edited", |disk| disk.flip(&disk.keys().1), 4, Wrong::HeadDoesNotFit),
    ];
    for (what, tamper, number, wrong) in tampers {
        let folder = tempfile::tempdir().unwrap();
        let host = open(folder.path(), Engine::Sled).await;
        drop(filled(&host).await);
        close(host).await;
        let disk = Disk::open(folder.path());
        tamper(&disk);
        disk.0.flush().unwrap();
        drop(disk);

        // Without the host, as somebody who does not trust it any more.
        let found = verify_folder(folder.path(), None, None, None).await.unwrap();
        let of_acme = Chain::Tenant("acme".parse().unwrap());
        assert!(
            matches!(found.as_slice(), [(Chain::Host, Verdict::Whole(None)), (acme, Verdict::Broken(_))]
            if *acme == of_acme),
            "{what}: {found:?}"
        );

        let host = open(folder.path(), Engine::Sled).await;
        let tenant = host.tenant("acme").unwrap();
        let verdict = tenant.audit().verify(None).await.unwrap();
        let Verdict::Broken(broken) = verdict else { panic!("{what}: {verdict:?}") };
        assert_eq!((broken.number, broken.wrong), (number, wrong), "{what}");
        let one = "one".parse().unwrap();
        let changed = tenant.enable(&one, false).await;
        let cannot_be_told = ["beheaded", "end edited"].contains(&what);
        assert_eq!(changed.is_err(), cannot_be_told, "{what}: {changed:?}");
        assert_eq!(tenant.profile(&one).unwrap().enabled, cannot_be_told, "{what}");
        drop(tenant);
        close(host).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_was_taken_out_whole_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let host = open(folder.path(), Engine::Sled).await;
    drop(filled(&host).await);
    close(host).await;
    let disk = Disk::open(folder.path());
    let (entries, head) = disk.keys();
    for key in entries.iter().chain([&head]) {
        disk.0.remove(key).unwrap();
    }
    disk.0.flush().unwrap();
    drop(disk);
    let of_acme = Chain::Tenant("acme".parse().unwrap());
    let found = verify_folder(folder.path(), None, Some(of_acme), None).await.unwrap();
    let [(_, Verdict::Broken(broken))] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((broken.number, broken.wrong), (1, Wrong::Missing));
}

#[tokio::test]
async fn verifying_a_folder_makes_nothing_where_there_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("data");
    verify_folder(&missing, None, None, None).await.unwrap_err();
    assert!(!missing.exists());
    verify_folder(folder.path(), None, None, None).await.unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
