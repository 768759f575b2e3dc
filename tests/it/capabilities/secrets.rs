//! The `secrets` interface: handles to what the profile holds.

use lockgate::domain::Secret;
use serde_json::json;

use crate::harness::Probed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fingerprint_changes_with_the_secret_and_is_all_there_is_to_see() {
    let probed = Probed::new().await;
    let (profile, name) = ("probe".parse().unwrap(), "signing".parse().unwrap());
    let mut fingerprints = Vec::new();
    for secret in ["first-secret-value", "second-secret-value"] {
        probed.tenant.set_secret(&profile, &name, Secret::new(secret)).await.unwrap();
        let seen = probed.ask("open", json!({ "secret": "signing" })).await;
        let fingerprint = seen["fingerprint"].as_str().unwrap().to_owned();
        assert_eq!(fingerprint.len(), 16);
        assert!(!secret.contains(&fingerprint));
        fingerprints.push(fingerprint);
    }
    assert_ne!(fingerprints[0], fingerprints[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_the_manifest_does_not_declare_cannot_be_set() {
    let probed = Probed::new().await;
    let (profile, name) = ("probe".parse().unwrap(), "undeclared".parse().unwrap());
    let refused = probed.tenant.set_secret(&profile, &name, Secret::new("value")).await.unwrap_err();
    assert_eq!(refused.code, "secret_not_declared");
    assert_eq!(probed.tenant.secret_names(&profile).unwrap().len(), 1, "only the credential is there");
}
