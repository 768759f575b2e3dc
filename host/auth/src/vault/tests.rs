//! Tests of secrets in use.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::connector::ConnectorRef;
use domain::egress::{CredentialPlace, Method, Origin};
use domain::profile::{Auth, Profile};
use domain::{Randomness, TenantId, Timestamp};
use store::{Change, Expect, KeyEncryptionKey, Place, Seal, StoreOptions};
use wit::AuthScheme;

use super::*;

struct Counting(AtomicU8);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = self.0.fetch_add(1, Ordering::Relaxed));
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }
}

fn change(tenant: &TenantId) -> Change {
    let now = Timestamp::from_ms(0);
    let happening = Happening::new(now, Actor::Library, Verb::SecretSet, Subject::tenant(tenant));
    Change::new(Chain::Tenant(tenant.clone()), happening)
}

struct Bench {
    vault: Vault,
    of: ProfileKey,
}

impl Bench {
    async fn new(auth: Option<Auth>) -> Self {
        let key = KeyEncryptionKey::from_bytes(std::array::from_fn(|at| (at * at) as u8)).unwrap();
        let options = StoreOptions { place: Place::Memory, key };
        let store = Store::open(options, &Counting(AtomicU8::new(0))).unwrap();
        let of = ProfileKey { tenant: "acme".parse().unwrap(), profile: "stripe".parse().unwrap() };
        let connector =
            ConnectorRef { name: "stripe".parse().unwrap(), version: semver::Version::new(1, 0, 0) };
        let profile =
            Profile::new(of.profile.clone(), connector, serde_json::json!({}), auth, Timestamp::from_ms(0));
        let profile = Profile { credential_set: true, ..profile };
        let mut commit = change(&of.tenant);
        commit.put_profile(&of.tenant, &profile, Expect::Absent);
        store.commit(commit).await.unwrap();
        let vault = Vault::new(store, Arc::new(Stopped), Arc::new(Counting(AtomicU8::new(0))));
        Self { vault, of }
    }

    async fn seal(&self, name: &SecretName, purpose: Purpose, secret: impl Into<Vec<u8>>) {
        let seal = Seal {
            tenant: &self.of.tenant,
            profile: &self.of.profile,
            name,
            purpose,
            bound: &BTreeSet::from([bound()]),
            secret: &Secret::new(secret),
            now: Timestamp::from_ms(0),
        };
        let mut commit = change(&self.of.tenant);
        self.vault.store.seal_secret(&mut commit, &seal, &Counting(AtomicU8::new(0))).unwrap();
        self.vault.store.commit(commit).await.unwrap();
    }
}

/// What a bare GET of the origin is given.
async fn credential(
    vault: &Vault,
    of: &ProfileKey,
    origin: &Origin,
) -> Result<Option<Credential>, CredentialError> {
    let url = origin.to_string().parse().unwrap();
    let request = Outgoing { method: Method::Get, url: &url, origin, headers: &[], body: &[] };
    vault.credential(of, request).await
}

fn bound() -> Origin {
    "https://api.stripe.com".parse().unwrap()
}

fn bearer() -> Option<Auth> {
    Some(Auth { scheme: AuthScheme::Bearer, user: None })
}

#[tokio::test]
async fn a_credential_goes_to_its_hosts_and_to_no_other() {
    let bench = Bench::new(bearer()).await;
    bench.seal(&SecretName::credential(), Purpose::Credential, "sk_test_1234").await;
    let given = credential(&bench.vault, &bench.of, &bound()).await.unwrap().unwrap();
    assert_eq!(given.placed[0].place, CredentialPlace::Header("authorization".to_owned()));
    assert_eq!(given.placed[0].value.expose(), b"Bearer sk_test_1234");
    for other in [
        "https://api.stripe.com:8443",
        "http://api.stripe.com",
        "https://stripe.com",
        "https://api.stripe.com.evil.example",
    ] {
        let other = other.parse().unwrap();
        assert_eq!(credential(&bench.vault, &bench.of, &other).await.unwrap(), None, "{other}");
    }
}

#[tokio::test]
async fn another_profile_or_tenant_has_nothing() {
    let bench = Bench::new(bearer()).await;
    bench.seal(&SecretName::credential(), Purpose::Credential, "sk_test_1234").await;
    for of in [
        ProfileKey { tenant: "acme".parse().unwrap(), profile: "other".parse().unwrap() },
        ProfileKey { tenant: "acme-2".parse().unwrap(), profile: "stripe".parse().unwrap() },
    ] {
        assert_eq!(credential(&bench.vault, &of, &bound()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_profile_without_a_scheme_needs_no_credential_and_one_with_a_scheme_says_that_it_is_missing() {
    let open = Bench::new(None).await;
    assert_eq!(credential(&open.vault, &open.of, &bound()).await.unwrap(), None);
    let bench = Bench::new(bearer()).await;
    let missing = credential(&bench.vault, &bench.of, &bound()).await.unwrap_err();
    assert_eq!(missing, CredentialError::Missing(SecretName::credential()));
}

#[tokio::test]
async fn a_credential_that_its_scheme_cannot_carry_is_refused_without_showing_it() {
    let bench = Bench::new(bearer()).await;
    bench.seal(&SecretName::credential(), Purpose::Credential, "sk_test\r\nX-Evil: 1").await;
    let refused = credential(&bench.vault, &bench.of, &bound()).await.unwrap_err();
    assert_eq!(refused, CredentialError::Unusable(SecretName::credential()));
    assert!(!format!("{refused:?} {refused}").contains("sk_test"));
}

#[tokio::test]
async fn a_handle_signs_and_the_credential_never_does() {
    let bench = Bench::new(bearer()).await;
    let handle: SecretName = "signing_key".parse().unwrap();
    bench.seal(&handle, Purpose::Handle, "Jefe").await;
    bench.seal(&SecretName::credential(), Purpose::Credential, "sk_test_1234").await;
    let vault = &bench.vault;

    assert!(vault.holds(&bench.of, &handle).await.unwrap());
    let digest = vault.hmac(&bench.of, &handle, HmacAlgorithm::Sha256, b"what do ya want for nothing?").await;
    assert_eq!(digest.unwrap()[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    assert_eq!(vault.fingerprint(&bench.of, &handle).await.unwrap().len(), 16);

    for name in [SecretName::credential(), "unknown".parse().unwrap()] {
        assert!(!vault.holds(&bench.of, &name).await.unwrap());
        let missing = CredentialError::Missing(name.clone());
        let signed = vault.hmac(&bench.of, &name, HmacAlgorithm::Sha512, b"data").await;
        assert_eq!(signed.unwrap_err(), missing);
        assert_eq!(vault.fingerprint(&bench.of, &name).await.unwrap_err(), missing);
    }
}

#[tokio::test]
async fn a_row_that_was_put_back_or_changed_is_named_to_whoever_can_mend_it() {
    let bench = Bench::new(bearer()).await;
    let name = SecretName::credential();
    let (profile, shown) = ("stripe".to_owned(), name.to_string());
    for (error, code) in [
        (
            StoreError::SecretRolledBack { profile: profile.clone(), name: shown.clone() },
            "secret_rolled_back",
        ),
        (StoreError::SecretDamaged { profile, name: shown }, "secret_damaged"),
    ] {
        let tampered = unopened(&bench.of, &name, &error);
        assert_eq!(tampered, CredentialError::Tampered { name: name.clone(), code });
        assert!(tampered.to_string().contains(code), "{tampered}");
    }
}
