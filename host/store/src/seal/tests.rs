//! Tests of sealing: what opens, for what, and what never does.
#![expect(clippy::disallowed_methods, reason = "the disk is searched for what must not be on it")]

use domain::Timestamp;

use super::*;
use crate::backend::{self, Order};
use crate::contract::Bench;
use crate::contract::samples::{Counting, change};
use crate::keys::Key;
use crate::page::Paging;
use crate::{Engine, Secrets};

pub(super) struct Sealer {
    pub(super) store: Store,
    randomness: Counting,
}

impl Sealer {
    pub(super) fn new() -> Self {
        Self { store: Bench::new(None).open(), randomness: Counting::default() }
    }

    pub(super) async fn seal(
        &self,
        tenant: &str,
        name: &str,
        purpose: Purpose,
        secret: &str,
    ) -> Result<(), StoreError> {
        let mut commit = change("acme");
        self.seal_into(&mut commit, tenant, name, purpose, secret)?;
        self.store.commit(commit).await
    }

    fn seal_into(
        &self,
        commit: &mut Change,
        tenant: &str,
        name: &str,
        purpose: Purpose,
        secret: &str,
    ) -> Result<(), StoreError> {
        let seal = Seal {
            tenant: &tenant.parse().unwrap(),
            profile: &profile(),
            name: &name.parse().unwrap(),
            purpose,
            bound: &bound(),
            secret: &Secret::new(secret),
            now: Timestamp::from_ms(7),
        };
        self.store.seal_secret(commit, &seal, &self.randomness)
    }

    pub(super) fn open(
        &self,
        tenant: &str,
        name: &str,
        purpose: Purpose,
    ) -> Result<Option<OpenedSecret>, StoreError> {
        self.store.open_secret(&tenant.parse().unwrap(), &profile(), &name.parse().unwrap(), purpose)
    }

    pub(super) fn sealed(&self, key: &Key) -> SealedSecret {
        self.store.read(key).unwrap().unwrap().value
    }

    /// As an intruder with the files and the row key could: the envelope is right, its contents are not.
    pub(super) fn plant(&self, key: &Key, sealed: &SealedSecret) {
        let json = serde_json::to_vec(sealed).unwrap();
        let row = self.store.inner().envelope.close(key.bytes(), 1, &json).unwrap();
        self.put_back(key, Some(row));
    }

    /// The bytes of a row, as somebody copies them who has the database and no key.
    pub(super) fn copy(&self, key: &Key) -> Option<Vec<u8>> {
        self.store.inner().backend.get(key.bytes()).unwrap()
    }

    pub(super) fn put_back(&self, key: &Key, row: Option<Vec<u8>>) {
        self.store.inner().backend.apply(&[backend::Change { key: key.bytes().to_vec(), row }]).unwrap();
    }

    pub(super) async fn delete(&self, tenant: &str, name: &str) {
        let mut commit = change("acme");
        let seal_of = (&tenant.parse().unwrap(), &profile(), &name.parse().unwrap());
        self.store.delete_secret(&mut commit, seal_of, Expect::Present, &self.randomness).unwrap();
        self.store.commit(commit).await.unwrap();
    }
}

pub(super) fn profile() -> ProfileName {
    "stripe".parse().unwrap()
}

fn bound() -> BTreeSet<Origin> {
    BTreeSet::from(["https://api.stripe.com".parse().unwrap()])
}

pub(super) fn row(tenant: &str, name: &str) -> Key {
    keys::secret(&tenant.parse().unwrap(), &profile(), &name.parse().unwrap())
}

#[tokio::test]
async fn a_secret_opens_as_what_it_was_sealed_as_and_counts_its_versions() {
    let sealer = Sealer::new();
    for (version, secret) in [(1, "sk_test_one"), (2, "sk_test_two")] {
        sealer.seal("t", "key", Purpose::Credential, secret).await.unwrap();
        let opened = sealer.open("t", "key", Purpose::Credential).unwrap().unwrap();
        assert_eq!(opened.secret, Secret::new(secret));
        assert_eq!((opened.version, opened.bound), (version, bound()));
        assert_eq!(opened.created_at, Timestamp::from_ms(7));
    }
    assert_eq!(sealer.open("t", "other", Purpose::Credential).unwrap(), None);
    assert_eq!(sealer.open("u", "key", Purpose::Credential).unwrap(), None);
}

