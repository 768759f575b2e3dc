//! Released versions of the contract: a component of each keeps running, whatever the SDK has become.

use std::collections::BTreeSet;

use lockgate::domain::Secret;
use lockgate::domain::call::{Inbound, Input};
use lockgate::{AuthChoice, NewProfile, Tenant};
use lockgate_tests::guests;
use serde_json::{Value, json};

use crate::harness::{self, Echo};

async fn asked(tenant: &Tenant, action: &str, input: Value) -> Result<Value, String> {
    let called = tenant.call(&"old".parse().unwrap(), action, vec![input], None).await;
    let results = called.unwrap_or_else(|error| panic!("{action}: {error}")).results;
    results.into_iter().next().unwrap().map_err(|error| format!("{error:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_of_the_contract_0_1_0_uses_every_function_as_it_did_then() {
    let echo = Echo::start().await;
    let host = harness::reaching(&[&echo.url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::CONTRACT_0_1_0.to_vec()).await.unwrap();
    let name: lockgate::domain::ProfileName = "old".parse().unwrap();
    let new = NewProfile {
        name: name.clone(),
        connector: "contract-0-1-0".parse().unwrap(),
        version: None,
        config: json!({ "api_base": echo.url }),
        auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    };
    let profile = tenant.create_profile(new).await.unwrap();
    tenant.set_credential(&name, Secret::new("a-token-of-then")).await.unwrap();
    tenant.set_secret(&name, &"signing".parse().unwrap(), Secret::new("a-secret-of-then")).await.unwrap();
    let hosts = tenant.requested_hosts(&profile).unwrap();
    tenant.grant(&name, &hosts, &BTreeSet::from(["things:read".parse().unwrap()])).await.unwrap();

    assert_eq!(asked(&tenant, "send", json!({})).await.unwrap()["status"], 200);
    assert_eq!(asked(&tenant, "send_all", json!({})).await.unwrap(), json!([200, 200]));
    assert!(echo.heads().iter().all(|head| head.contains("Bearer a-token-of-then")), "{:?}", echo.heads());
    let settings = asked(&tenant, "settings", json!({})).await.unwrap();
    assert_eq!(settings, json!({"config": {"api_base": echo.url}, "scopes": 1}));
    assert_eq!(asked(&tenant, "secret", json!({})).await.unwrap(), json!({"tag": 32, "print": 16}));
    for (case, name) in [
        ("invalid", "Invalid"),
        ("auth-required", "AuthRequired"),
        ("not-found", "NotFound"),
        ("conflict", "Conflict"),
        ("rate-limited", "RateLimited"),
        ("transient", "Transient"),
        ("ambiguous", "Ambiguous"),
        ("permanent", "Permanent"),
    ] {
        // As a rehearsal: a profile whose credential was refused is not called again at once.
        let input = Input { key: "1".to_owned(), body: json!(case).to_string() };
        let failed =
            tenant.rehearse_run(&profile.name, "fail", &[input]).await.unwrap().outcome.unwrap().remove(0);
        let failed = format!("{:?}", failed.unwrap_err());
        assert!(failed.starts_with(name), "{case}: {failed}");
    }
    let checked = tenant.rehearse_check(&name).await.unwrap();
    assert_eq!(checked.outcome.unwrap(), Ok(()));
    let first = tenant.rehearse_poll(&name, "things", None).await.unwrap().outcome.unwrap().unwrap();
    assert_eq!((first.records[0].key.as_str(), first.more), ("things/1", true));
    let second = tenant.rehearse_poll(&name, "things", Some("1")).await.unwrap().outcome.unwrap().unwrap();
    assert_eq!((second.records[0].key.as_str(), second.more), ("things/2", false));
    let event = Inbound { headers: vec![("a".to_owned(), b"b".to_vec())], body: b"{\"a\":1}".to_vec() };
    let received = tenant.rehearse_receive(&name, "told", event).await.unwrap().outcome.unwrap().unwrap();
    assert_eq!(received[0].key, "told/1");
}
