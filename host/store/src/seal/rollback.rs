//! Tests of rows put back, removed or exchanged by somebody who has the database and no key.

use super::tests::{Sealer, row};
use super::*;

fn rolled_back(sealer: &Sealer, tenant: &str, name: &str) -> bool {
    match sealer.open(tenant, name, Purpose::Credential) {
        Err(error @ StoreError::SecretRolledBack { .. }) => {
            assert_eq!((error.code(), error.blame()), ("secret_rolled_back", domain::Blame::Operator));
            assert!(error.to_string().contains(name), "{error}");
            let holds = sealer.store.holds_secret(
                &tenant.parse().unwrap(),
                &super::tests::profile(),
                &name.parse().unwrap(),
                Purpose::Credential,
            );
            assert_eq!(holds.unwrap_err(), error);
            true
        }
        Ok(_) => false,
        Err(other) => panic!("another error: {other}"),
    }
}

async fn set(sealer: &Sealer, tenant: &str, name: &str, secret: &str) {
    sealer.seal(tenant, name, Purpose::Credential, secret).await.unwrap();
}

fn opens_as(sealer: &Sealer, tenant: &str, name: &str, secret: &str) -> bool {
    sealer.open(tenant, name, Purpose::Credential).unwrap().unwrap().secret == Secret::new(secret)
}

#[tokio::test]
async fn an_older_row_put_back_is_refused_by_name_and_setting_the_secret_again_mends_it() {
    let sealer = Sealer::new();
    set(&sealer, "t", "key", "leaked").await;
    set(&sealer, "t", "other", "kept").await;
    let old = sealer.copy(&row("t", "key"));
    set(&sealer, "t", "key", "rotated").await;
    let new = sealer.copy(&row("t", "key"));

    sealer.put_back(&row("t", "key"), old);
    assert!(rolled_back(&sealer, "t", "key"));
    assert!(opens_as(&sealer, "t", "other", "kept"), "the others are not touched");
    sealer.put_back(&row("t", "key"), new);
    assert!(opens_as(&sealer, "t", "key", "rotated"));

    sealer.put_back(&row("t", "key"), None);
    assert!(rolled_back(&sealer, "t", "key"), "a removed row is not a secret that was never set");
    set(&sealer, "t", "key", "third").await;
    assert!(opens_as(&sealer, "t", "key", "third"));
    assert_eq!(sealer.open("t", "key", Purpose::Credential).unwrap().unwrap().version, 3);
}

#[tokio::test]
async fn an_older_ciphertext_under_the_newest_number_does_not_open() {
    let sealer = Sealer::new();
    set(&sealer, "t", "key", "leaked").await;
    let old = sealer.sealed(&row("t", "key"));
    set(&sealer, "t", "key", "rotated").await;
    sealer.plant(&row("t", "key"), &SealedSecret { version: 2, ..old });
    let error = sealer.open("t", "key", Purpose::Credential).unwrap_err();
    assert!(matches!(error, StoreError::SecretDamaged { .. }), "{error}");
}

#[tokio::test]
async fn a_row_with_its_record_put_back_betrays_itself_by_every_other_secret_set_since() {
    let sealer = Sealer::new();
    let record = keys::newest_secrets(&"t".parse().unwrap());
    set(&sealer, "t", "key", "leaked").await;
    set(&sealer, "t", "other", "one").await;
    let (old, old_record) = (sealer.copy(&row("t", "key")), sealer.copy(&record));
    set(&sealer, "t", "key", "rotated").await;
    set(&sealer, "t", "other", "two").await;
    sealer.put_back(&record, old_record);
    assert!(rolled_back(&sealer, "t", "key"), "the record alone");
    sealer.put_back(&row("t", "key"), old);
    assert!(rolled_back(&sealer, "t", "other"));
}

#[tokio::test]
async fn without_its_record_no_secret_opens() {
    let sealer = Sealer::new();
    set(&sealer, "t", "key", "secret").await;
    let record = |tenant: &str| keys::newest_secrets(&tenant.parse().unwrap());
    let kept = sealer.copy(&record("t"));
    sealer.put_back(&record("t"), None);
    assert!(rolled_back(&sealer, "t", "key"));
    sealer.put_back(&record("t"), kept.clone());
    assert!(opens_as(&sealer, "t", "key", "secret"));

    set(&sealer, "u", "key", "secret").await;
    sealer.put_back(&record("u"), kept);
    assert!(matches!(sealer.open("u", "key", Purpose::Credential), Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn a_deleted_secret_stays_deleted_and_its_number_is_not_used_again() {
    let sealer = Sealer::new();
    set(&sealer, "t", "key", "first").await;
    let first = sealer.copy(&row("t", "key"));
    sealer.delete("t", "key").await;
    assert!(!rolled_back(&sealer, "t", "key"), "a deleted secret is simply not there");
    sealer.put_back(&row("t", "key"), first.clone());
    assert!(rolled_back(&sealer, "t", "key"));
    sealer.put_back(&row("t", "key"), None);

    set(&sealer, "t", "key", "second").await;
    assert_eq!(sealer.open("t", "key", Purpose::Credential).unwrap().unwrap().version, 2);
    sealer.put_back(&row("t", "key"), first);
    assert!(rolled_back(&sealer, "t", "key"));
}

#[tokio::test]
async fn whoever_reads_while_a_secret_is_set_again_and_again_is_never_told_of_a_rollback() {
    let sealer = Sealer::new();
    set(&sealer, "t", "key", "secret").await;
    let store = sealer.store.clone();
    let reader = std::thread::spawn(move || {
        let (tenant, name) = ("t".parse().unwrap(), "key".parse().unwrap());
        for _ in 0..3_000 {
            let opened =
                store.open_secret(&tenant, &super::tests::profile(), &name, Purpose::Credential).unwrap();
            assert!(opened.is_some());
        }
    });
    while !reader.is_finished() {
        set(&sealer, "t", "key", "secret").await;
    }
    reader.join().unwrap();
}
