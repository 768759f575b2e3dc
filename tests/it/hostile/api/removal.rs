//! Removing goes from the top down, leaves nothing that points into the void, and no secret without an owner.

use std::time::Duration;

use lockgate::domain::token::Role;
use serde_json::json;

use super::gate::{Gate, a_flow};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_use_stays_until_its_user_is_gone() {
    let gate = Gate::new().await;
    let owner = Some(gate.owner.as_str());
    assert_eq!(gate.flow("deals").await.status, 201);
    let version = "/v1/connectors/prober/versions/0.1.0";
    for path in [version, "/v1/profiles/probe"] {
        let refused = gate.ask("DELETE", path, owner, None).await;
        assert_eq!((refused.status, refused.code()), (409, "in_use"), "{path}: {}", refused.body);
    }
    let secrets = format!("{:?}", gate.probed.tenant.secret_names(&"probe".parse().unwrap()).unwrap());
    assert!(secrets.contains("credential"));
    for path in ["/v1/flows/deals", "/v1/profiles/probe", version] {
        assert_eq!(gate.ask("DELETE", path, owner, None).await.status, 204, "{path}");
        assert_eq!(gate.ask("DELETE", path, owner, None).await.status, 404, "{path}");
    }
    let quotas = gate.ask("GET", "/v1/quotas", owner, None).await;
    for item in quotas.body["items"].as_array().unwrap() {
        let left = if item["quota"] == "tokens" { 1 } else { 0 };
        assert_eq!(item["held"], left, "an orphan: {item}");
    }
    // A profile made again under the name finds nothing of the old one.
    assert_eq!(gate.upload(&gate.owner, lockgate_tests::guests::PROBER.to_vec()).await.status, 201);
    let again = json!({ "name": "probe", "connector": "prober", "auth": { "kind": "bearer" },
        "config": { "api_base": gate.probed.echo.url } });
    let again = gate.ask("POST", "/v1/profiles", owner, Some(&again)).await;
    assert_eq!((again.status, &again.body["credential_set"]), (201, &json!(false)));
    assert_eq!(again.body["secrets"], json!([{ "name": "signing", "set": false }]), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_with_an_open_run_stays_and_afterwards_its_history_does() {
    let gate = Gate::new().await;
    let owner = Some(gate.owner.as_str());
    assert_eq!(gate.flow("deals").await.status, 201);
    let run = gate.ask("POST", "/v1/flows/deals/runs", owner, None).await;
    let id = run.body["id"].as_str().unwrap().to_owned();
    let mut refusals = 0;
    let removed = async {
        loop {
            let answer = gate.ask("DELETE", "/v1/flows/deals", owner, None).await;
            if answer.status == 204 {
                break;
            }
            assert_eq!((answer.status, answer.code()), (409, "in_use"), "{}", answer.body);
            refusals += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), removed).await.expect("the run ends");
    let run = gate.ask("GET", &format!("/v1/runs/{id}"), owner, None).await;
    assert_eq!(run.status, 200, "its history is gone");
    assert!(!["queued", "running"].contains(&run.body["status"].as_str().unwrap()), "{}", run.body);
    assert_eq!(gate.ask("POST", "/v1/flows/deals/runs", owner, None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_removal_and_a_use_at_the_same_moment_leave_nothing_that_leads_nowhere() {
    let gate = Gate::new().await;
    let owner = Some(gate.owner.as_str());
    for round in 0..10 {
        let name = format!("p-{round}");
        let profile = json!({ "name": name, "connector": "prober", "auth": { "kind": "bearer" },
            "config": { "api_base": "https://a.example" } });
        assert_eq!(gate.ask("POST", "/v1/profiles", owner, Some(&profile)).await.status, 201);
        let flow = a_flow(&format!("f-{round}"), &name);
        let (path, secret) = (format!("/v1/profiles/{name}"), json!({ "value": "late-secret" }));
        let credential = format!("{path}/credential");
        let (removed, made, set) = tokio::join!(
            gate.ask("DELETE", &path, owner, None),
            gate.ask("POST", "/v1/flows", owner, Some(&flow)),
            gate.ask("PUT", &credential, owner, Some(&secret)),
        );
        assert!(removed.status == 204 || removed.code() == "in_use", "{}", removed.body);
        assert!(set.status < 500 && made.status < 500, "{} {}", set.body, made.body);
        let gone = gate.ask("GET", &path, owner, None).await.status == 404;
        assert_eq!(gone, removed.status == 204);
        assert!(!(gone && made.status == 201), "a flow through a profile that is gone");
    }
    let profiles = gate.ask("GET", "/v1/profiles", owner, None).await;
    let with_credential = profiles.body["items"].as_array().unwrap().len() as u64;
    let quotas = gate.ask("GET", "/v1/quotas", owner, None).await;
    let secrets =
        quotas.body["items"].as_array().unwrap().iter().find(|item| item["quota"] == "secrets").unwrap();
    assert!(secrets["held"].as_u64().unwrap() <= with_credential, "a secret outlived its profile: {secrets}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_another_tenant_has_too_stay_when_one_removes_its_own() {
    let gate = Gate::new().await;
    let other = gate.token("globex", Role::Owner, None).await;
    let probe = lockgate_tests::guests::PROBER.to_vec();
    assert_eq!(gate.upload(&other, probe).await.status, 201);
    let version = "/v1/connectors/prober/versions/0.1.0";
    assert_eq!(gate.ask("DELETE", version, Some(&other), None).await.status, 204);
    let inputs = json!({ "inputs": [{}] });
    let path = "/v1/profiles/probe/actions/count";
    let called = gate.ask("POST", path, Some(&gate.owner), Some(&inputs)).await;
    assert_eq!(called.status, 200, "{}", called.body);
}