#[tokio::test]
async fn a_secret_does_not_exist_for_another_purpose() {
    let sealer = Sealer::new();
    sealer.seal("t", "key", Purpose::Handle, "sk_test").await.unwrap();
    assert_eq!(sealer.open("t", "key", Purpose::Credential).unwrap(), None);
    assert!(sealer.open("t", "key", Purpose::Handle).unwrap().is_some());
    let holds = |purpose| {
        sealer
            .store
            .holds_secret(&"t".parse().unwrap(), &profile(), &"key".parse().unwrap(), purpose)
            .unwrap()
    };
    assert!(holds(Purpose::Handle) && !holds(Purpose::Credential));
}

#[tokio::test]
async fn a_moved_relabelled_or_rebound_secret_does_not_open() {
    let sealer = Sealer::new();
    for tenant in ["t", "u"] {
        sealer.seal(tenant, "one", Purpose::Credential, "sk_test_one").await.unwrap();
        sealer.seal(tenant, "two", Purpose::Credential, "sk_test_two").await.unwrap();
    }
    let damaged =
        |name: &str| StoreError::SecretDamaged { profile: "stripe".to_owned(), name: name.to_owned() };
    let original = sealer.sealed(&row("t", "one"));
    let other = sealer.sealed(&row("u", "two")).sealed;

    sealer.plant(&row("t", "two"), &original);
    assert_eq!(sealer.open("t", "two", Purpose::Credential).unwrap_err(), damaged("two"));
    sealer.plant(&row("u", "one"), &original);
    assert_eq!(sealer.open("u", "one", Purpose::Credential).unwrap_err(), damaged("one"));

    let mut changes: Vec<(Purpose, SealedSecret)> = Vec::new();
    changes.push((Purpose::Handle, SealedSecret { purpose: Purpose::Handle, ..original.clone() }));
    let mut wider = bound();
    wider.insert("https://evil.example".parse().unwrap());
    changes.push((Purpose::Credential, SealedSecret { bound: wider, ..original.clone() }));
    changes.push((Purpose::Credential, SealedSecret { bound: BTreeSet::new(), ..original.clone() }));
    for sealed in [
        Sealed { ciphertext: "AAAA".to_owned(), ..original.sealed.clone() },
        Sealed { nonce: "not base64".to_owned(), ..original.sealed.clone() },
        Sealed { commitment: other.commitment.clone(), ..original.sealed.clone() },
        other,
    ] {
        changes.push((Purpose::Credential, SealedSecret { sealed, ..original.clone() }));
    }
    for (purpose, changed) in changes {
        sealer.plant(&row("t", "one"), &changed);
        assert_eq!(sealer.open("t", "one", purpose).unwrap_err(), damaged("one"), "{changed:?}");
    }
    sealer.plant(&row("t", "one"), &original);
    assert!(sealer.open("t", "one", Purpose::Credential).unwrap().is_some());
}

#[tokio::test]
async fn a_tenant_has_one_data_key_that_no_other_can_use() {
    let sealer = Sealer::new();
    let mut commit = change("acme");
    for name in ["one", "two"] {
        sealer.seal_into(&mut commit, "t", name, Purpose::Credential, name).unwrap();
    }
    sealer.store.commit(commit).await.unwrap();
    for name in ["one", "two"] {
        assert_eq!(sealer.open("t", name, Purpose::Credential).unwrap().unwrap().secret, Secret::new(name));
    }
    sealer.seal("u", "one", Purpose::Credential, "other").await.unwrap();
    let (of_t, of_u) = (keys::data_key(&"t".parse().unwrap()), keys::data_key(&"u".parse().unwrap()));
    let wrapped: Sealed = sealer.store.read(&of_t).unwrap().unwrap().value;
    let json = serde_json::to_vec(&wrapped).unwrap();
    let planted = sealer.store.inner().envelope.close(of_u.bytes(), 1, &json).unwrap();
    sealer
        .store
        .inner()
        .backend
        .apply(&[backend::Change { key: of_u.bytes().to_vec(), row: Some(planted) }])
        .unwrap();
    assert!(matches!(sealer.open("u", "one", Purpose::Credential), Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn of_two_who_seal_the_first_secret_at_once_one_begins_again() {
    let sealer = Sealer::new();
    let (mut first, mut second) = (change("acme"), change("acme"));
    sealer.seal_into(&mut first, "t", "one", Purpose::Credential, "one").unwrap();
    sealer.seal_into(&mut second, "t", "two", Purpose::Credential, "two").unwrap();
    sealer.store.commit(first).await.unwrap();
    assert!(sealer.store.commit(second).await.unwrap_err().is_conflict());
    sealer.seal("t", "two", Purpose::Credential, "two").await.unwrap();
    assert!(sealer.open("t", "one", Purpose::Credential).unwrap().is_some());
}

#[tokio::test]
async fn a_secret_has_a_size() {
    let sealer = Sealer::new();
    for (bytes, accepted) in [(0, false), (1, true), (SECRET_BYTES_MAX, true), (SECRET_BYTES_MAX + 1, false)]
    {
        let sealed = sealer.seal("t", "key", Purpose::Handle, &"x".repeat(bytes)).await;
        assert_eq!(sealed.is_ok(), accepted, "{bytes} bytes");
    }
}

#[tokio::test]
async fn names_are_listed_and_a_deleted_secret_is_gone() {
    let sealer = Sealer::new();
    for name in ["credential", "signing_key"] {
        sealer.seal("t", name, Purpose::Handle, "secret").await.unwrap();
    }
    let tenant = "t".parse().unwrap();
    let names = || sealer.store.secret_names(&tenant, &profile()).unwrap();
    assert_eq!(names().iter().map(SecretName::as_str).collect::<Vec<_>>(), ["credential", "signing_key"]);
    let mut commit = change("acme");
    let name = "credential".parse().unwrap();
    let seal_of = (&tenant, &profile(), &name);
    sealer.store.delete_secret(&mut commit, seal_of, Expect::Present, &sealer.randomness).unwrap();
    sealer.store.commit(commit).await.unwrap();
    assert_eq!(names().len(), 1);
    assert_eq!(sealer.open("t", "credential", Purpose::Handle).unwrap(), None);
}

#[tokio::test]
async fn no_secret_is_on_the_disk_or_in_debug() {
    const CANARY: &str = "sk_live_canary_0123456789";
    for engine in [Engine::Sled, Engine::Redb] {
        let bench = Bench::new(Some(engine));
        let sealer = Sealer { store: bench.open(), randomness: Counting::default() };
        let mut commit = change("acme");
        sealer.seal_into(&mut commit, "t", "key", Purpose::Credential, CANARY).unwrap();
        assert!(!format!("{commit:?}").contains("canary"));
        sealer.store.commit(commit).await.unwrap();
        let opened = sealer.open("t", "key", Purpose::Credential).unwrap().unwrap();
        assert!(!format!("{opened:?} {:?}", sealer.store).contains("canary"));
        let page = sealer.store.list::<serde_json::Value>(
            &keys::secrets(&"t".parse().unwrap(), &profile()),
            Order::Ascending,
            &Paging::default(),
        );
        assert!(!format!("{page:?}").contains("canary"));
        drop(sealer);
        let mut folders = vec![bench.path()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                files += 1;
                let bytes = std::fs::read(&path).unwrap();
                assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{path:?}");
            }
        }
        assert!(files > 2, "{engine}: nothing was looked at");
    }
}
